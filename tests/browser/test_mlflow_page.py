"""What the script in MLflow's page tells it to show, where the browser has kept nothing."""

from __future__ import annotations

import json
from typing import TYPE_CHECKING, Any

import pytest

from casebook.tracking.chart_order import SCRIPT

if TYPE_CHECKING:
    from pathlib import Path

    from selenium.webdriver import Chrome

pytestmark = pytest.mark.browser

TABLE = 'x-ExperimentPage-["1"]-ReactComponentState'
# Stands for MLflow's server, which answers each search with one run.
SERVER = """<!doctype html><title>MLflow</title><script>
window.XMLHttpRequest = class {
  open() {}
  setRequestHeader() {}
  send() { this.responseText = %s; }
};</script>"""


def columns_shown(browser: Chrome, folder: Path, task: str, metrics: list[str]) -> list[str]:
    data = {"metrics": [{"key": name} for name in metrics], "params": [{"key": "pima.task", "value": task}]}
    answer = json.dumps(json.dumps({"runs": [{"data": data}]}))
    (folder / "page.html").write_text(SERVER % answer + SCRIPT)
    browser.get((folder / "page.html").as_uri())
    state: dict[str, Any] = json.loads(browser.execute_script(f"return localStorage.getItem('{TABLE}')"))
    return [name.removeprefix("metrics.").strip("`") for name in state["selectedColumns"]]


def test_the_table_of_runs_shows_scores_the_headline_first_and_nothing_that_belongs_to_one(
    browser: Chrome, tmp_path: Path
) -> None:
    scores = [f"test/{name}{end}" for name in ("accuracy", "auc", "f1", "log_loss") for end in ("", "_low", "_high")]
    others = ["test/accuracy_std", "test/accuracy_at_0.6", "test/seen_row_share", "baseline/auc", "val/auc", "val/loss"]
    others.append("best/val/accuracy")
    expected = ["test/auc", "baseline/auc", "val/auc", "test/accuracy", "test/f1", "val/accuracy", "tags.`data.origin"]
    assert columns_shown(browser, tmp_path, "binary", [*scores, *others]) == expected
    assert columns_shown(browser, tmp_path, "multiclass", [*scores, *others])[:2] == ["test/accuracy", "test/auc"]
