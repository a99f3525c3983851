"""The bundle of the charts' JavaScript is kept, and made anew where what is kept is not all of it."""

from __future__ import annotations

from typing import TYPE_CHECKING

import vl_convert

from casebook.reports.chart_library import END, load_chart_library, name_library

if TYPE_CHECKING:
    from pathlib import Path


def test_a_kept_bundle_that_is_empty_is_made_anew_and_a_whole_one_is_used(tmp_path: Path) -> None:
    file = tmp_path / name_library(vl_convert.get_vega_version())
    file.write_text("")
    assert len(load_chart_library(tmp_path)) > 500_000
    file.write_text(f"kept{END}")
    assert load_chart_library(tmp_path) == f"kept{END}"
