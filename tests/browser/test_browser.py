"""The browser that looks at the pages judges them."""

from __future__ import annotations

from typing import TYPE_CHECKING

import pytest
from tests.browser.conftest import find_console_errors, find_foreign_requests

if TYPE_CHECKING:
    from collections.abc import Callable
    from pathlib import Path

    from selenium.webdriver import Chrome

pytestmark = pytest.mark.browser

GOOD = '<!doctype html><html lang="en"><title>t</title><main><h1>One</h1><label>Two <input></label></main></html>'
BAD = '<!doctype html><html lang="en"><title>t</title><main><h1>One</h1><input style="width: 2000px"></main></html>'
WIDER = "the page is 2016 pixels wide"
FOUND = [["1400", "label"], ["1400", WIDER], ["400", "label"], ["400", WIDER]]


@pytest.mark.parametrize(("page", "found"), [(GOOD, []), (BAD, FOUND)])
def test_an_input_without_label_and_a_page_wider_than_the_screen_are_faults(
    browser: Chrome, find_faults: Callable[[], list[str]], tmp_path: Path, page: str, found: list[list[str]]
) -> None:
    (tmp_path / "page.html").write_text(page)
    browser.get((tmp_path / "page.html").as_uri())
    assert [fault.split(": ")[:2] for fault in find_faults()] == found


def test_what_a_page_asks_of_another_machine_is_told_and_does_not_come(browser: Chrome, tmp_path: Path) -> None:
    (tmp_path / "page.html").write_text('<!doctype html><title>t</title><img src="https://example.org/a.png" alt="">')
    browser.get((tmp_path / "page.html").as_uri())
    assert find_foreign_requests(browser) == ["https://example.org/a.png"]
    assert len(find_console_errors(browser)) == 1
