"""What the Dockerfile copies, installs and starts is there; no daemon is needed to see that."""

from __future__ import annotations

import json
import re
import tomllib
from fnmatch import fnmatch
from importlib.metadata import entry_points
from pathlib import Path

import pytest

from casebook.cli.program import program
from casebook.config.paths import CONF_VARIABLE

ROOT = Path(__file__).parents[1]
PROJECT = tomllib.loads((ROOT / "pyproject.toml").read_text())["project"]
# A line that ends with a backslash goes on in the next one.
DOCKERFILE = (ROOT / "Dockerfile").read_text().replace("\\\n", "")
INSTRUCTIONS = [tuple(line.split(maxsplit=1)) for line in DOCKERFILE.splitlines() if line and line[0] != "#"]
COPIED = [
    source
    for name, rest in INSTRUCTIONS
    if name == "COPY" and not rest.startswith("--from")
    for source in rest.split()[:-1]
]
# What `kedro package` makes.
PACKAGED = {
    f"dist/{PROJECT['name']}-{PROJECT['version']}-py3-none-any.whl",
    f"dist/conf-{PROJECT['name']}.tar.gz",
}


def value_of(instruction: str) -> str:
    """Give what stands behind the last instruction of a name."""
    return [rest for name, rest in INSTRUCTIONS if name == instruction][-1]


@pytest.mark.parametrize("source", COPIED)
def test_what_is_copied_is_in_the_project_or_made_by_kedro_package(source: str) -> None:
    assert (ROOT / source).is_file() or any(fnmatch(made, source) for made in PACKAGED)


@pytest.mark.parametrize("source", COPIED)
def test_what_is_copied_and_nothing_else_reaches_the_daemon(source: str) -> None:
    ignored = [line for line in (ROOT / ".dockerignore").read_text().splitlines() if not line.startswith("#")]
    assert ignored[0] == "*"
    assert sorted(ignored[1:]) == sorted(f"!{copied}" for copied in COPIED)
    assert f"!{source}" in ignored


def test_the_extras_that_it_installs_exist() -> None:
    named = re.findall(r"--extra (\w+)", DOCKERFILE)
    assert named
    assert set(named) <= set(PROJECT["optional-dependencies"])


def test_it_starts_a_program_of_the_wheel_by_a_user_who_may_not_write_to_it() -> None:
    (started,) = json.loads(value_of("ENTRYPOINT"))
    assert started in PROJECT["scripts"]
    (installed,) = entry_points(group="console_scripts", name=started)
    assert installed.load() is program
    assert value_of("USER").split(":")[0] not in {"0", "root"}


def test_the_commands_that_its_head_shows_exist() -> None:
    shown = re.findall(r"^#.* casebook (\w+)", (ROOT / "Dockerfile").read_text(), re.M)
    assert shown == ["run", "serve"]
    assert set(shown) <= set(program.commands)


def test_the_configuration_is_found_where_it_was_unpacked() -> None:
    (place,) = re.findall(r"--file conf-casebook.tar.gz --directory (\S+)", DOCKERFILE)
    settings = dict(word.split("=", 1) for word in value_of("ENV").split())
    assert settings[CONF_VARIABLE] == f"{place}/conf"
    assert settings["KEDRO_LOGGING_CONFIG"] == f"{place}/conf/logging.yml"
    assert (ROOT / "conf" / "logging.yml").is_file()


def test_it_names_no_registry() -> None:
    assert "://" not in DOCKERFILE
    assert [rest for name, rest in INSTRUCTIONS if name == "FROM" and "/" in rest] == []
