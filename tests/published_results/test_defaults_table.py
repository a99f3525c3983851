"""The README's table: a line a case from its runs as they come, between the two lines that mark its place."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import mlflow
import pytest

from casebook.cases.registry import CASES
from casebook.published_results.defaults_table import BEGIN, END, NoMarkersError, write_table
from casebook.published_results.plan import LedgerRow, plan_default

if TYPE_CHECKING:
    from pathlib import Path

INTERVALS: dict[str, Any] = {
    "key": {"word": "row", "count": 142, "largest": "0", "largest_share": 1 / 142},
    "metrics": [
        {"name": "accuracy", "score": 0.78, "low": 0.7, "high": 0.85},
        {
            "name": "auc", "score": 0.8611, "low": 0.8012, "high": 0.9187, "other": 0.8214, "other_low": 0.752,
            "other_high": 0.883, "gain": 0.0397, "gain_low": 0.0105, "gain_high": 0.0712,
        },
    ],
}  # fmt: skip


def log_seed(case: str, seed: int, scores: dict[str, float], intervals: dict[str, Any] = INTERVALS) -> None:
    """Log what a run of a case's default from a seed leaves."""
    mlflow.set_experiment(case)
    with mlflow.start_run():
        mlflow.set_tags({"ledger": plan_default(case).key(), "ledger.seed": str(seed)})
        mlflow.log_metrics({"data/test_rows": 142, "baseline/auc": 0.5, "baseline/accuracy": 0.6, **scores})
        if seed == 1:
            mlflow.log_dict(intervals, "report/score_intervals.json")


@pytest.fixture
def page(tmp_path: Path) -> Path:
    file = tmp_path / "README.md"
    file.write_text(f"before\n\n{BEGIN}\nold\n{END}\n\nafter\n")
    return file


def test_a_case_has_a_line_with_its_interval_its_spread_over_seeds_and_its_gain(page: Path) -> None:
    for seed, score in ((2, 0.8633), (1, 0.8611), (3, 0.8589)):
        log_seed("pima", seed, {"test/auc": score})
    write_table(page, mlflow.MlflowClient())
    lines = page.read_text().splitlines()
    assert lines[:3] == ["before", "", BEGIN]
    assert lines[-3:] == [END, "", "after"]
    score, reference, gain = "0.861 [0.80, 0.92]", "0.821 [0.75, 0.88]", "0.040 [0.01, 0.07]"
    cells = ("pima, by row: 142", "AUC", score, "0.861 ± 0.0022", "0.500", reference, gain)
    found = [line for line in lines[3:-3] if "not run yet" not in line]
    assert "| redhat | AUC | not run yet | - | - | - | - |" in lines
    assert len(lines[3:-3]) - len(found) == len(CASES) - 1
    assert found == [
        "| case, test rows | metric | network | seeds | baseline | reference | better by |",
        "| --- | --- | --- | --- | --- | --- | --- |",
        f"| {' | '.join(cells)} |",
    ]


def test_keys_are_counted_and_one_that_holds_much_is_named(page: Path) -> None:
    key = {"word": "person", "count": 12, "largest": "ppl_7", "largest_share": 0.4}
    log_seed("redhat", 1, {"test/auc": 0.9}, {**INTERVALS, "key": key})
    write_table(page, mlflow.MlflowClient())
    said = page.read_text()
    assert "| redhat, by person: 142 of 12 people | AUC | 0.861 [0.80, 0.92] | - |" in said
    assert "redhat: person ppl_7 holds 40% of the test rows." in said


def test_a_default_as_it_runs_is_another_row_than_the_ledgers_which_leaves_no_promotion_rows() -> None:
    plain, ledger = plan_default("pima"), LedgerRow("pima", "default")
    assert plain.parameters(1) == {"pima.variant": "default", "pima.training.seed": 1}
    assert ledger.parameters(1)["pima.split.promotion_share"] == 0
    assert plain.key() != ledger.key()
    assert plain.data_key() != ledger.data_key()


def test_a_page_without_its_place_is_refused_and_left_as_it_is(tmp_path: Path) -> None:
    file = tmp_path / "README.md"
    file.write_text(f"{BEGIN}\n")
    with pytest.raises(NoMarkersError, match="lacks the line"):
        write_table(file, mlflow.MlflowClient())
    assert file.read_text() == f"{BEGIN}\n"
