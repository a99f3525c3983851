from __future__ import annotations

from pathlib import Path

import pytest

from casebook.caching.inheriting import inherit, nodes_made, steady_records
from casebook.caching.kept_outputs import explain
from casebook.caching.lineage import Lineage
from casebook.caching.records import Materialization, Records
from casebook.data.file_fingerprints import read_state

RECIPE = Lineage("code", {}, {})


@pytest.fixture
def earlier(tmp_path: Path) -> Path:
    """The folder of a run in which one node made a table and arrays, and another one metrics only."""
    folder = tmp_path / "earlier"
    (folder / "arrays").mkdir(parents=True)
    for name in ("table", "arrays/codes.npy"):
        (folder / name).write_text(name)
    files = {str(folder / name): read_state(folder / name) for name in ("table", "arrays")}
    records = Records.of(folder)
    records.add("toy.make", Materialization(RECIPE, files, {}, "yesterday"))
    records.add("toy.count", Materialization(RECIPE, {}, {"toy.counts": {"rows": 3.0}}, "yesterday"))
    return folder


def reasons(folder: Path, node: str = "toy.make") -> list[str]:
    return explain(node, RECIPE, Records.of(folder).made.get(node))


def test_files_and_records_are_taken_over_and_hold_in_both_folders(earlier: Path, tmp_path: Path) -> None:
    assert nodes_made(earlier) == {"toy.make": [Path("table"), Path("arrays")], "toy.count": []}
    with steady_records([earlier]):
        inherit(earlier, tmp_path / "later", [Path("table"), Path("arrays")], ["toy.count"])
    for folder in (earlier, tmp_path / "later"):
        assert reasons(folder) == reasons(folder, "toy.count") == []
    assert (tmp_path / "later" / "table").samefile(earlier / "table")


def test_a_file_that_was_changed_stays_known_as_changed(earlier: Path, tmp_path: Path) -> None:
    (earlier / "table").write_text("another")
    with steady_records([earlier]):
        inherit(earlier, tmp_path / "later", [Path("table"), Path("arrays")])
    for folder in (earlier, tmp_path / "later"):
        assert reasons(folder) == [f"{folder / 'table'} is changed"]


def test_what_was_not_taken_over_is_not_there(earlier: Path, tmp_path: Path) -> None:
    inherit(earlier, tmp_path / "later", [Path("table")])
    assert reasons(tmp_path / "later") == [f"{tmp_path / 'later' / 'arrays'} is not there"]


def test_records_hold_when_another_folder_with_the_same_files_is_removed(earlier: Path, tmp_path: Path) -> None:
    later = tmp_path / "later"
    inherit(earlier, later, [Path("table"), Path("arrays")])
    assert reasons(later) == []
    with steady_records([earlier, later]):
        (earlier / "table").unlink()
    assert reasons(later) == []
