"""A headless Chromium of Debian's that reaches this machine alone."""

from __future__ import annotations

import json
import shutil
from typing import TYPE_CHECKING
from urllib.parse import urlsplit

import pytest
from axe_core_python.selenium import Axe
from selenium.webdriver import Chrome, ChromeOptions, ChromeService

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator

PROGRAMS = ("chromium", "chromium-browser", "google-chrome")
FLAGS = (
    "--headless", "--no-sandbox", "--disable-gpu", "--disable-quic", "--no-first-run",
    "--disable-background-networking",
    "--disable-component-update", "--disable-sync", "--disable-dev-shm-usage", "--hide-scrollbars",
    # A page that needs another machine does not get it, wherever the tests run.
    "--host-resolver-rules=MAP * ~NOTFOUND, EXCLUDE 127.0.0.1",
)  # fmt: skip
LOCAL = {"", "127.0.0.1"}
WIDE, NARROW = (1400, 1000), (400, 800)
GRAVE = {"serious", "critical"}


@pytest.fixture(scope="session")
def chromium(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Chrome]:
    """Start the browser once for all pages."""
    program = next(filter(None, map(shutil.which, PROGRAMS)), None)
    driver = shutil.which("chromedriver")
    assert program, f"none of {', '.join(PROGRAMS)} is on the path; apt-get install chromium chromium-driver"
    assert driver, "chromedriver is not on the path; apt-get install chromium-driver"
    options = ChromeOptions()
    options.binary_location = program
    for flag in (*FLAGS, f"--user-data-dir={tmp_path_factory.mktemp('chromium')}"):
        options.add_argument(flag)
    options.set_capability("goog:loggingPrefs", {"browser": "ALL", "performance": "ALL"})
    started = Chrome(options, ChromeService(driver))
    started.set_script_timeout(30)
    yield started
    started.quit()


@pytest.fixture
def browser(chromium: Chrome) -> Iterator[Chrome]:
    """Give the browser with an empty page; what it asked for, and what its console says, is judged at the end."""
    chromium.set_window_size(*WIDE)
    chromium.get("about:blank")
    for name in ("browser", "performance"):
        chromium.get_log(name)
    yield chromium
    assert find_foreign_requests(chromium) == []
    assert find_console_errors(chromium) == []
    chromium.get("about:blank")


@pytest.fixture
def find_faults(browser: Chrome) -> Callable[[], list[str]]:
    """Return what lists the serious faults that axe-core finds in the page that is open, at both widths."""

    def find() -> list[str]:
        found = []
        for width, height in (WIDE, NARROW):
            browser.set_window_size(width, height)
            violations = Axe().run(browser)["violations"]
            found += [
                f"{width}: {each['id']}: {node['html'][:200]}: {node['failureSummary']}"
                for each in violations
                if each["impact"] in GRAVE
                for node in each["nodes"]
            ]
            page = browser.execute_script("return document.documentElement.scrollWidth")
            found += [f"{width}: the page is {page} pixels wide"] if page > width else []
        browser.set_window_size(*WIDE)
        return found

    return find


def find_foreign_requests(browser: Chrome) -> list[str]:
    """List the addresses on other machines that pages have asked for."""
    events = [json.loads(entry["message"])["message"] for entry in browser.get_log("performance")]
    asked = [event["params"]["request"]["url"] for event in events if event["method"] == "Network.requestWillBeSent"]
    return [url for url in asked if urlsplit(url).scheme in {"http", "https"} and urlsplit(url).hostname not in LOCAL]


def find_console_errors(browser: Chrome) -> list[str]:
    """List the errors and warnings in the console."""
    return [entry["message"] for entry in browser.get_log("browser") if entry["level"] in {"SEVERE", "WARNING"}]
