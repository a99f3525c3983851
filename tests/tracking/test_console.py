"""What a person sees."""

from __future__ import annotations

import io
import math
from contextlib import contextmanager
from pathlib import Path
from types import SimpleNamespace
from typing import TYPE_CHECKING

import pytest
from mlflow.entities import Metric, Run, RunData, RunInfo, RunTag
from rich.console import Console

from casebook.reports.numbers import write_score
from casebook.tracking import console, run_summary
from casebook.tracking.console import ConsoleFolds, ConsoleNetworks, ProgressBar, announce_sample
from casebook.tracking.run_summary import show_summary

if TYPE_CHECKING:
    from collections.abc import Iterator, Mapping

METRICS = {
    "data/train_rows": 1_582_048.0, "data/validation_rows": 175_784.0, "data/test_rows": 439_459.0,
    "data/features": 183.0,
    "test/accuracy": 0.91234, "test/auc": 0.95, "test/seen_person_share": 0.5, "test/seen_group_share": 0.875,
    "baseline/accuracy": 0.556, "baseline/auc": 0.5, "reference/accuracy": 0.9, "reference/auc": 0.94,
    "best_reachable/accuracy": 0.95,
}  # fmt: skip


@pytest.fixture
def paper(monkeypatch: pytest.MonkeyPatch) -> io.StringIO:
    """What is printed, on a wide and plain terminal."""
    paper = io.StringIO()
    for module in (console, run_summary):
        monkeypatch.setattr(module, "Console", lambda: Console(file=paper, width=160))
    return paper


def make_run(metrics: dict[str, float], tags: dict[str, str]) -> Run:
    info = RunInfo("f00d", "1", "user", "FINISHED", 0, 1, "active", run_name="default 12:00:00")
    data = RunData(
        [Metric(name, value, 0, 0) for name, value in metrics.items()], [], [RunTag(*t) for t in tags.items()]
    )
    return Run(info, data)


def test_the_summary_tells_rows_features_origin_scores_seconds_and_where_to_look(paper: io.StringIO) -> None:
    run = make_run(METRICS, {"case": "redhat", "data.origin": "sample"})
    show_summary(run, {"start": 2.04, "training": 10.0, "merging": 0.001}, "sqlite:///mlflow.db")
    said = paper.getvalue()
    for words in (
        "redhat  run default 12:00:00",
        "train 1,582,048  validation 175,784  test 439,459",
        "183",
        "by person 50.0%  by group 87.5%",
        "sample",
        "12.0 in all: start 2.0  training 10.0",
        "experiment redhat, run f00d in sqlite:///mlflow.db; look at it: casebook ui",
    ):
        assert words in said
    assert "merging" not in said


def test_a_run_on_a_server_is_to_be_looked_at_there(paper: io.StringIO) -> None:
    show_summary(make_run(METRICS, {"case": "redhat"}), {"start": 1.0}, "http://127.0.0.1:5000")
    assert "experiment redhat, run f00d at http://127.0.0.1:5000\n" in paper.getvalue()


def test_the_scores_stand_side_by_side_with_the_best_reachable_accuracy(paper: io.StringIO) -> None:
    show_summary(make_run(METRICS, {"case": "redhat"}), {}, "")
    cells = [[cell.strip() for cell in line.split("│")[1:-1]] for line in paper.getvalue().splitlines() if "│" in line]
    assert cells == [["accuracy", "0.9123", "0.5560", "0.9000", "0.9500"], ["auc", "0.9500", "0.5000", "0.9400", ""]]


def test_a_score_has_its_interval_beside_it_and_a_key_of_many_rows_is_named(paper: io.StringIO) -> None:
    more = {"test/auc_low": 0.935, "test/auc_high": 0.965, "data/largest_person_share": 0.188}
    run = make_run(METRICS | more, {"case": "redhat", "report": "data/runs/redhat/f00d/08_reporting/report.html"})
    show_summary(run, {}, "")
    said = paper.getvalue()
    assert "0.950 [0.94, 0.96] │" in said
    assert "one person holds 19% of them" in said
    assert "data/runs/redhat/f00d/08_reporting/report.html" in said


def test_files_of_the_user_have_no_best_reachable_column(paper: io.StringIO) -> None:
    metrics = {name: value for name, value in METRICS.items() if not name.startswith("best")}
    show_summary(make_run(metrics, {"case": "redhat", "data.origin": "files"}), {}, "")
    assert "best reachable" not in paper.getvalue()
    assert "files" in paper.getvalue()


def test_a_part_of_a_pipeline_shows_only_what_it_found(paper: io.StringIO) -> None:
    show_summary(make_run({}, {"case": "redhat"}), {"splitting": 1.0}, "")
    said = paper.getvalue()
    assert "accuracy" not in said
    assert "nan" not in said
    assert "features" not in said
    assert "from an earlier run" in said


def test_a_sample_is_announced_with_its_place_size_and_best_reachable_score(paper: io.StringIO) -> None:
    announce_sample(
        Path("/data/redhat"), {"people": 40_000, "seed": 1}, {"row": {"accuracy": 0.95}, "person": {"accuracy": 0.875}}
    )
    said = paper.getvalue()
    for words in (
        "/data/redhat",
        "people 40,000, seed 1",
        "row accuracy 0.950, person accuracy 0.875",
        "nothing about the real",
    ):
        assert words in said


@pytest.fixture
def bar() -> ProgressBar:
    return ProgressBar(Console(file=io.StringIO(), width=160))


def begin(bar: ProgressBar, epochs: int, steps: int, part: str = "train") -> None:
    order = ["loss", "auc", "accuracy", "val_loss", "val_auc", "val_accuracy"]
    bar.set_params({"epochs": epochs, "steps": steps, "part": part, "metrics": order})
    bar.on_train_begin()


def drawn(bar: ProgressBar) -> str:
    paper = io.StringIO()
    Console(file=paper, width=160).print(bar._progress.get_renderable())
    return paper.getvalue()


def test_a_resumed_training_is_shown_as_far_as_it_has_come(bar: ProgressBar) -> None:
    bar.set_state(SimpleNamespace(history=[{"epoch": 1, "train/loss": 0.5}, {"epoch": 2, "train/loss": 0.25}]))
    begin(bar, 3, 10)
    assert bar._progress.tasks[0].completed == 20
    assert "epoch 3/3" in drawn(bar)
    assert "train/loss 0.2500" in drawn(bar)
    bar.on_train_batch_end(3)
    assert bar._progress.tasks[0].completed == 24
    bar.close()


def test_the_bar_shows_epoch_losses_and_the_first_validation_metric(bar: ProgressBar) -> None:
    begin(bar, 3, 10)
    bar.on_epoch_end(0, {"loss": 0.5, "auc": 0.8, "val_loss": 0.6, "val_auc": 0.7, "val_accuracy": 0.1})
    bar.close()
    said = drawn(bar)
    assert "epoch 2/3" in said
    assert "train/loss 0.5000  val/loss 0.6000  val/auc 0.7000" in said


def test_a_second_training_has_a_bar_of_its_own(bar: ProgressBar) -> None:
    begin(bar, 3, 10)
    bar.on_epoch_end(2, {"loss": 0.5, "val_loss": 0.6})
    bar.close()
    begin(bar, 2, 11, "refit")
    bar.on_epoch_end(0, {"loss": 0.4, "auc": 0.9})
    bar.close()
    said = drawn(bar)
    assert "epoch 2/2" in said
    assert "refit/loss 0.4000  refit/auc 0.9000" in said
    assert "train/loss" not in said


def test_a_curve_that_is_no_number_is_explained_once() -> None:
    paper = io.StringIO()
    bar = ProgressBar(Console(file=paper, width=160))
    begin(bar, 3, 10)
    bar.on_epoch_end(0, {"loss": 0.5, "val_loss": 0.6, "val_auc": math.nan})
    bar.on_epoch_end(1, {"loss": math.inf, "val_loss": 0.6, "val_auc": math.nan})
    bar.close()
    said = paper.getvalue()
    assert said.count("val/auc is nan in epoch 1: it is not defined on these rows") == 1
    assert said.count("train/loss is inf in epoch 2: training diverges") == 1
    assert "val/auc is nan in epoch 2" not in said


def test_without_metrics_the_bar_shows_the_losses_alone(bar: ProgressBar) -> None:
    begin(bar, 1, 10)
    bar.on_epoch_end(0, {"loss": 0.5, "val_loss": 0.6})
    bar.close()
    assert "epoch 1/1" in drawn(bar)
    assert drawn(bar).count("val/loss") == 1


def test_the_bar_counts_steps_of_all_epochs(bar: ProgressBar) -> None:
    begin(bar, 2, 10)
    bar.on_train_batch_end(3)
    (task,) = bar._progress.tasks
    assert (task.completed, task.total) == (4, 20)
    bar.on_epoch_end(0, {"loss": 0.5, "val_loss": 0.6})
    assert bar._progress.tasks[0].completed == 10
    bar.close()


class Opened:
    """Child runs by name and tags, and what is logged to each."""

    def __init__(self) -> None:
        self.said: list[tuple[object, ...]] = []

    @contextmanager
    def open_run(self, name: str, tags: Mapping[str, str]) -> Iterator[str]:
        self.said.append(("open", name, dict(tags)))
        yield f"id of {name}"
        self.said.append(("closed", name))

    def log(self, run_id: str, metrics: Mapping[str, float], step: int = 0) -> None:
        self.said.append((run_id, dict(metrics), step))


def test_folds_go_to_their_own_runs_and_are_shown_in_a_line_each() -> None:
    opened, paper = Opened(), io.StringIO()
    folds = ConsoleFolds(opened.open_run, opened.log, Console(file=paper, width=160))
    with folds.fold("fold 1, repeat 2", {"fold": "1"}) as (curves,):
        curves.on_epoch_end(0, {"loss": 0.5})
        curves.close()
        folds.scores({"mae": 1234.5678, "rmspe": 0.12345, "baseline_mae": 2.0})
    assert opened.said == [
        ("open", "fold 1, repeat 2", {"fold": "1"}),
        ("id of fold 1, repeat 2", {"train/loss": 0.5}, 1),
        ("id of fold 1, repeat 2", {"test/mae": 1234.5678, "test/rmspe": 0.12345, "test/baseline_mae": 2.0}, 0),
        ("closed", "fold 1, repeat 2"),
    ]
    assert paper.getvalue() == "fold 1, repeat 2     mae 1,234.6  rmspe 0.1235\n"


def test_further_networks_of_a_run_go_to_their_own_runs_with_what_was_kept_of_them() -> None:
    opened, paper = Opened(), io.StringIO()
    networks = ConsoleNetworks(opened.open_run, opened.log, Console(file=paper, width=160))
    with networks.network("network 2", {"seed": "2"}) as (curves, bar):
        assert isinstance(bar, ProgressBar)
        curves.on_epoch_end(0, {"loss": 0.5})
        networks.kept({"val/loss": 0.25})
    with networks.network("trial 3", {}):
        networks.broken_off("the time is over")
    assert opened.said == [
        ("open", "network 2", {"seed": "2"}),
        ("id of network 2", {"train/loss": 0.5}, 1),
        ("id of network 2", {"kept/val/loss": 0.25}, 0),
        ("closed", "network 2"),
        ("open", "trial 3", {}),
        ("closed", "trial 3"),
    ]
    assert paper.getvalue() == "network 2            val/loss 0.2500\ntrial 3              the time is over\n"


def test_the_summary_of_an_ensemble_has_what_a_network_reaches_alone(paper: io.StringIO) -> None:
    networks = {f"network_{n}/{name}": value for n, more in ((1, 0.0), (2, 0.01)) for name, value in
        {"weight": 0.75 - 50 * more, "accuracy": 0.9 + more, "auc": 0.95}.items()}  # fmt: skip
    search = {"search/trials": 12.0, "search/seconds": 90.0, "search/best": 3.0, "search/gain": 0.0125}
    tags = {"case": "redhat", "search.best": "optimizer.learning_rate=0.01", "preset": "best: 12 epochs, 2 networks"}
    show_summary(make_run(METRICS | networks | search, tags), {}, "")
    said = paper.getvalue()
    assert "0.9000 to 0.9100 │" in said
    assert " ensemble ┃ baseline ┃" in said
    assert "2 averaged, weights 0.75, 0.25" in said
    told = "12 trials in 1.5 minutes, better by 0.0125 on the validation rows: optimizer.learning_rate=0.01"
    assert told in said
    assert "best: 12 epochs, 2 networks" in said


def test_the_summary_of_a_network_and_boosted_trees_has_both_weights(paper: io.StringIO) -> None:
    members = {"network_1/weight": 0.3, "network_1/auc": 0.95, "boosted_trees/weight": 0.7, "boosted_trees/auc": 0.96}
    show_summary(make_run(METRICS | members, {}), {}, "")
    said = paper.getvalue()
    assert "1 and boosted trees averaged, weights 0.30 and 0.70" in said
    # Of a single network its own score; the trees' is the reference's.
    assert "0.9500 │" in said
    assert "to 0.9" not in said


def test_a_search_that_found_nothing_better_says_so(paper: io.StringIO) -> None:
    search = {"search/trials": 1.0, "search/seconds": 60.0, "search/best": 0.0, "search/gain": 0.0}
    show_summary(make_run(METRICS | search, {"search.best": "the settings as they were"}), {}, "")
    assert "1 trials in 1.0 minutes, none better than: the settings as they were" in paper.getvalue()


@pytest.mark.parametrize(
    ("value", "text"),
    [
        (0.91234, "0.9123"),
        (9.99994, "9.9999"),
        (10.0, "10.0"),
        (12345.67, "12,345.7"),
        (-0.5, "-0.5000"),
        (-99, "-99.0"),
    ],
)
def test_a_score_has_four_places_and_a_large_one_one(value: float, text: str) -> None:
    assert write_score(value) == text


def test_the_summary_tells_the_means_over_folds(paper: io.StringIO) -> None:
    metrics = {"folds/accuracy_mean": 0.771, "folds/accuracy_std": 0.02, "folds/baseline_accuracy_mean": 0.65}
    show_summary(make_run({**METRICS, **metrics}, {"case": "pima"}), {}, "")
    assert "folds     mean accuracy 0.7710 (baseline 0.6500)\n" in paper.getvalue()
    assert "0.0200" not in paper.getvalue()


def test_best_reachable_scores_of_any_metric_stand_in_their_rows(paper: io.StringIO) -> None:
    metrics = {"test/mae": 650.25, "baseline/mae": 2000.0, "reference/mae": 700.0, "best_reachable/mae": 512.0}
    show_summary(make_run(metrics, {"case": "rossmann"}), {}, "")
    cells = [[cell.strip() for cell in line.split("│")[1:-1]] for line in paper.getvalue().splitlines() if "│" in line]
    assert cells == [["mae", "650.2", "2,000.0", "700.0", "512.0"]]


def test_a_sample_whose_best_scores_nobody_knows_is_announced_without_them(paper: io.StringIO) -> None:
    announce_sample(Path("/data/imdb"), {"reviews": 400}, {})
    assert "Best reachable" not in paper.getvalue()
    assert "reviews 400" in paper.getvalue()


def test_without_validation_rows_the_bar_shows_the_training_curves(bar: ProgressBar) -> None:
    begin(bar, 1, 10)
    bar.on_epoch_end(0, {"loss": 0.5, "accuracy": 0.75})
    bar.close()
    assert "train/loss 0.5000  train/accuracy 0.7500" in drawn(bar)
    assert "val/" not in drawn(bar)


def test_an_update_is_shown_beside_the_champion_before(paper: io.StringIO) -> None:
    run = make_run({**METRICS, "update/rows": 30.0, "update/held_out": 6.0}, {"case": "redhat"})
    show_summary(run, {"update": 2.0}, "sqlite:///mlflow.db")
    said = paper.getvalue()
    for words in ("new rows held out", "updated", "champion before", "rows 30  held out 6"):
        assert words in said
    assert "reference" not in said
    assert "best reachable" not in said


@pytest.mark.parametrize(
    ("found", "line"),
    [
        ({"weeks": 3.0, "judged_weeks": 2.0, "overall_auc": 0.83941}, "auc 0.8394 of all outcomes  2 of 3 weeks"),
        (
            {"weeks": 3.0, "judged_weeks": 0.0, "overall_mae": 12.5},
            "mae 12.5 of all outcomes  0 of 3 weeks: they have one class, or fewer outcomes than monitor.min_rows",
        ),
        ({"weeks": 1.0, "judged_weeks": 0.0}, "no score: all outcomes are of one class  0 of 1 weeks: they"),
    ],
)
def test_the_summary_of_monitoring_tells_the_score_and_how_many_weeks_were_judged(
    paper: io.StringIO, found: dict[str, float], line: str
) -> None:
    run = make_run({f"monitor/{name}": value for name, value in found.items()}, {"case": "pima"})
    show_summary(run, {"start": 1.0}, "sqlite:///mlflow.db")
    told = next(line for line in paper.getvalue().splitlines() if line.startswith("judged"))
    assert " ".join(told.split()).startswith(f"judged {' '.join(line.split())}")


def test_brackets_in_names_of_columns_and_folders_are_printed_and_no_markup(paper: io.StringIO) -> None:
    metrics = {"prediction/rows": 2.0, "prediction/unknown/size [cm]": 1.0, "prediction/unknown/price [/kg]": 2.0}
    tags = {"case": "shop", "left_out": "a [red] b"}
    show_summary(make_run(metrics, tags), {"start": 1.0}, "sqlite:////data/[old]/mlflow.db")
    for words in ("price [/kg] 2 rows  size [cm] 1 rows", "a [red] b", "sqlite:////data/[old]/mlflow.db"):
        assert words in paper.getvalue()
    announce_sample(Path("/data/[old]/[/x]"), {"rows": 3}, {})
    assert "No raw files in /data/[old]/[/x]: generated" in " ".join(paper.getvalue().replace("\u2502", "").split())


SECONDS = {"start": 4.0, "schema": 1.0, "merging": 0.1, "tensorflow": 3.0, "training": 6.0, "evaluation": 1.5}


@pytest.mark.parametrize("width", [60, 80, 160])
def test_the_summary_is_as_wide_as_the_console_and_fits_a_screen(monkeypatch: pytest.MonkeyPatch, width: int) -> None:
    monkeypatch.setenv("COLUMNS", str(width))
    paper = io.StringIO()
    monkeypatch.setattr(run_summary, "Console", lambda: Console(file=paper))
    tags = {"case": "redhat", "model.version": "12", "promotion": "no champion: auc 0.69 against 0.69: worse by 0.01"}
    show_summary(
        make_run({**METRICS, "data/promotion_rows": 1000.0}, tags), SECONDS, "sqlite:////work/mlruns/mlflow.db"
    )
    lines = paper.getvalue().splitlines()
    assert max(map(len, lines)) <= width
    assert not [line for line in lines if line != line.rstrip()]
    assert len(lines) <= 24
    # The second line of a value begins where its first does.
    assert [line.index("t") for line in lines if line.startswith("rows")] == [10]
    assert width > 60 or [line for line in lines if line.startswith(" " * 10) and line[10] != " "]


def test_a_file_gets_a_line_of_the_last_epoch_instead_of_a_bar() -> None:
    paper = io.StringIO()
    bar = ProgressBar(Console(file=paper, width=40))
    begin(bar, 3, 10)
    for epoch in range(3):
        bar.on_epoch_end(epoch, {"loss": 0.5 - epoch / 10, "val_loss": 0.6, "val_auc": 0.7})
    bar.close()
    bar.close()
    assert paper.getvalue() == "epoch 3/3  train/loss 0.3000  val/loss 0.6000  val/auc 0.7000\n"


def test_a_long_training_tells_a_file_now_and_then(monkeypatch: pytest.MonkeyPatch) -> None:
    now = [0.0]
    monkeypatch.setattr(console.time, "monotonic", lambda: now[0])
    paper = io.StringIO()
    bar = ProgressBar(Console(file=paper, width=80))
    begin(bar, 9, 10)
    for epoch in range(9):
        now[0] += 11.0
        bar.on_epoch_end(epoch, {"loss": 0.5})
    bar.close()
    assert [line.split()[1] for line in paper.getvalue().splitlines()] == ["3/9", "6/9", "9/9"]


def test_quiet_leaves_the_result_in_a_line(paper: io.StringIO, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("CASEBOOK_QUIET", "1")
    bar = ProgressBar(Console(file=paper, width=80))
    begin(bar, 1, 10)
    bar.on_epoch_end(0, {"loss": 0.5})
    bar.close()
    assert paper.getvalue() == ""
    show_summary(make_run(METRICS, {"case": "redhat"}), SECONDS, "sqlite:///mlflow.db")
    assert paper.getvalue() == (
        "redhat  accuracy 0.9123 (baseline 0.5560, reference 0.9000)  auc 0.9500 (baseline 0.5000, reference 0.9400)  "
        "run f00d\n"
    )
