"""`casebook fetch`: it says where the files are; `tests/test_fetching.py` has the downloads."""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from collections.abc import Callable

    import pytest
    from click.testing import Result


def test_the_files_are_told_a_line_each(casebook: Callable[..., Result], monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("casebook.data.download.fetch_files", lambda case: [Path(case) / "a.csv", Path(case) / "b.csv"])
    assert casebook("fetch", "redhat").output == "redhat/a.csv\nredhat/b.csv\n"
