"""Take the pages' pictures from the running product: `python tools/take_pictures.py` (after `make redhat`, say).

Starts `casebook ui` and Kedro-Viz, looks at them in headless Chromium and writes docs/pictures/.
"""

from __future__ import annotations

import argparse
import subprocess
import sys
import time
from contextlib import contextmanager
from pathlib import Path
from typing import TYPE_CHECKING
from urllib.error import URLError
from urllib.request import urlopen

import mlflow
from selenium.webdriver.common.by import By
from selenium.webdriver.support.expected_conditions import presence_of_element_located
from selenium.webdriver.support.wait import WebDriverWait

from casebook.config.paths import tracking_uri
from headless_browser import open_browser

if TYPE_CHECKING:
    from collections.abc import Iterator

PICTURES = Path(__file__).parents[1] / "docs" / "pictures"
SIZE = (1400, 900)
START_SECONDS, SETTLING_SECONDS = 300, 5
UI_PORT, VIZ_PORT = 5987, 4187
VIZ = f"from kedro_viz.server import run_server; run_server(port={VIZ_PORT})"
VIZ_CASE = "redhat"
# Hints for who sees it first, and of a newer version, lie over the graph.
WITHOUT_HINTS = """
const kept = JSON.parse(localStorage.getItem("KedroViz") || "{}");
localStorage.setItem("KedroViz", JSON.stringify({...kept, showFeatureHints: false}));
"""
DISMISS = """
const found = [...document.querySelectorAll("button")].find((each) => each.textContent.trim() === "Dismiss");
if (found) found.click();
"""
# What each page has once it is drawn.
RUNS, RUN, GRAPH = ".ag-row", "table, [role=table]", ".pipeline-node"
CHARTS = ".js-plotly-plot .bars, .js-plotly-plot .lines"


@contextmanager
def running(command: list[str], address: str) -> Iterator[None]:
    """Run a server until the pictures are taken."""
    with subprocess.Popen(command, stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL) as process:
        try:
            _wait(address)
            yield
        finally:
            process.terminate()


def _wait(address: str) -> None:
    end = time.monotonic() + START_SECONDS
    while True:
        try:
            urlopen(address).close()  # noqa: S310 - this machine's
        except URLError:
            if time.monotonic() > end:
                raise
            time.sleep(0.5)
        else:
            return


def main(case: str) -> None:
    """Take the pictures of a case's newest trained model in MLflow, and of a pipeline."""
    mlflow.set_tracking_uri(tracking_uri())
    (newest,) = mlflow.search_runs(
        experiment_names=[case], filter_string="tags.`model.version` != ''", max_results=1, output_format="list"
    )
    ui, viz = f"http://127.0.0.1:{UI_PORT}", f"http://127.0.0.1:{VIZ_PORT}"
    experiment = f"{ui}/#/experiments/{newest.info.experiment_id}"
    run = f"{experiment}/runs/{newest.info.run_id}"
    PICTURES.mkdir(exist_ok=True)
    with open_browser(*SIZE) as browser:

        def look(address: str, drawn: str) -> None:
            browser.get(address)
            WebDriverWait(browser, START_SECONDS).until(presence_of_element_located((By.CSS_SELECTOR, drawn)))
            time.sleep(SETTLING_SECONDS)

        def take(name: str) -> None:
            browser.execute_script(DISMISS)
            time.sleep(1)
            browser.save_screenshot(str(PICTURES / f"{name}.png"))

        with running([str(Path(sys.executable).with_name("casebook")), "ui", "--port", str(UI_PORT)], ui):
            for name, address, drawn in (
                ("mlflow_runs", experiment, RUNS),
                ("mlflow_charts", f"{run}/model-metrics", CHARTS),
                ("mlflow_run", run, RUN),
            ):
                look(address, drawn)
                take(name)
        with running([sys.executable, "-c", VIZ], viz):
            look(viz, GRAPH)
            browser.execute_script(WITHOUT_HINTS)
            look(f"{viz}/?pid={VIZ_CASE}", GRAPH)
            take("kedro_viz")


if __name__ == "__main__":
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--case", default="redhat")
    main(parser.parse_args().case)
