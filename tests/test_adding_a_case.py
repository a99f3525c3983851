"""What the page about cases with Python of their own names is there, and its excerpts are the project's."""

from __future__ import annotations

import re
from pathlib import Path

import pytest
import yaml

from casebook.cases.declared import read_declaration
from casebook.cases.own_code import load_own
from casebook.cases.registry import PYTHON_CASES
from casebook.config.schema.table_declaration import ColumnParameters, DataParameters, TableParameters

ROOT = Path(__file__).parents[1]
PAGE = (ROOT / "docs" / "adding-a-case.md").read_text()
PLACES = sorted(set(re.findall(r"`((?:src|conf)/[^`<]+)`", PAGE)))


@pytest.mark.parametrize("place", PLACES)
def test_every_place_that_it_names_exists(place: str) -> None:
    assert (ROOT / place).exists()
    assert "src/casebook/pipelines/rossmann/features.py" in PLACES


def test_its_declaration_is_rossmanns() -> None:
    (block,) = re.findall(r"```yaml\n(.*?)```", PAGE, re.S)
    shown = DataParameters.model_validate(yaml.safe_load(block)["data"])
    data = read_declaration("rossmann").data
    assert (shown.tables, shown.new_rows, shown.undeclared) == (data.tables, data.new_rows, data.undeclared)
    assert shown.columns.items() <= data.columns.items()


def test_its_python_is_rossmanns() -> None:
    (block,) = re.findall(r"```python\n(.*?)```", PAGE, re.S)
    features = load_own("rossmann", "features")
    assert features is not None
    source = Path(str(features.__file__)).read_text()
    for line in block.splitlines():
        if line.startswith(("from", "def", "    return")) and "create" not in line:
            assert line in source
    given = {name: re.findall(r'"(\w+)"', made) for name, made in re.findall(r'"(\w+)": Feature\((.*)\),', block)}
    known = {name: [feature.function, *feature.of] for name, feature in features.FEATURES.items()}
    assert len(given) == 2
    assert given.items() <= known.items()
    assert load_own("rossmann", "pipeline") is not None


@pytest.mark.parametrize("key", ["pattern", "arrays", "given_split", "undeclared", "unique", "new_rows"])
def test_every_key_that_it_names_is_one(key: str) -> None:
    assert key in {*ColumnParameters.model_fields, *TableParameters.model_fields, *DataParameters.model_fields}
    assert f"{key}:" in PAGE or f"`{key}" in PAGE


def test_the_cases_that_it_calls_python_are_those() -> None:
    assert PYTHON_CASES == ("mnist", "imdb")
