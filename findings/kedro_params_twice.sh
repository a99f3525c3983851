#!/bin/sh
# Kedro 1.7.0: `kedro run --params a=1 --params b=2` runs with b alone.
#
# Expected: both, as two `--tags` or `--nodes` lists in one option are both taken, or an error about the second one.
# Seen: the last `--params` replaces the ones before it, without a word. A value typed as `010` is 8, and `1:30` is 90
# (numbers of YAML 1.1: octal, and sexagesimal), so that a seed or a key with leading zeros is another one than typed.
# Whom it hurts: scripts that add an option to a command they were given, and whoever reads the run's results as those
# of the parameters on the command line.
# Fails when both are kept, or a number is read as it is typed.
set -eu
work=$(mktemp -d); trap 'rm -rf "$work"' EXIT
"${PYTHON:-python3}" -m venv "$work/venv"
"$work/venv/bin/pip" install --quiet --disable-pip-version-check kedro==1.7.0
"$work/venv/bin/python" - <<'PY'
from importlib.metadata import version
from kedro.framework.cli.project import run

def parse(*arguments):
    return run.make_context("run", list(arguments)).params["params"]

twice = parse("--params", "a=1", "--params", "b=2")
zeros = parse("--params", "seed=010,time=1:30")
print("kedro", version("kedro"), "- two options give", twice, "- 010 and 1:30 give", zeros)
assert twice == {"b": 2}, twice
assert zeros == {"seed": 8, "time": 90}, zeros
PY
