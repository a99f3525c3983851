import json
import os
import shutil
from pathlib import Path

import pytest

from casebook.caching.kept_outputs import explain
from casebook.caching.lineage import Lineage
from casebook.caching.records import Materialization, Records
from casebook.data.file_fingerprints import read_state

LINEAGE = Lineage("code 1", {"toy.seed": 1, "toy.names": ["a"]}, {"toy.table": "made 1"})


@pytest.fixture
def kept(tmp_path: Path) -> Records:
    """Records in the folder of a run, with one node that made a file and a folder."""
    (tmp_path / "table.parquet").write_text("table")
    (tmp_path / "arrays").mkdir()
    for name in ("codes", "ids"):
        (tmp_path / "arrays" / f"{name}.npy").write_text(name)
    found = Records.of(tmp_path)
    files = {str(tmp_path / name): read_state(tmp_path / name) for name in ("table.parquet", "arrays")}
    found.add("toy.make", Materialization(LINEAGE, files, {"toy.counts": {"rows": 3.0}}, "yesterday"))
    return Records.of(tmp_path)


def test_what_was_recorded_is_read_again(kept: Records) -> None:
    made = kept.made["toy.make"]
    assert made.lineage == LINEAGE
    assert made.metrics == {"toy.counts": {"rows": 3.0}}
    assert explain("toy.make", LINEAGE, made) == []


def test_records_hold_after_their_project_was_moved_and_none_of_a_copy_that_has_other_files(
    kept: Records, tmp_path: Path
) -> None:
    assert set(json.loads(kept.path.read_text())["toy.make"]["files"]) == {"table.parquet", "arrays"}
    moved, copied = tmp_path.with_name(f"{tmp_path.name}-moved"), tmp_path.with_name(f"{tmp_path.name}-copied")
    shutil.copytree(tmp_path, copied)
    tmp_path.rename(moved)
    made = Records.of(moved).made["toy.make"]
    assert set(made.files) == {str(moved / "table.parquet"), str(moved / "arrays")}
    assert explain("toy.make", LINEAGE, made) == []
    told = explain("toy.make", LINEAGE, Records.of(copied).made["toy.make"])
    assert told == [f"{copied / name} is changed" for name in ("table.parquet", "arrays")]


def test_a_file_outside_the_project_is_recorded_where_it_lies(kept: Records, tmp_path: Path) -> None:
    outside = str(tmp_path.with_name("outside.parquet"))
    kept.add("toy.far", Materialization(LINEAGE, {outside: {}}, {}, "today"))
    assert set(Records.of(kept.path.parent).made["toy.far"].files) == {outside}


@pytest.mark.parametrize("content", ["", "{", '{"toy.make": {}}', '{"toy.make": {"lineage": {}}}', "[]"])
def test_records_that_cannot_be_read_are_none_which_is_logged(
    kept: Records, content: str, caplog: pytest.LogCaptureFixture
) -> None:
    kept.path.write_text(content)
    assert Records.of(kept.path.parent).made == {}
    assert f"{kept.path} cannot be read" in caplog.text
    assert "all is made anew" in caplog.text


def test_records_of_an_earlier_version_are_none(kept: Records) -> None:
    earlier = kept.path.read_text().replace('"lineage"', '"recipe"')
    assert earlier != kept.path.read_text()
    kept.path.write_text(earlier)
    assert Records.of(kept.path.parent).made == {}


def test_a_node_that_was_never_run_has_to() -> None:
    assert explain("toy.make", LINEAGE, None) == ["it has not been made here yet"]


@pytest.mark.parametrize(
    ("lineage", "reasons"),
    [
        (Lineage("code 2", LINEAGE.parameters, LINEAGE.inputs), ["its code changed"]),
        (Lineage("code 1", {"toy.seed": 2, "toy.names": ["a"]}, LINEAGE.inputs), ["toy.seed changed"]),
        (Lineage("code 1", {"toy.seed": 1}, LINEAGE.inputs), ["toy.names changed"]),
        (Lineage("code 1", LINEAGE.parameters, {"toy.table": "made 2"}), ["toy.table changed"]),
    ],
)
def test_another_lineage_is_told_by_what_differs(kept: Records, lineage: Lineage, reasons: list[str]) -> None:
    assert explain("toy.make", lineage, kept.made["toy.make"]) == reasons


def rewrite(path: Path) -> None:
    """Put as much into a file and set its time back."""
    before = path.stat()
    path.write_text(path.read_text().upper())
    os.utime(path, ns=(before.st_atime_ns, before.st_mtime_ns))


@pytest.mark.parametrize(
    ("change", "named", "how"),
    [
        (lambda folder: (folder / "table.parquet").unlink(), "table.parquet", "not there"),
        (lambda folder: rewrite(folder / "table.parquet"), "table.parquet", "changed"),
        (lambda folder: (folder / "table.parquet").write_text("longer than before"), "table.parquet", "changed"),
        (lambda folder: (folder / "arrays" / "ids.npy").unlink(), "arrays", "changed"),
        (lambda folder: (folder / "arrays" / "more.npy").touch(), "arrays", "changed"),
        (lambda folder: rewrite(folder / "arrays" / "codes.npy"), "arrays", "changed"),
        (lambda folder: shutil.rmtree(folder / "arrays"), "arrays", "not there"),
    ],
)  # fmt: skip
def test_a_file_that_is_gone_or_was_touched_is_made_again(
    kept: Records,
    tmp_path: Path,
    change: object,
    named: str,
    how: str,
) -> None:
    change(tmp_path)
    assert explain("toy.make", LINEAGE, kept.made["toy.make"]) == [f"{tmp_path / named} is {how}"]
