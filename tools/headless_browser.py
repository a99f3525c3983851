"""A headless Chromium that reaches this machine alone."""

from __future__ import annotations

import shutil
import tempfile
from contextlib import contextmanager
from typing import TYPE_CHECKING

from selenium.webdriver import Chrome, ChromeOptions, ChromeService

if TYPE_CHECKING:
    from collections.abc import Iterator

FLAGS = (
    "--headless", "--no-sandbox", "--disable-gpu", "--disable-quic", "--no-first-run", "--disable-sync",
    "--disable-background-networking", "--disable-component-update", "--disable-dev-shm-usage", "--hide-scrollbars",
    "--host-resolver-rules=MAP * ~NOTFOUND, EXCLUDE 127.0.0.1, EXCLUDE localhost",
)  # fmt: skip
# Chromium's window is so much higher than the page in it.
FRAME = 143


@contextmanager
def open_browser(width: int, height: int) -> Iterator[Chrome]:
    """Open a browser whose page has a width and a height in pixels; it needs chromium and chromedriver of Debian."""
    options = ChromeOptions()
    options.binary_location = shutil.which("chromium") or ""
    with tempfile.TemporaryDirectory(ignore_cleanup_errors=True) as folder:
        for flag in (*FLAGS, f"--window-size={width},{height + FRAME}", f"--user-data-dir={folder}"):
            options.add_argument(flag)
        browser = Chrome(options, ChromeService(shutil.which("chromedriver")))
        try:
            yield browser
        finally:
            browser.quit()
