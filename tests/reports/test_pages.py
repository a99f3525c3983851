"""Pages: what a reader is told, hostile data, size, and that nothing comes from elsewhere."""

from __future__ import annotations

import json
import re
from html.parser import HTMLParser

import pandas as pd
import pytest
from tests.reports.pages import HOSTILE, PARAMETERS, VALUES, make_run, make_tables

from casebook.reports.comparison import ComparedRun, explain_unpaired, list_differences
from casebook.reports.comparison_page import judge_gain, render_comparison
from casebook.reports.monitor_page import render_monitor
from casebook.reports.numbers import write_interval, write_range, write_score
from casebook.reports.sentence import summarise_run
from casebook.reports.study_page import render_study
from casebook.reports.training_page import render_training

# Stands for the library, which the browser's tests load.
LIBRARY = "window.library = 1;"
MAX_PAGE_BYTES = 3_000_000
TASKS = ("binary", "multiclass", "regression")
WEEKLY = pd.DataFrame(
    {"week": ["2026-01-05", HOSTILE, "all"], "rows": [100, 3, 103], "auc": [0.8, None, 0.79], "test": 0.9,
     "level": 0.85, "below": [True, False, True]}
)  # fmt: skip
TRIALS = pd.DataFrame(
    {"trial": [1, 0, 2], "state": ["complete", "complete", "failed"], "val/auc": [0.9, 0.8, None],
     f"pima.{HOSTILE}": [HOSTILE, "relu", "relu"], "pima.training.epochs": [3, 5, 4], "epochs": 3, "seconds": 1.0,
     "retried": False, "error": "", "run_id": "x"}
)  # fmt: skip


class Page(HTMLParser):
    """The elements of a page, its visible text and its JSON."""

    def __init__(self, page: str) -> None:
        super().__init__()
        self.elements: list[tuple[str, dict[str, str | None]]] = []
        self.texts: list[str] = []
        self.json: dict[str, object] = {}
        self._inside = ""
        self.feed(page)

    def handle_starttag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        self.elements.append((tag, dict(attrs)))
        self._inside = tag

    def handle_endtag(self, tag: str) -> None:  # noqa: ARG002 - the parser names it
        self._inside = ""

    def handle_data(self, data: str) -> None:
        _, attributes = self.elements[-1] if self.elements else ("", {})
        if self._inside == "script" and attributes.get("type") == "application/json":
            self.json[str(attributes["id"])] = json.loads(data)
        elif self._inside not in {"script", "style"}:
            self.texts.append(data)

    @property
    def text(self) -> str:
        return re.sub(r"\s+", " ", "".join(self.texts))


def make_pages(library: str = LIBRARY) -> dict[str, str]:
    pages = {task: render_training(make_run(task), *make_tables(task), library) for task in TASKS}
    study = make_run(job="study", parameters={**PARAMETERS, "study": {"metric": ["val/auc"]}}, files=("study",),
        metrics={"test/auc": 0.9, "default/auc": 0.85, "baseline/auc": 0.5, "study/trials": 3.0, "study/failed": 1.0,
                 "study/pruned_share": 0.0, "best_reachable/auc": 0.95, "data/test_rows": 77.0,
                 "data/train_rows": 300.0, "data/features": 8.0}, tags={"best.trial": "1"})  # fmt: skip
    pages["study"] = render_study(study, TRIALS, library)
    monitor = {"metric": "", "outcomes": HOSTILE, "drop": 0.05, "min_rows_per_week": 10}
    monitored = make_run(
        job="monitor", parameters={**PARAMETERS, "monitor": monitor}, metrics={"monitor/joined": 103.0}
    )
    pages["monitor"] = render_monitor(monitored, WEEKLY, library)
    pages["comparison"] = render_comparison([make_compared("a" * 32), make_compared("b" * 32, epochs=5)], library)
    return pages


def make_compared(run_id: str, task: str = "binary", **training: int) -> ComparedRun:
    run = make_run(task, run_id=run_id, parameters={**PARAMETERS, "task": task, "training": {"epochs": 3, **training}})
    return ComparedRun(run, *make_tables(task))


@pytest.fixture(scope="module")
def pages() -> dict[str, str]:
    return make_pages()


@pytest.mark.parametrize("name", [*TASKS, "study", "monitor", "comparison"])
def test_whatever_the_data_hold_is_text(pages: dict[str, str], name: str) -> None:
    page = Page(pages[name])
    assert HOSTILE in page.text
    # Those of the template: charts, library and code, with a slider its thresholds.
    assert sum(tag == "script" for tag, _ in page.elements) == (4 if name == "binary" else 3)
    assert not [tag for tag, _ in page.elements if tag in {"img", "iframe", "object", "embed"}]
    assert not [name for _, attributes in page.elements for name in attributes if name.startswith("on")]


def test_values_of_hostile_categories_reach_the_charts_unchanged(pages: dict[str, str]) -> None:
    charts = Page(pages["binary"]).json["charts"]
    assert isinstance(charts, dict)
    values = {point["value"] for point in charts[f"effect {HOSTILE}"]["data"]["values"]}
    assert values == {value[:39] + "…" if len(value) > 40 else value for value in VALUES}
    assert "{{ 7 * 7 }}" in values


@pytest.mark.parametrize("name", [*TASKS, "study", "monitor", "comparison"])
def test_a_page_asks_nothing_of_the_network_and_is_small(pages: dict[str, str], name: str) -> None:
    page = pages[name]
    for _, attributes in Page(page).elements:
        for place in ("src", "href", "action", "srcset", "data", "poster"):
            assert re.match(r"(#|data:|profile/|study/)", attributes.get(place) or "#"), attributes
    without_example = page.replace("sqlite:///mlruns", "")
    assert re.findall(r"(?:https?:)?//[\w.-]+\.\w+|@import|url\(", without_example) == []
    # Vega's library adds 0.9 MB.
    assert len(page.encode()) < MAX_PAGE_BYTES - 1_000_000


def test_the_binary_page_says_what_how_good_against_what_on_which_rows_and_on_what_it_leans(
    pages: dict[str, str],
) -> None:
    said = Page(pages["binary"]).text
    _, intervals = make_tables("binary")
    auc = next(each for each in intervals["metrics"] if each["name"] == "auc")
    for words in (
        f"The network of pima predicts {HOSTILE} (no or {HOSTILE}).",
        "On 400 test rows, held out by person: all rows of one person lie on one side,",
        f"its AUC is {write_interval(auc['score'], auc['low'], auc['high'])} (higher is better), against 0.500 of the",
        "of the reference (boosted trees)",
        f"it leans most on {HOSTILE} and amount.",
        "generated sample: scores say nothing",
        "Used, though unknown when a prediction is made: Customers.",
        "Left out, being unknown when a prediction is made: duration.",
        "0.0 % of the test rows are of a person that training has seen.",
        f"kedro run --params {HOSTILE}",
        f'load_model("runs:/{"f00dfeed" * 4}/model")',
        "casebook serve pima",
    ):
        assert words in said, words


def test_the_caption_names_the_column_that_compares_and_says_what_is_reachable(pages: dict[str, str]) -> None:
    compares, reaches = "The column “network better by” compares it with the reference", "Best reachable is what"
    sample = make_run(metrics={"baseline/auc": 0.5, "best_reachable/auc": 0.95})
    tables, intervals = make_tables()
    said = Page(render_training(sample, tables, intervals, LIBRARY)).text
    assert compares in said
    assert f"{reaches} knowing how the sample was generated would score in expectation: on few" in said
    assert reaches not in Page(pages["binary"]).text
    alone = [{name: each[name] for name in ("name", "score", "low", "high")} for each in intervals["metrics"]]
    said = Page(render_training(sample, tables, {**intervals, "metrics": alone}, LIBRARY)).text
    assert "95 % intervals by bootstrap" in said
    assert "better by" not in said


@pytest.mark.parametrize("name", TASKS)
def test_a_link_within_the_page_is_named_as_the_heading_that_it_leads_to(pages: dict[str, str], name: str) -> None:
    links = re.findall(r'<a href="#(\w+)">([^<]+)</a>', pages[name])
    assert [place for place, _ in links] == ["scores", "classes", "errors", "columns", "curves", "rows", "use"]
    headings = dict(re.findall(r'<h2 id="(\w+)">([^<]+)</h2>', pages[name]))
    assert [text for place, text in links if not headings[place].startswith(text)] == []


def test_a_command_is_shown_as_it_is_its_options_unbroken(pages: dict[str, str]) -> None:
    assert '<code><span class="option">--params</span> pima.evaluation.threshold=cost</code>' in pages["binary"]
    assert f"kedro run --params {HOSTILE}" in Page(pages["binary"]).text


def test_the_page_names_a_run_without_reference_intervals_or_columns() -> None:
    tables, intervals = make_tables("regression")
    bare = {**tables, "importance": [], "effects": [], "segments": [], "worst": None, "curves": []}
    alone = [{key: each[key] for key in ("name", "score", "low", "high")} | {"low": None, "high": None}
        for each in intervals["metrics"]]  # fmt: skip
    page = Page(render_training(make_run("regression"), bare, {**intervals, "metrics": alone, "resamples": 0}, LIBRARY))
    assert "too few for intervals" in page.text
    assert "reference (boosted trees)" not in page.text
    assert "What it leans on" not in page.text


def test_the_study_page_says_which_trial_won_and_what_it_is_worth(pages: dict[str, str]) -> None:
    said = Page(pages["study"]).text
    sought = f"The study searched the settings of pima, which predicts {HOSTILE}, for the best val/auc"
    assert f"{sought} (3 trials, 2 complete); trial 1 won, and on 77 test rows, read once, its AUC is 0.9000" in said
    assert "The winner had 300 rows to learn from, of 8 features." in said
    assert "winnerdefaultbaselinebest reachable" in said
    assert "0.9500" in said
    assert "the settings of the default" not in said
    assert "against 0.8500 of the default and 0.5000 of the baseline" in said
    assert "kedro run --pipeline=pima --params pima.variant=best" in said


@pytest.mark.parametrize(
    ("best", "told"),
    [
        ("0", "trial 0, the default itself, was not surpassed, and on the test rows, read once, its AUC is 0.9000"),
        ("1", "trial 1 won, and on the test rows, read once, its AUC is 0.9000, against 0.8500 of the default and"),
    ],
)
def test_the_study_page_says_which_trial_is_the_default(best: str, told: str) -> None:
    rate, hidden = "pima.training.optimizer.learning_rate", "pima.training.network.hidden"
    trials = pd.DataFrame({"trial": [1, 0], "state": "complete", "val/auc": [0.9, 0.8], rate: [0.004, 0.003],
        hidden: ["[32]", "[32]"], "epochs": 3})  # fmt: skip
    training = {"optimizer": {"learning_rate": 0.003}, "network": {"hidden": [32]}, "ensemble": {"reference": True}}
    parameters = {**PARAMETERS, "study": {"metric": "val/auc", "folds": 2}, "training": training}
    run = make_run(job="study", parameters=parameters, tags={"best.trial": best},
        metrics={"test/auc": 0.9, "default/auc": 0.85, "baseline/auc": 0.5})  # fmt: skip
    said = Page(render_study(run, trials, LIBRARY)).text
    assert told in said
    assert "Trial 0 has the settings of the default." in said
    assert "Trials are judged by one network and boosted trees; winner and default are scored on" in said


def test_the_monitor_page_says_which_weeks_are_below_the_level(pages: dict[str, str]) -> None:
    said = Page(pages["monitor"]).text
    assert "Of 103 predictions of pima the outcome has arrived: their AUC is 0.7900, against 0.9000" in said
    assert "Below the level: 2026-01-05, all." in said
    assert "too few rows" in said


def test_a_comparison_shows_what_differs_and_why_rows_are_not_paired(pages: dict[str, str]) -> None:
    said = Page(pages["comparison"]).text
    assert "training.epochs" in said
    assert "reference.name" not in said
    assert "are not compared row by row: the test predictions of" in said
    assert "The AUC on the test rows (higher is better) is 0." in said


@pytest.mark.parametrize(
    ("gain", "low", "high", "told"),
    [
        (0.0016, -0.006, 0.01, "is not clearly different from a (its gain is 0.0016, 95 % interval [-0.006, 0.010])."),
        (-0.0146, -0.023, -0.006, "is worse than a (its gain is -0.0146, 95 % interval [-0.023, -0.006])."),
        (0.02, 0.01, 0.03, "is better than a (its gain is 0.0200, 95 % interval [0.010, 0.030])."),
        (-0.02, None, None, "is worse than a by 0.0200."),
    ],
)
def test_a_comparison_says_of_each_run_whether_its_gain_may_be_chance(
    gain: float, low: float | None, high: float | None, told: str
) -> None:
    assert judge_gain("b", "a", {"gain": gain, "low": low, "high": high}) == f" On the same rows b {told}"


def test_runs_on_other_rows_data_or_targets_are_not_paired() -> None:
    first = make_compared("a" * 32)
    other = ComparedRun(first.run, {**first.tables, "fingerprint": "other", "rows": 12}, first.intervals)
    assert explain_unpaired(first, other) == "their test rows differ (400 by person and 12 by person)"
    run = make_run(run_id="c" * 32, tags={"data.fingerprint": "beef"})
    mine = ComparedRun(make_run(tags={"data.fingerprint": "cafe"}), first.tables, first.intervals)
    told = "they read different data (fingerprints cafe and beef)"
    assert explain_unpaired(mine, ComparedRun(run, first.tables, first.intervals)) == told
    elsewhere = ComparedRun(first.run, {**first.tables, "task": "regression"}, first.intervals)
    assert explain_unpaired(first, elsewhere) == "they predict different things"


def test_runs_of_several_cases_or_too_many_are_refused() -> None:
    first = make_compared("a" * 32)
    boston = ComparedRun(make_run(case="boston"), first.tables, first.intervals)
    with pytest.raises(ValueError, match="these are runs of boston and pima: compare those of one case"):
        render_comparison([first, boston], LIBRARY)
    with pytest.raises(ValueError, match="give 2 to 6 different runs, not 1"):
        render_comparison([first], LIBRARY)


def test_only_parameters_that_differ_are_listed() -> None:
    runs = [make_compared("a" * 32), make_compared("b" * 32, epochs=7, batch_size=5)]
    assert list_differences(runs) == [("training.epochs", ["3", "7"]), ("training.batch_size", ["", "5"])]


@pytest.mark.parametrize(
    ("score", "low", "high", "written"),
    [
        (0.8572, 0.841, 0.871, "0.857 [0.84, 0.87]"),
        (0.86108, 0.797, 0.918, "0.861 [0.80, 0.92]"),
        (2.5812, 2.1, 3.2, "2.58 [2.1, 3.2]"),
        (1234.5, 1200.0, 1280.0, "1,234.5 [1,200, 1,280]"),
        (0.98981, 0.9878, 0.9918, "0.9898 [0.988, 0.992]"),
        (0.5, 0.5, 0.5, "0.5000 [0.500, 0.500]"),
        (0.5, None, None, "0.5000"),
    ],
)
def test_a_score_has_one_decimal_more_than_its_interval(
    score: float, low: float | None, high: float | None, written: str
) -> None:
    assert write_interval(score, low, high) == written


def test_no_number_is_written_as_nothing() -> None:
    assert (write_score(None), write_score(float("nan")), write_range(None, 1.0)) == ("", "", "")


@pytest.mark.parametrize(
    ("low", "high", "written"),
    [
        (-0.0021, 0.0271, "[-0.002, 0.027]"),
        (0.00031, 0.06, "[0.0003, 0.0600]"),
        (0.0, 0.06, "[0.00, 0.06]"),
        (-1e-9, 0.06, "[0.00, 0.06]"),
    ],
)
def test_an_interval_shows_on_which_side_of_zero_its_ends_lie(low: float, high: float, written: str) -> None:
    assert write_range(low, high) == written


@pytest.mark.parametrize(
    ("low", "high", "verdict"),
    [
        (0.002, 0.03, ", so it is better than the reference (95 % interval of the difference [0.002, 0.030])"),
        (-0.03, -0.02, ", so it is worse than the reference (95 % interval of the difference [-0.030, -0.020])"),
        (
            -0.03,
            0.02,
            ", so it is not clearly different from the reference (95 % interval of the difference [-0.03, 0.02])",
        ),
        (None, None, ""),
    ],
)
def test_the_sentence_judges_the_difference_to_the_reference(
    low: float | None, high: float | None, verdict: str
) -> None:
    run = make_run("binary")
    tables, intervals = make_tables("binary")
    auc = next(each for each in intervals["metrics"] if each["name"] == "auc")
    auc |= {"gain_low": low, "gain_high": high}
    said = summarise_run(run, tables, intervals)
    assert f"of the reference (boosted trees){verdict}; it leans most on" in said


def test_a_week_that_may_be_worse_by_chance_says_so() -> None:
    weekly = WEEKLY.assign(low=[0.7, None, None], high=[0.88, None, None], below=False)
    monitor = {"metric": "", "outcomes": "o.csv", "drop": 0.05, "min_rows_per_week": 10}
    page = Page(render_monitor(make_run(job="monitor", parameters={**PARAMETERS, "monitor": monitor}), weekly, LIBRARY))
    assert page.text.count("worse, maybe by chance: [0.70, 0.88]") == 1
    assert "Below the level" not in page.text
