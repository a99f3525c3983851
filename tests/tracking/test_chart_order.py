"""The page of the MLflow UI with the script that puts the curves first."""

from __future__ import annotations

import re

import pytest
from flask import Flask, Response

from casebook.tracking.chart_order import SCRIPT, insert_script

PAGE = '<html><head><title>MLflow</title></head><body><div id="root"></div></body></html>'


def page_after(page: str, mimetype: str = "text/html", status: int = 200) -> Response:
    with Flask("ui").app_context():
        response = Response(page, status, mimetype=mimetype)
        response.set_etag("known")
        return insert_script(response)


def test_the_script_comes_before_all_of_mlflows_own() -> None:
    response = page_after(PAGE)
    assert response.get_data(as_text=True) == PAGE.replace("<head>", f"<head>{SCRIPT}")
    assert response.headers["Content-Length"] == str(len(response.get_data()))


def test_a_page_that_the_browser_knows_from_another_mlflow_is_not_kept() -> None:
    headers = page_after(PAGE).headers
    assert "ETag" not in headers
    assert headers["Cache-Control"] == "no-store"


@pytest.mark.parametrize(
    ("page", "mimetype", "status"),
    [
        ("<html><head></head><body>an artifact</body></html>", "text/html", 200),
        (PAGE, "text/plain", 200),
        (PAGE, "text/html", 404),
    ],
)
def test_every_other_answer_is_left_as_it_is(page: str, mimetype: str, status: int) -> None:
    response = page_after(page, mimetype, status)
    assert response.get_data(as_text=True) == page
    assert response.headers["ETag"] == '"known"'


def test_the_groups_that_a_script_names_are_those_of_the_contract() -> None:
    assert 'const first = ["train", "val", "test"];' in SCRIPT
    (constants,) = re.findall(r"const constants = \[([^]]*)\]", SCRIPT)
    assert re.findall(r'"([\w/]+)"', constants) == [
        "default", "baseline", "reference", "best_reachable", "fit", "evaluation", "promotion", "data", "seconds",
        "seconds/background",
    ]  # fmt: skip


def test_mlflows_page_and_keys_are_those_that_the_script_expects() -> None:
    """A later MLflow that names them otherwise would silently show its own order again."""
    from pathlib import Path

    import mlflow.server

    build = Path(mlflow.server.__file__).parent / "js" / "build"
    assert '<div id="root"' in (build / "index.html").read_text()
    scripts = [file.read_text() for file in (build / "static" / "js").glob("*.js")]
    for words in (
        '"chartUIState"',
        'getStoreForComponent("RunPage",',
        "isAccordionReordered",
        "compareRunSections",
        '"mlflow.workflowType",version:1',
        'getStoreForComponent("ExperimentPage",',
        "selectedColumns:",
    ):
        assert any(words in script for script in scripts), words
