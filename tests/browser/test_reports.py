"""Pages of runs in a real browser: charts are drawn, data stay text, the slider shows the numbers of the registry."""

from __future__ import annotations

from html import escape
from typing import TYPE_CHECKING

import pytest
from selenium.webdriver.common.by import By
from selenium.webdriver.support.ui import WebDriverWait
from tests.reports.pages import HOSTILE, PARAMETERS, make_judged, make_rows, make_run, make_tables
from tests.reports.test_pages import MAX_PAGE_BYTES, TRIALS, make_pages

from casebook.reports.chart_library import load_chart_library
from casebook.reports.judged import Judged
from casebook.reports.study_page import render_study
from casebook.reports.training_page import render_training

if TYPE_CHECKING:
    from collections.abc import Callable
    from pathlib import Path

    from selenium.webdriver import Chrome

pytestmark = pytest.mark.browser

PATIENCE_SECONDS = 30
# Text of an element, and of the charts' marks, as it is shown.
CHARTS = (
    "return [...document.querySelectorAll('[data-chart]')].map((place) => place.querySelectorAll('svg path').length)"
)
# Tables that are cut, or go beyond the window.
WIDER_THAN_THE_PAGE = """
    const end = (each) => Math.round(each.getBoundingClientRect().right);
    const isCut = (place) => place.scrollWidth > place.clientWidth + 1;
    return [...document.querySelectorAll("table, pre")].filter((each) => each.checkVisibility())
        .filter((each) => end(each) > document.documentElement.clientWidth || isCut(each.parentElement))
        .map((each) => `${each.innerText.slice(0, 40)} ${end(each)}`)"""
CLEAR_COLOUR = "return getComputedStyle(document.body).backgroundColor"


@pytest.fixture(scope="session")
def library(tmp_path_factory: pytest.TempPathFactory) -> str:
    folder = tmp_path_factory.mktemp("library")
    made = load_chart_library(folder)
    assert load_chart_library(folder) == made
    return made


@pytest.fixture(scope="session")
def pages(library: str, tmp_path_factory: pytest.TempPathFactory) -> dict[str, Path]:
    folder = tmp_path_factory.mktemp("pages")
    files = {}
    for name, page in make_pages(library).items():
        files[name] = folder / f"{name}.html"
        files[name].write_text(page, encoding="utf-8")
    return files


def open_page(browser: Chrome, page: Path) -> None:
    browser.get(page.as_uri())
    ready = "return document.body.dataset.ready"
    WebDriverWait(browser, PATIENCE_SECONDS).until(lambda shown: shown.execute_script(ready))


@pytest.mark.parametrize("name", ["binary", "multiclass", "regression", "study", "monitor", "comparison"])
def test_every_chart_is_drawn_hostile_data_stay_text_and_axe_finds_no_fault(
    browser: Chrome, find_faults: Callable[[], list[str]], pages: dict[str, Path], name: str
) -> None:
    open_page(browser, pages[name])
    drawn = browser.execute_script(CHARTS)
    assert drawn
    assert min(drawn) > 0
    assert browser.execute_script("return window.broken") is None
    assert pages[name].stat().st_size < MAX_PAGE_BYTES
    # axe takes half a minute over thousands of marks, which assistive technology does not see.
    browser.execute_script("for (const chart of document.querySelectorAll('svg')) chart.style.visibility = 'hidden'")
    assert find_faults() == []


@pytest.mark.parametrize(("name", "chart", "ticks"), [("binary", "curve loss", "123"), ("study", "trials", "01")])
def test_epochs_and_trials_are_counted_in_whole_numbers(
    browser: Chrome, pages: dict[str, Path], name: str, chart: str, ticks: str
) -> None:
    open_page(browser, pages[name])
    script = f"""return [...document.querySelectorAll("[data-chart='{chart}'] .role-axis")]
        .filter((axis) => /^X-axis|trial$|epoch$/.test(axis.textContent))
        .map((axis) => [...axis.querySelectorAll(".role-axis-label text")].map((text) => text.textContent))"""
    assert list(ticks) in browser.execute_script(script)


def test_the_tooltip_of_a_hostile_category_is_text(browser: Chrome, pages: dict[str, Path]) -> None:
    open_page(browser, pages["binary"])
    chart = browser.find_element(By.CSS_SELECTOR, "[data-chart^='effect <']")
    script = """
        const marks = [...arguments[0].querySelectorAll(".mark-symbol path")];
        for (const mark of marks) mark.dispatchEvent(new MouseEvent("pointermove", {bubbles: true}));
        return marks.length"""
    assert browser.execute_script(script, chart) > 0
    assert browser.execute_script("return window.broken") is None
    assert browser.find_elements(By.CSS_SELECTOR, "#vg-tooltip-element img, #vg-tooltip-element script") == []


@pytest.mark.parametrize("place", [0, 40, 101, 199])
def test_the_sliders_numbers_are_those_of_the_registry(browser: Chrome, pages: dict[str, Path], place: int) -> None:
    open_page(browser, pages["binary"])
    tables, _ = make_tables("binary")
    move_to(browser, place)
    own, at = make_judged("binary", make_rows()), tables["thresholds"][place]
    scorers = Judged(own.task, own.target, own.outputs, at["threshold"]).scorers()
    for name in ("accuracy", "f1"):
        expected = f"{scorers[name](None):.4f}"
        assert read(browser, f"[data-score={name}]") == (expected if expected != "nan" else "not defined")
    assert int(read(browser, "[data-count=tp]").replace(",", "")) == at["tp"]
    assert float(read(browser, "[data-score=cost]").replace(",", "")) == at["fp"] + 5 * at["fn"]


def test_the_button_moves_the_slider_to_the_least_cost(browser: Chrome, pages: dict[str, Path]) -> None:
    open_page(browser, pages["binary"])
    tables, _ = make_tables("binary")
    browser.find_element(By.CSS_SELECTOR, ".slider button").click()
    least = min(at["fp"] + 5 * at["fn"] for at in tables["thresholds"])
    assert float(read(browser, "[data-score=cost]").replace(",", "")) == least


def test_a_dark_screen_gets_a_dark_page_and_paper_a_light_one(browser: Chrome, pages: dict[str, Path]) -> None:
    found = {}
    for media, scheme in (("screen", "dark"), ("screen", "light"), ("print", "dark")):
        features = [{"name": "prefers-color-scheme", "value": scheme}]
        browser.execute_cdp_cmd("Emulation.setEmulatedMedia", {"media": media, "features": features})
        open_page(browser, pages["multiclass"])
        found[media, scheme] = browser.execute_script(CLEAR_COLOUR)
    browser.execute_cdp_cmd("Emulation.setEmulatedMedia", {"media": "", "features": []})
    assert found["screen", "dark"] == "rgb(15, 20, 25)"
    assert found["screen", "light"] == found["print", "dark"] == "rgb(255, 255, 255)"


def test_in_the_frame_of_mlflows_viewer_links_scroll_and_never_blank_the_page(
    browser: Chrome, pages: dict[str, Path], tmp_path: Path
) -> None:
    framed = '<!doctype html><iframe sandbox="allow-scripts" width="900" height="600" srcdoc="{}"></iframe>'
    (tmp_path / "viewer.html").write_text(framed.format(escape(pages["binary"].read_text())))
    browser.get((tmp_path / "viewer.html").as_uri())
    browser.switch_to.frame(0)
    ready = "return document.body.dataset.ready"
    WebDriverWait(browser, PATIENCE_SECONDS).until(lambda shown: shown.execute_script(ready))
    browser.find_element(By.CSS_SELECTOR, "nav a[href='#use']").click()
    place = browser.find_element(By.ID, "use")
    assert 0 <= browser.execute_script("return arguments[0].getBoundingClientRect().top", place) < 600
    assert browser.switch_to.active_element == place
    links = [link.get_attribute("href") for link in browser.find_elements(By.CSS_SELECTOR, "a[href]")]
    assert [link for link in links if "#" not in link] == []
    told = f"{HOSTILE} (artifact profile/<script>.html)"
    assert told in browser.execute_script("return document.body.textContent")
    browser.switch_to.default_content()


def test_links_to_other_files_stay_links_where_the_page_has_its_own_window(
    browser: Chrome, pages: dict[str, Path]
) -> None:
    open_page(browser, pages["binary"])
    links = [link.get_dom_attribute("href") for link in browser.find_elements(By.CSS_SELECTOR, "a[href]")]
    assert [link for link in links if not link.startswith("#")] == ["profile/%3Cscript%3E.html"]


@pytest.mark.parametrize("name", ["binary", "regression", "study", "comparison"])
def test_on_paper_nothing_is_wider_than_the_page(browser: Chrome, pages: dict[str, Path], name: str) -> None:
    browser.set_window_size(718, 1000)
    browser.execute_cdp_cmd("Emulation.setEmulatedMedia", {"media": "print"})
    open_page(browser, pages[name])
    wide = browser.execute_script(WIDER_THAN_THE_PAGE)
    browser.execute_cdp_cmd("Emulation.setEmulatedMedia", {"media": ""})
    assert wide == []


def test_on_a_wide_screen_the_trials_of_a_study_of_many_settings_are_seen_whole(
    browser: Chrome, library: str, tmp_path: Path
) -> None:
    names = ("optimizer.learning_rate", "network.hidden", "network.dropout", "network.l2", "network.activation")
    trials = TRIALS.assign(**{f"pima.training.{name}": 0.004058889361005011 for name in names})
    study = make_run(job="study", parameters={**PARAMETERS, "study": {"metric": ["val/auc"]}}, files=("study",))
    (tmp_path / "study.html").write_text(render_study(study, trials.drop(columns=f"pima.{HOSTILE}"), library))
    open_page(browser, tmp_path / "study.html")
    assert browser.execute_script(WIDER_THAN_THE_PAGE) == []


def test_the_largest_page_is_below_three_megabytes(library: str) -> None:
    tables, intervals = make_tables("regression", 5000)
    assert len(render_training(make_run("regression"), tables, intervals, library).encode()) < MAX_PAGE_BYTES


def move_to(browser: Chrome, place: int) -> None:
    """Move the slider as a person does with the keyboard, and tell the page of it."""
    slider = browser.find_element(By.ID, "threshold")
    script = "arguments[0].value = arguments[1]; arguments[0].dispatchEvent(new Event('input', {bubbles: true}))"
    browser.execute_script(script, slider, str(place))


def read(browser: Chrome, selector: str) -> str:
    return str(browser.find_element(By.CSS_SELECTOR, selector).text)
