"""Open columns of a declared case that may be leaks: found among the tables that a run has read, and said once."""

from __future__ import annotations

import logging
from typing import TYPE_CHECKING, Any

import mlflow
import numpy as np
import pandas as pd
import pytest
import yaml
from tests.cases.toy_case import declared_case

from casebook.cases.registry import load_case
from casebook.datasets import DeclaredTable, LeakSuspects
from casebook.schema_inference import check_case, checking
from casebook.stages import BACKGROUND
from casebook.stages.declared import find_leak_suspects

if TYPE_CHECKING:
    from pathlib import Path

TREE: dict[str, Any] = {
    "task": "binary",
    "target": "bad",
    "data": {
        "tables": {
            "rows": {"file": "rows.csv", "delimiter": ";", "decimal": ","},
            "cities": {"file": "cities.csv", "join_on": "city"},
        },
        "columns": {"bad": {"type": "category", "classes": ["no", "yes"]}, "number": {"role": "key"}},
    },
}


@pytest.fixture
def raw(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Any:  # noqa: ANN401
    """Write rows with two columns that tell the target, one of them by what is paid, and read them as a run does."""
    rng = np.random.default_rng(2)
    bad = rng.random(400) < 0.3
    paid = np.where(bad, 0, 10) + rng.normal(size=400)
    rows = pd.DataFrame(
        {
            "number": range(400), "city": rng.choice(["a", "b"], 400), "age": rng.integers(20, 60, 400),
            "paid": [f"{value:.2f}".replace(".", ",") for value in paid], "fee": np.where(bad, "late", "none"),
            "bad": np.where(bad, "yes", "no"),
        }
    )  # fmt: skip
    folder = tmp_path / "raw" / "loans"
    folder.mkdir(parents=True)
    rows.to_csv(folder / "rows.csv", sep=";", index=False)
    pd.DataFrame({"city": ["a", "b"], "size": [5, 9]}).to_csv(folder / "cities.csv", index=False)
    source = tmp_path / "conf"
    (source / "base" / "loans").mkdir(parents=True)
    (source / "base" / "loans" / "parameters.yml").write_text(yaml.safe_dump({"loans": TREE}, sort_keys=False))
    monkeypatch.setenv("CASEBOOK_CONF", str(source))
    with declared_case(tmp_path / "raw", "loans", TREE):
        yield [DeclaredTable("loans", table).load() for table in ("rows", "cities")]


def look(raw: list[pd.DataFrame], **leaks: str) -> dict[str, str]:
    return find_leak_suspects(TREE["data"], "bad", "binary", leaks, *raw, tables=["rows", "cities"])


def test_a_run_finds_what_check_finds_without_reading_the_files_again(raw: list[pd.DataFrame]) -> None:
    kept = [table.copy() for table in raw]
    found = look(raw)
    assert list(found) == ["paid", "fee"]
    assert "its name says 'paid'" in found["paid"]
    assert found["fee"].startswith("alone it tells the target: AUC 1.000 on held-out rows")
    assert found == {suspect.column: suspect.evidence for suspect in check_case("loans").suspects}
    for table, before in zip(raw, kept, strict=True):
        pd.testing.assert_frame_equal(table, before)


def test_a_leak_that_is_closed_is_none(raw: list[pd.DataFrame]) -> None:
    assert list(look(raw, fee="drop", paid="keep")) == ["paid"]


def test_what_is_known_when_a_prediction_is_made_is_no_suspect(raw: list[pd.DataFrame]) -> None:
    tree = {**TREE["data"], "columns": {**TREE["data"].get("columns", {}), "paid": {"known_at_prediction": True}}}
    found = find_leak_suspects(tree, TREE["target"], TREE["task"], {}, *raw, tables=["rows", "cities"])
    assert list(found) == ["fee"]


def test_of_many_rows_evenly_spaced_ones_are_looked_at(
    raw: list[pd.DataFrame], monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(checking, "MOST_ROWS", 150)
    seen: list[int] = []
    real = checking.infer_schema
    monkeypatch.setattr(
        checking, "infer_schema", lambda tables, *rest: seen.extend(map(len, tables)) or real(tables, *rest)
    )
    assert list(look(raw)) == ["paid", "fee"]
    # Every third of 400, and every city.
    assert seen == [134, 2]


def test_what_goes_wrong_stops_no_run(raw: list[pd.DataFrame], caplog: pytest.LogCaptureFixture) -> None:
    found = find_leak_suspects(TREE["data"], "worse", "binary", {}, *raw, tables=["rows", "cities"])
    assert list(found) == [""]
    assert "worse" in found[""]
    with caplog.at_level(logging.WARNING):
        LeakSuspects().save(found)
    assert caplog.messages == [f"leaks were not looked for: {found['']}"]


def test_the_warning_is_one_line_and_the_run_bears_the_columns(caplog: pytest.LogCaptureFixture) -> None:
    with mlflow.start_run() as run, caplog.at_level(logging.WARNING):
        LeakSuspects().save({"paid": "its name says 'paid'", "fee": "alone it tells the target"})
        LeakSuspects().save({})
    line = (
        "paid, fee may be known only after the target: paid: its name says 'paid'; fee: alone it tells the target; "
        "close a leak with role: leak in data.columns, or say known_at_prediction: true there"
    )
    assert caplog.messages == [line]
    assert mlflow.get_run(run.info.run_id).data.tags["leak_suspects"] == "paid, fee"


@pytest.mark.usefixtures("raw")
def test_the_node_reads_raw_tables_alone_and_runs_beside_the_training() -> None:
    node = next(node for node in load_case("loans").create_pipeline().nodes if "leaks" in node.tags)
    assert BACKGROUND in node.tags
    assert {name for name in node.inputs if not name.startswith("params:")} == {"loans.raw_rows", "loans.raw_cities"}
    assert node.outputs == ["loans.leak_suspects"]
