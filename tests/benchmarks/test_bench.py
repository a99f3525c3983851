import sys
from pathlib import Path

import pytest

from comparison import (
    FAILED,
    MET,
    MISSED,
    NOT_MEASURED,
    QUANTITIES,
    MissingFigureError,
    Quantity,
    compare,
    compare_additions,
    compare_memory,
    compare_preparation,
    compare_training,
    judge,
    seconds_of,
    seconds_to_accuracy,
)
from machine import read_processor
from processes import CommandFailedError, measure_command, tail
from results import details, render_results, render_table

DATE = "2026-11-21 10:00 UTC"
STAGES = {
    "schema": 0.0,
    "start": 3.0,
    "ingestion": 2.0,
    "merging": 0.5,
    "features": 0.5,
    "splitting": 0.5,
    "preprocessing": 1.5,
    "profile": 4.0,
    "tensorflow": 4.0,
    "training": 20.0,
    "reference": 20.0,
    "evaluation": 3.0,
    "packaging": 1.0,
}
CURVE = [
    {"epoch": 1, "time": 1010.0, "accuracy": 0.90},
    {"epoch": 2, "time": 1018.0, "accuracy": 0.97},
    {"epoch": 3, "time": 1026.0, "accuracy": 0.96},
]
REFERENCE = {
    "preparation": 40.0,
    "peak_bytes": 12_100_000_000,
    "import_keras": 3.0,
    "curve": [{"epoch": 3, "seconds": 120.0, "accuracy": 0.9667, "loss": 0.0869}],
    "rows": {"train": 1582048, "validation": 175784, "test": 439459},
    "features": 183,
    "wall_seconds": 170.0,
}
CASEBOOK = {
    "stages": STAGES,
    "curve": CURVE,
    "import_keras": 4.0,
    "peak_bytes": 2_900_000_000,
    "wall_seconds": 66.0,
    "rows": REFERENCE["rows"],
    "features": 183,
}
PREPARATION = {"stages": {**dict.fromkeys(STAGES, 0.5), "start": 2.0}, "seconds": 5.0}
COMMANDS = {"kedro --help": [2.4, 2.2, 2.3], "kedro registry list": [3.4, 3.2, 3.3]}


def part(figures: dict[str, object]) -> dict[str, object]:
    return {"date": DATE, "load": "0.10", "figures": figures}


ROSSMANN_REFERENCE = {"wall_seconds": 300.0, "peak_bytes": 4.0e9, "mae": 630.0, "origin": "real files"}
ROSSMANN = {
    "wall_seconds": 110.0,
    "peak_bytes": 2.0e9,
    "stages": {"reference": 10.0},
    "scores": {"mae": 640.0},
    "origin": "real files",
}
SMALL = {
    "pima": {"wall_seconds": 20.0, "stages": {"training": 4.0}},
    "boston": {"wall_seconds": 26.0, "stages": {"training": 2.0}},
}
PARTS = {
    "rossmann_reference": part(ROSSMANN_REFERENCE),
    "rossmann": part(ROSSMANN),
    "small": part(SMALL),
    "reference": part(REFERENCE),
    "preparation": part(PREPARATION),
    "casebook": part(CASEBOOK),
    "commands": part(COMMANDS),
}


def test_a_value_at_its_limit_is_met_and_one_beyond_it_is_missed_whatever_rounding_shows() -> None:
    assert [judge(6.0, 6, True), judge(5.9999, 6, True), judge(7.0, 6, True)] == [MET, MISSED, MET]
    assert [judge(3.0, 3, False), judge(3.0001, 3, False), judge(1.0, 3, False)] == [MET, MISSED, MET]
    assert judge(None, 5, True) == MISSED


def test_preparation_is_judged_by_the_run_of_its_own_to_the_last_file() -> None:
    assert compare_preparation(REFERENCE, PREPARATION) == ("40.0 s", "5.0 s", 8.0)


def test_memory_is_given_in_decimal_gigabytes() -> None:
    assert compare_memory(REFERENCE, CASEBOOK) == ("12.1 GB", "2.90 GB", 2.9)


def test_additions_are_what_no_stage_of_work_explains() -> None:
    assert compare_additions(CASEBOOK) == ("-", "66.0 s in all", 10.0)


def test_time_to_accuracy_counts_from_the_start_of_the_stage_to_the_end_of_the_first_epoch_that_reaches_it() -> None:
    assert seconds_to_accuracy(CURVE, 0.95, 24.0) == (2, 16.0)
    assert seconds_to_accuracy(CURVE, 0.97, 24.0) == (2, 16.0)
    assert seconds_to_accuracy(CURVE, 0.90, 24.0) == (1, 8.0)
    assert seconds_to_accuracy(CURVE, 0.98, 24.0) is None
    assert seconds_to_accuracy([], 0.5, 24.0) is None


def test_training_is_compared_without_the_import_of_tensorflow() -> None:
    theirs, ours, ratio = compare_training(REFERENCE, CASEBOOK)
    assert theirs == "120.0 s (0.9667 after 3 epochs)"
    assert (ours, ratio) == ("12.0 s (0.9700 after epoch 2 of 3)", 10.0)


def test_an_accuracy_that_is_never_reached_is_missed_and_says_how_near_it_came() -> None:
    worse = {**CASEBOOK, "curve": CURVE[:1]}
    _, ours, ratio = compare_training(REFERENCE, worse)
    assert (ours, ratio) == ("not reached (0.9000 at best of 1 epochs, 20.0 s)", None)
    row = compare(QUANTITIES[2], {**PARTS, "casebook": part(worse)})
    assert (row.measured, row.verdict) == ("never", MISSED)


def test_every_quantity_gets_its_row() -> None:
    rows = [compare(quantity, PARTS) for quantity in QUANTITIES]
    assert [row.verdict for row in rows[:10]] == [MET, MET, MET, MET, MET, MISSED, MET, MET, MISSED, MET]
    assert [row.measured for row in rows[6:10]] == ["3.00 times faster", "2.00 GB", "26.00 s", "4.00 s"]
    assert rows[6].casebook == "100.0 s (test MAE 640.0, real files)"
    assert rows[8].casebook == "pima 20.0, boston 26.0 s"
    assert [row.measured for row in rows[:2]] == ["8.00 times faster", "2.90 GB"]
    assert rows[0].limit == "at least 6 times faster"
    assert rows[5].casebook == "3.40, 3.20, 3.30 s"


def test_a_study_is_compared_by_trials_an_hour_and_by_what_it_found() -> None:
    found = {"seconds": 360.0, "trials": 30, "pruned": 12, "best": 0.921, "beyond_seconds": 0.25}
    study = {**found, "worker_bytes": 500_000_000, "bare_bytes": 380_000_000}
    reference = {"seconds": 2160.0, "trials": 30, "best": 0.922}
    storage = {"journal": {"seconds": 20.0, "complete": 1000, "exact": True}}
    parts = {"study_reference": part(reference), "study": part(study), "storage": part(storage)}
    rows = {row.what: row for row in (compare(quantity, parts) for quantity in QUANTITIES)}
    found_rows = [row for what, row in rows.items() if row.verdict != NOT_MEASURED]
    assert [row.verdict for row in found_rows] == [MET] * 5
    assert rows["Red Hat study of 30 settings, trials an hour"].measured == "6.00 times more"
    assert rows["a further worker beyond TensorFlow"].measured == "120.00 MB"
    lost = {"journal": {"seconds": 20.0, "complete": 999, "exact": False}}
    doubled = compare(next(q for q in QUANTITIES if q.parts == ("storage",)), {"storage": part(lost)})
    assert doubled.verdict == MISSED


def test_setting_up_is_compared_with_pip_by_the_state_of_the_cache() -> None:
    install = {"pip": {"empty": 120.0, "full": 80.0}, "casebook": {"empty": 40.0, "full": 20.0}}
    before, now = {"seconds": 10.0}, {"seconds": 4.0}
    runs = {"before": before, "now": now, "first": {"seconds": 8.0}, "share": 0.4, "first_share": 0.8}
    found = {"install": install, "ui": {"pss_bytes": 4e8, "processes": 2}, "runs": {"pima": runs, "redhat": runs}}
    rows = {row.what: row for row in (compare(quantity, {"setup": part(found)}) for quantity in QUANTITIES)}
    empty, full = rows["`make install`, empty cache"], rows["`make install`, full cache"]
    assert (empty.reference, empty.casebook, empty.measured) == ("pip 120.0 s", "40.0 s", "3.00 times faster")
    assert (full.measured, full.verdict) == ("4.00 times faster", MISSED)
    assert [rows[f"`make ui`, {what}"].measured for what in ("memory (PSS of the process tree)", "processes")] == [
        "400.00 MB",
        "2.00",
    ]
    pima, first = rows["whole run of pima, share of ed30312's"], rows["the same without a reference kept from before"]
    assert (pima.reference, pima.casebook, pima.measured, pima.verdict) == ("10.0 s", "4.0 s", "0.40", MET)
    assert (first.casebook, first.measured, first.verdict) == ("8.0 s", "0.80", MISSED)


def test_a_failed_part_fails_its_rows_with_the_reason_and_no_others() -> None:
    broken = {"date": DATE, "load": "0.10", "error": "CommandFailedError: no such variant"}
    rows = [compare(quantity, {**PARTS, "casebook": broken}) for quantity in QUANTITIES]
    assert [row.verdict for row in rows[:10]] == [MET] + [FAILED] * 3 + [MET, MISSED, MET, MET, MISSED, MET]
    assert rows[1].measured == "casebook failed"
    page = render_results(rows, {"casebook": broken}, "make bench", "9 people", {})
    assert f"- casebook: {DATE}, load before it 0.10; failed: CommandFailedError: no such variant" in page


def test_a_part_not_measured_yet_is_no_failure_but_a_stage_not_logged_is() -> None:
    assert compare(QUANTITIES[4], {}).verdict == NOT_MEASURED
    without = {**CASEBOOK, "stages": {"start": 1.0}}
    row = compare(QUANTITIES[3], {"casebook": part(without)})
    assert row.verdict == FAILED
    assert "seconds/ingestion" in row.measured
    with pytest.raises(MissingFigureError, match="seconds/preprocessing"):
        seconds_of({"ingestion": 1.0}, ("ingestion", "preprocessing"))


def test_a_row_carries_the_dates_of_its_parts() -> None:
    later = {**part(CASEBOOK), "date": "2026-11-22 09:00 UTC"}
    quantity = Quantity("x", 1, True, " s", ("reference", "casebook"), lambda _r, _c: ("a", "b", 2.0))
    assert compare(quantity, {**PARTS, "casebook": later}).dates == (DATE, "2026-11-22 09:00 UTC")
    assert compare(quantity, PARTS).dates == (DATE,)


def test_a_table_is_markdown_whose_cells_cannot_break_it() -> None:
    table = render_table(("a", "b"), [("1", "x|y"), ("2", "two\nlines")])
    assert table == "| a | b |\n| --- | --- |\n| 1 | x\\|y |\n| 2 | two lines |"


def test_the_page_is_the_same_for_the_same_figures_and_holds_rows_stages_and_dates() -> None:
    rows = [compare(quantity, PARTS) for quantity in QUANTITIES]
    pages = [render_results(rows, PARTS, "make bench", "9 people", {"processor": "2 cores"}) for _ in range(2)]
    assert pages[0] == pages[1]
    assert "| raw files to model arrays | 40.0 s | 5.0 s | 8.00 times faster | at least 6" in pages[0]
    assert "| at most 12 s | met | 2026-11-21 |" in pages[0]
    assert "| profile | 4.00 | 0.50 |" in pages[0]
    assert "| ingestion to preprocessing | 5.00 | 3.00 |" in pages[0]
    assert "| rows | 1,582,048 / 175,784 / 439,459 | 1,582,048 / 175,784 / 439,459 |" in pages[0]
    assert f"- casebook: {DATE}, load before it 0.10" in pages[0]
    assert "- processor: 2 cores" in pages[0]


def test_details_of_a_part_without_figures_are_dashes() -> None:
    assert "| features | 183 | - |" in "\n".join(details({"reference": part(REFERENCE)}))


@pytest.mark.process
def test_a_measured_command_gives_its_output_time_and_memory(tmp_path: Path) -> None:
    script = "x = bytearray(150_000_000); import time; time.sleep(0.2); print('done')"
    measured = measure_command([sys.executable, "-c", script], tmp_path, {}, tmp_path / "log")
    assert measured.output == "done\n"
    assert measured.seconds > 0.2
    assert measured.peak_bytes > 150_000_000


@pytest.mark.process
def test_the_memory_of_whoever_measures_is_none_of_the_command(tmp_path: Path) -> None:
    held = bytearray(200_000_000)
    script = "import time; time.sleep(0.2)"
    assert measure_command([sys.executable, "-c", script], tmp_path, {}, tmp_path / "log").peak_bytes < len(held) / 2


@pytest.mark.process
def test_memory_of_child_processes_counts(tmp_path: Path) -> None:
    child = "x = bytearray(100_000_000); import time; time.sleep(0.5)"
    script = f"import subprocess, sys; a, b = (subprocess.Popen([sys.executable, '-c', {child!r}]) for _ in 'ab')\n"
    script += "a.wait(); b.wait()"
    measured = measure_command([sys.executable, "-c", script], tmp_path, {}, tmp_path / "log")
    assert measured.peak_bytes > 200_000_000


@pytest.mark.process
def test_a_failing_command_says_how_it_ended(tmp_path: Path) -> None:
    script = "print('before'); raise SystemExit('it broke')"
    with pytest.raises(CommandFailedError, match=r"ended with 1: .*it broke"):
        measure_command([sys.executable, "-c", script], tmp_path, {}, tmp_path / "log")
    assert tail("a\n\n b \n") == "a / b"


def test_the_processor_is_read_as_names_and_values() -> None:
    assert all(isinstance(value, str) for value in read_processor().values())
