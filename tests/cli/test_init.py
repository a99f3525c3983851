"""`casebook init`: what it writes, prints and refuses."""

from __future__ import annotations

from typing import TYPE_CHECKING

import pytest
import yaml
from tests.schema_inference.tables import churn, write_csv

if TYPE_CHECKING:
    from collections.abc import Callable
    from pathlib import Path

    from click.testing import Result


@pytest.fixture
def project(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """An empty project with a table in it, which is the current folder."""
    (tmp_path / "pyproject.toml").write_text('[tool.kedro]\npackage_name = "casebook"\n')
    write_csv(tmp_path / "shop.csv", churn())
    monkeypatch.chdir(tmp_path)
    monkeypatch.delenv("CASEBOOK_CONF", raising=False)
    return tmp_path


def test_a_case_is_written_and_shown(casebook: Callable[..., Result], project: Path) -> None:
    result = casebook("init", "shop.csv", "--target", "left")
    place = project / "conf" / "base" / "shop" / "parameters.yml"
    assert result.exit_code == 0
    assert yaml.safe_load(place.read_text())["shop"]["data"]["tables"] == {"shop": {"file": "shop.csv"}}
    assert "customer_id" in result.output
    assert result.output.endswith(f"\n{place} is written: read it, then kedro run --pipeline=shop\n")


def test_name_environment_and_wishes_are_taken(casebook: Callable[..., Result], project: Path) -> None:
    words = ["--name", "churn_2", "--env", "local", "--group", "plan", "--task", "binary"]
    result = casebook("init", "shop.csv", "--target", "left", *words)
    assert result.exit_code == 0, result.output
    tree = yaml.safe_load((project / "conf" / "local" / "churn_2" / "parameters.yml").read_text())["churn_2"]
    assert tree["split"] == {"strategy": "group"}
    assert (
        "# Written by `casebook init shop.csv --target left --name churn_2`"
        in (project / "conf" / "local" / "churn_2" / "parameters.yml").read_text()
    )


def test_what_is_there_stays_without_force(casebook: Callable[..., Result], project: Path) -> None:
    place = project / "conf" / "base" / "shop" / "parameters.yml"
    place.parent.mkdir(parents=True)
    place.write_text("mine")
    result = casebook("init", "shop.csv", "--target", "left")
    told = f"Error: {place} is there already; give --force to replace it, or another --name\n"
    assert (result.exit_code, result.output, place.read_text()) == (1, told, "mine")
    assert casebook("init", "shop.csv", "--target", "left", "--force").exit_code == 0
    assert place.read_text() != "mine"


@pytest.mark.parametrize(
    ("words", "told"),
    [
        (["shop.csv", "--target", "lefd"], "Error: shop.csv has no column 'lefd' for the target (did you mean left?)"),
        (["gone.csv", "--target", "left"], "Error: there is no file gone.csv\n"),
        (["shop.csv", "--target", "left", "--name", "redhat"], "Error: redhat is a case of this project; give another"),
        (["pyproject.toml", "--target", "left", "--name", "x"], "Error: pyproject.toml is no table"),
    ],
)
def test_faults_are_told_in_one_line_and_nothing_is_written(
    casebook: Callable[..., Result], project: Path, words: list[str], told: str
) -> None:
    result = casebook("init", *words)
    assert (result.exit_code, result.output[: len(told)], result.output.count("\n")) == (1, told, 1)
    assert not (project / "conf").exists()
