"""The page at `/` as a person uses it: by keyboard, by pointer, with hostile data, on a phone."""

from __future__ import annotations

import json
import threading
from contextlib import contextmanager
from typing import TYPE_CHECKING, Any
from urllib.request import Request, urlopen

import mlflow
import numpy as np
import pandas as pd
import pytest
import uvicorn
from selenium.common.exceptions import NoSuchElementException, StaleElementReferenceException
from selenium.webdriver import Keys
from selenium.webdriver.common.action_chains import ActionChains
from selenium.webdriver.common.by import By
from selenium.webdriver.support.wait import WebDriverWait
from tests.estimators.frames import SMALL, customers
from tests.serving.form import make_champion

from casebook import TabularClassifier
from casebook.model_registry.champion import load_champion
from casebook.runtime.ports import free_port
from casebook.serving.app import create_app

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator
    from pathlib import Path

    from selenium.webdriver import Chrome
    from selenium.webdriver.remote.webelement import WebElement

    from casebook.model_registry.champion import Champion

pytestmark = pytest.mark.browser

PATIENCE = 20
SCRIPT = "<script>document.title = 'spoilt'</script>"
LONG = "paid_on_average_over_the_last_twelve_months_in_euros"
IMAGE = '"><img src=x onerror="document.title = 1">'


@contextmanager
def serving(champion: Champion) -> Iterator[str]:
    """Serve a champion in a thread of the tests' process -> the page's address."""
    port = free_port()
    server = uvicorn.Server(uvicorn.Config(create_app(champion, 1 << 20), port=port, log_level="warning"))
    thread = threading.Thread(target=server.run)
    thread.start()
    try:
        yield f"http://127.0.0.1:{port}/"
    finally:
        server.should_exit = True
        thread.join()


@pytest.fixture(scope="module")
def churn(tmp_path_factory: pytest.TempPathFactory, empty_store: Path) -> Iterator[Champion]:
    """Customers of whom one plan and one column have names that are markup, as a notebook logs them."""
    folder = tmp_path_factory.mktemp("churn")
    address = f"sqlite:///{folder / 'mlflow.db'}"
    (folder / "mlflow.db").write_bytes(empty_store.read_bytes())
    frame, left = customers()
    frame = frame.assign(plan=frame["plan"].astype("str").replace("plus", SCRIPT))
    frame = frame.rename(columns={"size": IMAGE, "paid": LONG})
    with pytest.MonkeyPatch.context() as patch:
        patch.chdir(folder)
        columns = {"months": {"type": "integer"}}
        model = TabularClassifier(random_state=0, columns=columns, **SMALL).fit(frame, pd.Series(left, name="status"))
        model.log_model("churn", X_test=frame, y_test=left, tracking_uri=address)
        champion = load_champion("churn")
        assert champion.profile
        assert champion.scores["test"]
    # As a run of a pipeline logs them: beside a reference and with intervals, of which the longest stand here.
    scores = {name: score for metric in ("brier_score", "log_loss") for name, score in (
        (metric, -1234.5678), (f"{metric}_low", -1300.123), (f"{metric}_high", -1199.987))}  # fmt: skip
    vars(champion).update(scores=dict.fromkeys(("test", "baseline", "reference"), scores))
    return champion


@pytest.fixture(scope="module")
def page(churn: Champion) -> Iterator[str]:
    with serving(churn) as address:
        yield address


def wait(browser: Chrome, condition: Callable[[Chrome], Any]) -> Any:  # noqa: ANN401
    # What is looked at may be shown anew at that moment.
    passing = [StaleElementReferenceException, NoSuchElementException]
    return WebDriverWait(browser, PATIENCE, ignored_exceptions=passing).until(condition)


def read(browser: Chrome, selector: str) -> str:
    return browser.find_element(By.CSS_SELECTOR, selector).text


def find_input(browser: Chrome, label: str) -> WebElement:
    """Find an input by its label, as a person does."""
    found = [each for each in browser.find_elements(By.CSS_SELECTOR, ".field label") if each.text == label]
    return browser.find_element(By.ID, found[0].get_attribute("for") or "")


def open_page(browser: Chrome, address: str) -> None:
    browser.get(address)
    wait(browser, lambda b: b.find_elements(By.CSS_SELECTOR, "#changes table, #changes .hint"))


def predict(champion: Champion, **changed: object) -> pd.Series:
    loaded = mlflow.pyfunc.load_model(str(champion.folder.parents[1]))
    return loaded.predict(pd.DataFrame([{**champion.example, **changed}])).iloc[0]


def write_probability(share: float) -> str:
    return f"{100 * share:.{1 if 0.001 < share < 0.999 else 3}f}\u00a0%"


def test_a_person_fills_the_form_by_keyboard_and_reads_what_the_model_predicts(
    browser: Chrome, churn: Champion, page: str
) -> None:
    open_page(browser, page)
    assert read(browser, "header .predicted") == "Predicts status, left or stayed"
    assert read(browser, "#answer").startswith(f"Predicted status\n{predict(churn)['class']}\n")
    keys = ActionChains(browser)
    # Past the link to the content and those to the parts, to the first field; each has a visible ring.
    for _ in range(7):
        keys.send_keys(Keys.TAB)
    keys.perform()
    focused = browser.switch_to.active_element
    assert focused == find_input(browser, "plan")
    assert focused.value_of_css_property("outline-style") == "solid"
    # What stands in a field is marked when one comes to it by keyboard, and typed over.
    ActionChains(browser).send_keys("max", Keys.TAB, "12", Keys.ENTER).perform()
    expected = predict(churn, plan="max", months=12)
    written = f"Probability of status = stayed: {write_probability(expected['probability'])}; it is stayed from"
    wait(browser, lambda b: written in read(b, "#answer").replace(" %", "\u00a0%"))
    assert read(browser, ".headline") == expected["class"]


def test_the_nearest_change_is_tried_by_its_button_and_turns_the_class(browser: Chrome, page: str) -> None:
    open_page(browser, page)
    before = read(browser, ".headline")
    button = browser.find_element(By.CSS_SELECTOR, "#changes button")
    button.click()
    wait(browser, lambda b: read(b, ".headline") not in {before, ""})
    assert {before, read(browser, ".headline")} == {"left", "stayed"}
    browser.find_element(By.CSS_SELECTOR, "button[type=reset]").click()
    wait(browser, lambda b: read(b, ".headline") == before)


def test_a_value_that_is_none_is_told_beside_its_field(browser: Chrome, page: str) -> None:
    open_page(browser, page)
    days = find_input(browser, "months")
    days.clear()
    days.send_keys("1.5", Keys.ENTER)
    wait(browser, lambda b: read(b, "#answer").startswith("No answer"))
    assert "months: 1.5 is not a whole number" in read(browser, "#answer")
    assert days.get_attribute("aria-invalid") == "true"
    described = [
        browser.find_element(By.ID, each).text for each in (days.get_attribute("aria-describedby") or "").split()
    ]
    assert "1.5 is not a whole number" in described
    # Chromium itself writes that a request was refused; nothing else may stand there.
    refused = [entry["message"] for entry in browser.get_log("browser")]
    assert all("status of 400" in message for message in refused)
    days.clear()
    days.send_keys("3", Keys.ENTER)
    wait(browser, lambda _: days.get_attribute("aria-invalid") is None)


def test_what_data_hold_stays_text(browser: Chrome, churn: Champion, page: str) -> None:
    open_page(browser, page)
    plan = find_input(browser, "plan")
    plan.clear()
    plan.send_keys(SCRIPT, Keys.ENTER)
    probability = write_probability(predict(churn, plan=SCRIPT)["probability"])
    wait(browser, lambda b: probability in read(b, "#answer").replace(" %", "\u00a0%"))
    assert find_input(browser, IMAGE).get_attribute("value") == churn.example[IMAGE]
    assert browser.find_elements(By.TAG_NAME, "img") == []
    assert browser.title == "churn: try the model"


def test_a_file_comes_back_with_answers_by_a_link(browser: Chrome, churn: Champion, page: str, tmp_path: Path) -> None:
    rows = pd.DataFrame([churn.example] * 3).assign(months=[1, "x", 59])
    file = tmp_path / "new <b>rows.csv"
    rows.to_csv(file, index=False)
    open_page(browser, page)
    browser.find_element(By.ID, "csv").send_keys(str(file))
    browser.find_element(By.CSS_SELECTOR, "#upload button").click()
    wait(browser, lambda b: "2 answered" in read(b, "#uploaded"))
    assert "3 rows: 2 answered, 1 rejected. answered_new <b>rows.csv" in read(browser, "#uploaded")
    assert "1 months: 'x' is not a whole number" in read(browser, "#uploaded table")
    link = browser.find_element(By.CSS_SELECTOR, "#uploaded a")
    allowed = {"behavior": "allow", "downloadPath": str(tmp_path)}
    browser.execute_cdp_cmd("Browser.setDownloadBehavior", allowed)
    link.click()
    # The browser puts other signs in the place of those that no file may be called by.
    wait(browser, lambda _: [*tmp_path.glob("answered_*.csv")])
    answered = pd.read_csv(next(tmp_path.glob("answered_*.csv")))
    assert answered["row"].tolist() == [0, 1, 2]
    assert answered["class"].isna().tolist() == [False, True, False]
    assert answered["probability"].iloc[2] == pytest.approx(predict(churn, months=59)["probability"])
    browser.find_element(By.ID, "measure").click()
    wait(browser, lambda b: "2 rows since" in read(b, "#drifted"))
    assert "2 rows are few: an index below what chance alone makes of them tells nothing yet" in read(
        browser, "#drifted .notice"
    )
    assert "alarm" not in read(browser, "#drifted tbody")
    assert "months" in read(browser, "#drifted table")


@pytest.mark.parametrize("path", ["", "docs"])
@pytest.mark.parametrize("scheme", ["light", "dark"])
def test_axe_finds_no_serious_fault_and_the_page_fits_a_phone(
    browser: Chrome, find_faults: Callable[[], list[str]], churn: Champion, page: str, path: str, scheme: str
) -> None:
    # So many that their drift sounds the alarm.
    body = json.dumps({"instances": [churn.example] * 60}).encode()
    urlopen(Request(f"{page}invocations", body, {"Content-Type": "application/json"})).close()  # noqa: S310
    media = {"features": [{"name": "prefers-color-scheme", "value": scheme}]}
    browser.execute_cdp_cmd("Emulation.setEmulatedMedia", media)
    if path:
        browser.get(page + path)
    else:
        open_page(browser, page)
        wait(browser, lambda b: LONG in read(b, "#drifted") and "alarm" in read(b, "#drifted tbody"))
    assert find_faults() == []
    browser.execute_cdp_cmd("Emulation.setEmulatedMedia", {"features": []})


class ModelOfImages:
    """Answers with the row of the brightest pixel."""

    columns = {"image": "image"}  # noqa: RUF012
    optional: frozenset[str] = frozenset()
    task, threshold, classes = "multiclass", 0.5, ()

    def predict(self, rows: pd.DataFrame, threshold: float | None = None) -> pd.DataFrame:  # noqa: ARG002
        images = np.stack([np.asarray(image, dtype=float) for image in rows["image"]])
        share = images.sum(axis=2) + 1e-9
        share /= share.sum(axis=1, keepdims=True)
        named = {f"probability_{number}": share[:, number] for number in range(share.shape[1])}
        return pd.DataFrame({**named, "class": share.argmax(axis=1)}, rows.index)


def test_an_image_is_drawn_by_keys_and_by_pointer(browser: Chrome, find_faults: Callable[[], list[str]]) -> None:
    example = np.zeros((8, 8), int)
    example[2, 1] = 255
    champion = make_champion("digits", ModelOfImages(), {}, {"image": example.tolist()})
    with serving(champion) as address:
        browser.get(address)
        wait(browser, lambda b: read(b, "#answer").startswith("class 2"))
        browser.find_element(By.CSS_SELECTOR, "[data-tool=clear]").click()
        canvas = browser.find_element(By.TAG_NAME, "canvas")
        # The pen begins in the middle; it is lowered two lines below and lifted again.
        canvas.send_keys(Keys.ARROW_DOWN, Keys.ARROW_DOWN, " ", Keys.ARROW_RIGHT, " ")
        wait(browser, lambda b: read(b, "#answer").startswith("class 6"))
        browser.find_element(By.CSS_SELECTOR, "[data-tool=clear]").click()
        height = canvas.size["height"]
        at = ActionChains(browser).move_to_element_with_offset(canvas, 0, round(-0.4375 * height))
        at.click_and_hold().move_by_offset(20, 0).release().perform()
        wait(browser, lambda b: read(b, "#answer").startswith("class 0"))
        assert find_faults() == []
        assert json.loads(canvas.get_attribute("data-value") or "") == example.tolist()
