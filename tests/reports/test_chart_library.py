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


def test_the_first_folder_that_can_be_written_to_keeps_it_and_each_is_looked_into(tmp_path: Path) -> None:
    name = name_library(vl_convert.get_vega_version())
    # A file stands where the folder would be: nothing can be kept below it.
    (tmp_path / "closed").touch()
    folders = [tmp_path / place for place in ("closed", "open", "last")]
    made = load_chart_library(*folders)
    assert (folders[1] / name).read_text() == made
    assert not folders[2].exists()
    (folders[1] / name).write_text(f"kept{END}")
    assert load_chart_library(folders[2], *folders) == f"kept{END}"
