#!/bin/sh
# kedro-mlflow 2.0.3 with Kedro 1.7.0: its own import fails where kedro-datasets is not installed.
#
# Expected: what `pip install kedro-mlflow` installs is what it imports.
# Seen: `kedro_mlflow.mlflow` imports `kedro_datasets.pickle`, and kedro-datasets is a requirement of its extra `test`
# alone. Kedro 1.x does not bring it either, so every command of a project that has the plugin ends in
# ModuleNotFoundError.
# Whom it hurts: small images, and projects whose own datasets come from elsewhere.
# Fails when the import works.
set -eu
work=$(mktemp -d); trap 'rm -rf "$work"' EXIT
"${PYTHON:-python3}" -m venv "$work/venv"
"$work/venv/bin/pip" install --quiet --disable-pip-version-check kedro==1.7.0 kedro-mlflow==2.0.3 mlflow==3.17.2
if "$work/venv/bin/python" -c 'import kedro_mlflow.mlflow' 2> "$work/said.txt"; then echo "the import works"; exit 1; fi
tail -1 "$work/said.txt"
grep -q "No module named 'kedro_datasets'" "$work/said.txt"
