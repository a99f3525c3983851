from __future__ import annotations

import sys
import tomllib
from importlib.metadata import packages_distributions
from pathlib import Path

import pytest
from packaging.requirements import Requirement
from packaging.utils import canonicalize_name

from casebook.config.extras import EXTRAS, MissingExtraError, missing_extra, require_extra

ROOT = Path(__file__).parents[2]
DECLARED = tomllib.loads((ROOT / "pyproject.toml").read_text())["project"]["optional-dependencies"]


@pytest.mark.parametrize("extra", EXTRAS)
def test_an_extra_brings_the_modules_that_are_looked_for(extra: str) -> None:
    brought = {canonicalize_name(Requirement(requirement).name) for requirement in DECLARED[extra]}
    owners = packages_distributions()
    assert {canonicalize_name(owners[module][0]) for module in EXTRAS[extra]} == brought


def test_where_all_modules_are_there_nothing_is_missing() -> None:
    assert {extra: missing_extra(extra, "it") for extra in EXTRAS} == dict.fromkeys(EXTRAS, "")


def test_a_missing_module_is_told_with_how_to_install_it(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setitem(sys.modules, "orjson", None)
    with pytest.raises(MissingExtraError) as told:
        require_extra("serve", "serving")
    assert str(told.value) == "serving needs the extra \"serve\": pip install 'casebook[serve]'"
