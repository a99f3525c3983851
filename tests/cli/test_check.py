"""`casebook check`: the tables of cases that exist."""

from __future__ import annotations

from typing import TYPE_CHECKING

import numpy as np
import pandas as pd
import pytest
import yaml
from tests.schema_inference.tables import churn, write_csv

if TYPE_CHECKING:
    from collections.abc import Callable
    from pathlib import Path

    from click.testing import Result


@pytest.fixture
def project(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """A project with a declared case whose table has a leak, and a joined table."""
    (tmp_path / "pyproject.toml").write_text('[tool.kedro]\npackage_name = "casebook"\n')
    table = churn()
    write_csv(tmp_path / "shop.csv", table | {"calls": np.where(table["left"] == "Yes", 7, 0)})
    write_csv(tmp_path / "plans.csv", {"code": ["pro", "basic"], "seats": [9, 1]})
    monkeypatch.chdir(tmp_path)
    monkeypatch.delenv("CASEBOOK_CONF", raising=False)
    return tmp_path


def declare(project: Path, case: str, tree: dict[str, object], environment: str = "base") -> None:
    place = project / "conf" / environment / case / "parameters.yml"
    place.parent.mkdir(parents=True)
    place.write_text(yaml.safe_dump({case: tree}, sort_keys=False))


def shop(**columns: object) -> dict[str, object]:
    tables = {
        "rows": {"file": "shop.csv"},
        "plans": {"file": "plans.csv", "join_on": {"plan": "code"}, "prefix": "p_", "unmatched": "missing"},
    }
    return {"task": "binary", "target": "left", "data": {"tables": tables, "columns": columns}}


def test_an_open_leak_of_a_declared_case_is_named(casebook: Callable[..., Result], project: Path) -> None:
    declare(project, "shop", shop(customer_id={"role": "key"}))
    result = casebook("check", "shop")
    assert result.exit_code == 0, result.output
    assert "Leak suspects, left open: calls." in result.output
    assert "plans is joined by plan = code" in result.output
    assert "p_seats" in result.output


def test_a_closed_leak_is_named_no_more(casebook: Callable[..., Result], project: Path) -> None:
    declare(project, "shop", shop(customer_id={"role": "key"}))
    declare(project, "shop", {"data": {"columns": {"calls": {"role": "leak"}}}}, "local")
    assert "No column is suspected as a leak." in casebook("check", "shop").output


@pytest.mark.usefixtures("project")
def test_what_init_wrote_is_checked_alike(casebook: Callable[..., Result]) -> None:
    written = casebook("init", "shop.csv", "--target", "left")
    table = written.output.partition("\n400 rows.")[0]
    assert casebook("check", "shop").output.startswith(table)
    assert "calls" in table


def test_a_case_in_python_is_checked_by_the_features_of_its_last_run(
    casebook: Callable[..., Result], project: Path
) -> None:
    declare(project, "redhat", {"task": "binary", "target": "left"})
    result = casebook("check", "redhat")
    assert (result.exit_code, "run it once, as in kedro run --pipeline=redhat" in result.output) == (1, True)
    folder = project / "data" / "runs" / "redhat" / "latest" / "04_feature"
    folder.mkdir(parents=True)
    features = pd.DataFrame(churn()).assign(left=lambda table: (table["left"] == "Yes").astype("int8"))
    features["calls"] = features["left"] * 7
    features.to_parquet(folder / "feature_table.parquet")
    assert "Leak suspects, left open: calls." in casebook("check", "redhat").output


def test_a_case_that_is_not_there_is_told_with_those_that_are(casebook: Callable[..., Result], project: Path) -> None:
    declare(project, "shop", shop())
    result = casebook("check", "shp")
    assert (result.exit_code, result.output) == (1, "Error: there is no case 'shp'; there are shop\n")


def test_a_declaration_that_is_wrong_is_told_with_its_place(casebook: Callable[..., Result], project: Path) -> None:
    declare(project, "shop", shop(calls={"role": "leek"}))
    result = casebook("check", "shop")
    assert (result.exit_code, result.output.startswith("Error: shop.data.columns.calls.role: ")) == (1, True)
