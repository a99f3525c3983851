import contextlib
import json
import sys
from pathlib import Path

import numpy as np
import pandas as pd
import psutil
import pytest

from comparison import MET, MISSED, QUANTITIES, compare
from comparison_peers import count_wins, group_rows, mean_ranks, median_ratio
from parts_peers import OtherRowsError, check_same_rows, export_rows, score_test
from peer_ledger import CASEBOOK, FAILED, OK, OVER_LIMIT, Cell, append_row, list_comparable, list_pending, read_ledger
from peers.fit_peer import expand_dates, load_rows, spread_classes
from processes import Measurement, TimeLimitError, measure_command
from results import render_results
from results_page import keep_unmeasured

DATE = "2026-11-30 01:00 UTC"
PLACE = {"command": "make bench-peers", "processor": "2 cores"}


def row(
    table: str, who: str, score: float = 0.5, fit: float = 1.0, seed: int = 1, **other: object
) -> dict[str, object]:
    metric = "rmse" if table == "ames" else "log_loss"
    found: dict[str, object] = {"table": table, "seed": seed, "who": who, "status": OK, "rows": "a", "date": DATE}
    found |= {"load": "2.0", "commit": "abc", "limit_seconds": 60.0, "scores": {metric: score}, "fit_seconds": fit}
    found |= {"fit_cpu_seconds": 2 * fit, "peak_bytes": 1e9 * fit, "baseline": {metric: 1.0}, "counts": {"train": 7}}
    return found | other


def rows() -> list[dict[str, object]]:
    return [
        row("credit", CASEBOOK, 0.4, 2.0), row("credit", "TabM_D", 0.5, 20.0),
        row("credit", "CatBoost", 0.4, 4.0, versions={"lightgbm": "4.7.0"}),
        row("ames", CASEBOOK, 30, 4.0), row("ames", "TabM_D", 20, 32.0),
        row("ames", "CatBoost", status=FAILED, note="bad"),
        row("taxi", CASEBOOK, 0.3), row("taxi", "TabM_D", status=OVER_LIMIT, note="over 60 s"),
    ]  # fmt: skip


def test_ranks_are_means_over_the_tables_on_which_all_have_a_row() -> None:
    # credit: casebook and CatBoost share 1.5; ames: TabM_D, casebook, then CatBoost, which failed; taxi lacks CatBoost.
    assert mean_ranks(group_rows(rows())) == {CASEBOOK: 1.75, "TabM_D": 2.0, "CatBoost": 2.25}
    assert mean_ranks(group_rows(rows()[-2:])) == {CASEBOOK: 1.0, "TabM_D": 2.0}
    assert mean_ranks({}) == {}


def test_a_seed_counts_that_all_have() -> None:
    second = row("credit", CASEBOOK, 0.9, seed=2)
    assert mean_ranks(group_rows([*rows(), second]))[CASEBOOK] == 1.75
    both = [second, row("credit", "TabM_D", 0.1, seed=2), row("credit", "CatBoost", 0.1, seed=2)]
    assert mean_ranks(group_rows([*rows(), *both]))[CASEBOOK] == 2.5


def test_wins_are_over_peers_that_have_a_score() -> None:
    tables = group_rows(rows())
    assert count_wins(tables, "TabM_D") == (1, 2)
    # An equal score is no win, and neither is one over a peer that failed.
    assert count_wins(tables, "CatBoost") == (0, 1)


def test_ratios_are_medians_of_tables_and_the_limit_stands_for_who_was_ended() -> None:
    tables = group_rows(rows())
    assert median_ratio(tables, "TabM_D", "fit_seconds") == 10.0  # of 10, 8 and 60
    assert median_ratio(tables, "TabM_D", "fit_cpu_seconds") == 10.0  # of 10, 8 and 60
    assert median_ratio(tables, "TabM_D", "peak_bytes") == 9.0  # of 10 and 8
    assert median_ratio(tables, "AutoGluon", "fit_seconds") is None


def test_the_figures_of_peers_are_held_to_their_limits(tmp_path: Path) -> None:
    parts = {"peers": {"date": DATE, "load": "2.0", "figures": {"rows": rows(), "place": PLACE}}}
    found = {q.what: compare(q, parts) for q in QUANTITIES if "peers" in q.parts}
    ranks, wins, real, tabm, memory = found.values()
    assert (ranks.reference, ranks.casebook, ranks.verdict) == ("TabM_D 2.00", "1.75 of 3 on 2 tables", MET)
    assert (wins.casebook, wins.measured, wins.verdict) == ("TabM_D 1 of 2, CatBoost 0 of 1", "0.00", MISSED)
    assert (real.measured, real.verdict) == ("never", MISSED)
    assert (tabm.measured, tabm.verdict) == ("10.00 times fewer", MET)
    assert memory.casebook == "of TabM_D's 0.11"
    alone = {"peers": {"date": DATE, "load": "2.0", "figures": {"rows": rows()[:1], "place": PLACE}}}
    unknown = [compare(q, alone) for q in QUANTITIES if "peers" in q.parts]
    assert [each.measured for each in unknown] == ["never"] * 5
    assert [each.casebook for each in unknown[2:]] == ["no rows yet"] * 3
    page = tmp_path / "results.md"
    page.write_text(render_results(list(found.values()), parts, "make bench-peers", "3 tables", {}))
    text = page.read_text()
    assert "| TabM_D | 2.00 | 1 of 2 | 10.00 | 10.00 | 9.00 | 1 of 3 |" in text
    assert "| CatBoost | seed 1: bad | 3 | - | - | - | - | 2026-11-30, abc |" in text
    assert "| baseline | 1 | - |" in text
    assert "`make bench-peers` on 2 cores: lightgbm 4.7.0." in text
    other = render_results([compare(quantity, {}) for quantity in QUANTITIES], {}, "make bench", "2 people", {})
    assert text.split("## Peers")[1].split("## Method")[0] in keep_unmeasured(other, page)


def test_a_measuring_goes_on_after_a_kill(tmp_path: Path) -> None:
    ledger, wanted, peers = tmp_path / "rows.jsonl", [("credit", 1), ("ames", 1)], ["LightGBM", "TabM_D"]
    start = list_pending(read_ledger(ledger), wanted, peers, 60.0)
    assert [cell.who for cell in start] == [CASEBOOK, "LightGBM", "TabM_D", CASEBOOK, "TabM_D", "LightGBM"]
    append_row(ledger, row("credit", CASEBOOK))
    append_row(ledger, row("credit", "LightGBM", status=OVER_LIMIT))
    with ledger.open("a") as file:
        file.write('{"table": "credit", "se')
    left = list_pending(read_ledger(ledger), wanted, peers, 60.0, exported={("credit", 1)})
    assert left[0] == Cell("credit", 1, "TabM_D")
    append_row(ledger, row("credit", "TabM_D"))
    assert list_pending(read_ledger(ledger), wanted[:1], peers, 60.0) == []
    # More time than it had.
    longer = list_pending(read_ledger(ledger), wanted[:1], peers, 90.0, exported={("credit", 1)})
    assert longer == [Cell("credit", 1, "LightGBM")]


def test_a_peer_on_other_test_rows_is_measured_anew_and_not_shown() -> None:
    ledger = {Cell("credit", 1, who): row("credit", who) for who in (CASEBOOK, "TabM_D")}
    ledger[Cell("credit", 1, CASEBOOK)]["rows"] = "b"
    assert [each["who"] for each in list_comparable(ledger)] == [CASEBOOK]
    assert list_pending(ledger, [("credit", 1)], ["TabM_D"], 60.0, {("credit", 1)}) == [Cell("credit", 1, "TabM_D")]
    # Without the exported rows casebook runs first.
    assert list_pending(ledger, [("credit", 1)], ["TabM_D"], 60.0)[0] == Cell("credit", 1, CASEBOOK)


def test_again_measures_rows_of_another_commit() -> None:
    ledger = {Cell("credit", 1, who): row("credit", who) for who in (CASEBOOK, "TabM_D")}
    again = {"exported": {("credit", 1)}, "again": [CASEBOOK]}
    assert list_pending(ledger, [("credit", 1)], ["TabM_D"], 60.0, commit="abc", **again) == []
    assert list_pending(ledger, [("credit", 1)], ["TabM_D"], 60.0, commit="def", **again) == [
        Cell("credit", 1, CASEBOOK)
    ]


def test_a_casebook_that_failed_stops_its_peers_until_the_code_changes() -> None:
    ledger = {Cell("credit", 1, CASEBOOK): row("credit", CASEBOOK, status=FAILED, note="bad")}
    assert list_pending(ledger, [("credit", 1)], ["TabM_D"], 60.0, commit="abc") == []
    assert len(list_pending(ledger, [("credit", 1)], ["TabM_D"], 60.0, commit="def")) == 2


@pytest.fixture
def run_folder(tmp_path: Path) -> Path:
    rows = pd.DataFrame(
        {
            "sold": pd.to_datetime(["2020-01-01", "2020-01-02", None, "2020-01-04", "2020-01-05", None]),
            "code": pd.Categorical(["1", "2", None, "1", "1", "2"]),
            "old": [True, False, True, True, False, True],
            "closed": [1, 2, 3, 4, 5, 6],
            "y": [0, 1, 1, 0, 1, 0],
        }
    )
    for folder in ("03_primary", "05_model_input"):
        (tmp_path / "run" / folder).mkdir(parents=True)
    rows.to_parquet(tmp_path / "run/03_primary/joined_rows.parquet")
    rows[["code", "sold", "old"]].head(1).to_parquet(tmp_path / "run/03_primary/example_rows.parquet")
    part = pd.DataFrame({"part": np.array([1, 2, 1, 8, 4, 4], dtype=np.uint8)})
    part.to_parquet(tmp_path / "run/05_model_input/split_assignment.parquet")
    return tmp_path / "run"


def test_peers_get_the_columns_of_the_model_and_no_target_of_a_test_row(run_folder: Path, tmp_path: Path) -> None:
    rows = tmp_path / "rows"
    fingerprint = export_rows(run_folder, "y", "binary", rows)
    test, fitting = pd.read_parquet(rows / "test.parquet"), pd.read_parquet(rows / "fitting.parquet")
    assert list(test) == ["column_0", "column_1", "column_2"]
    assert (test["column_0"].tolist(), test["column_2"].tolist()) == (["1", "2"], [0.0, 1.0])
    # The row that is held back for promotion is nobody's.
    assert fitting["casebook_part"].tolist() == ["train", "validation", "train"]
    assert fitting["casebook_target"].tolist() == [0, 1, 1]
    assert fitting["column_0"].isna().tolist() == [False, False, True]
    assert json.loads((rows / "about.json").read_text()) == {"task": "binary", "classes": 2}
    assert export_rows(run_folder, "y", "binary", rows) == fingerprint
    part = pd.DataFrame({"part": np.array([1, 2, 4, 8, 1, 4], dtype=np.uint8)})
    part.to_parquet(run_folder / "05_model_input/split_assignment.parquet")
    assert export_rows(run_folder, "y", "binary", rows) != fingerprint


def test_rows_on_which_the_baseline_is_another_are_refused(run_folder: Path, tmp_path: Path) -> None:
    export_rows(run_folder, "y", "binary", tmp_path / "rows")
    # Half of the training rows are of class 1, so that any row costs log 2.
    check_same_rows(tmp_path / "rows", "binary", {"log_loss": np.log(2)})
    with pytest.raises(OtherRowsError, match=r"log_loss is 0\.69"):
        check_same_rows(tmp_path / "rows", "binary", {"log_loss": 0.7})


def test_predictions_of_peers_are_scored_as_casebooks_own(run_folder: Path, tmp_path: Path) -> None:
    export_rows(run_folder, "closed", "regression", tmp_path / "rows")
    assert score_test(tmp_path / "rows", np.array([2.0, 3.0])) == {"rmse": 3.0, "mae": 3.0}


def test_a_peer_reads_texts_numbers_and_dates(run_folder: Path, tmp_path: Path) -> None:
    export_rows(run_folder, "y", "binary", tmp_path / "rows")
    rows = load_rows(tmp_path / "rows", "binary")
    assert (rows.train_target.tolist(), rows.validation_target.tolist()) == ([0, 1], [1])
    assert rows.train["column_0"].tolist() == ["1", None]
    dates = expand_dates(rows.train)
    assert list(dates) == [
        "column_0",
        "column_1",
        *(f"column_1.{field}" for field in ("year", "month", "day", "day_of_week", "hour")),
        "column_2",
    ]
    assert dates.iloc[0, 1:].tolist() == [1_577_836_800.0, 2020.0, 1.0, 1.0, 2.0, 0.0, 1.0]
    assert dates.iloc[1, 1:7].isna().all()


def test_a_class_that_a_peer_never_saw_has_no_probability() -> None:
    assert spread_classes(np.array([[0.3, 0.7]]), np.array([0, 2]), 4).tolist() == [[0.3, 0, 0.7, 0]]


@pytest.mark.process
def test_a_command_over_its_limit_is_ended_with_its_children(tmp_path: Path) -> None:
    child = "import os; open('child', 'w').write(str(os.getpid()))\nwhile True: pass"
    script = f"import subprocess, sys; subprocess.run([sys.executable, '-c', {child!r}])"
    with pytest.raises(TimeLimitError):
        measure_command([sys.executable, "-c", script], tmp_path, {}, tmp_path / "log", limit_cpu_seconds=0.5)
    # A process that is killed stands for a moment until the system takes it off its list.
    with contextlib.suppress(psutil.NoSuchProcess):
        psutil.Process(int((tmp_path / "child").read_text())).wait(timeout=10)


def test_cpu_seconds_between_two_times_are_read_off_the_curve() -> None:
    measured = Measurement(0.0, 4.0, 8.0, 1, "", ((100.0, 0.0), (102.0, 1.0), (104.0, 5.0)))
    assert measured.cpu_between(101.0, 103.0) == 2.5
