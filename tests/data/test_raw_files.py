"""Finding raw files: the user's, a sample, or an error that says what is missing."""

from __future__ import annotations

import json
from typing import TYPE_CHECKING, Any

import pytest

from casebook.cases.registry import Case, NewRows
from casebook.data import raw_files
from casebook.data.raw_files import MARKER, RawFilesError, find_raw_files, sample_files
from casebook.runtime.atomic_files import UNFINISHED

if TYPE_CHECKING:
    from collections.abc import Mapping
    from pathlib import Path

SAMPLE = {"people": 2, "seed": 1}
NAMES = ("train.csv", "people.csv", "test.csv")


class Generator:
    """Writes files that tell their parameters, and counts how often."""

    def __init__(self) -> None:
        self.calls = 0
        self.fails_after: int | None = None

    def __call__(self, sample: Mapping[str, int], folder: Path) -> dict[str, dict[str, float]]:
        self.calls += 1
        for number, name in enumerate(NAMES):
            if number == self.fails_after:
                raise OSError("No space left on device")
            (folder / name).write_text(f"{name} {json.dumps(dict(sample))}\n1\n2\n")
        return {"row": {"accuracy": 0.9}}


@pytest.fixture
def generator() -> Generator:
    return Generator()


@pytest.fixture
def case(generator: Generator) -> Case:
    missing: Any = None
    return Case(
        "toy", NAMES[:2], NAMES[2:], {}, missing, generator, "competition:toy", "raw_toys", NewRows(NAMES[0], {})
    )


@pytest.fixture
def folder(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """The case's raw folder in an empty project, not yet made."""
    monkeypatch.setattr("casebook.config.paths.project_root", lambda: tmp_path)
    monkeypatch.delenv("CASEBOOK_RAW", raising=False)
    return tmp_path / "data" / "01_raw" / "toy"


def put(folder: Path, *names: str) -> None:
    folder.mkdir(parents=True, exist_ok=True)
    for name in names:
        (folder / name).write_text("id\nof the user\n")


def content(folder: Path) -> dict[str, str]:
    return {file.name: file.read_text() for file in sorted(folder.iterdir())}


def test_without_any_raw_file_a_sample_is_generated_and_marked(case: Case, folder: Path) -> None:
    found = find_raw_files(case, SAMPLE)
    assert (found.origin, found.generated, found.folder) == ("sample", True, folder)
    assert found.best_reachable == {"row": {"accuracy": 0.9}}
    assert found.rows == dict.fromkeys(NAMES, 2)
    marker = json.loads((folder / MARKER).read_text())
    assert marker["parameters"] == SAMPLE
    assert marker["fingerprints"] == found.digests
    assert [entry.name for entry in folder.parent.iterdir()] == ["toy"]


def test_the_next_run_uses_the_same_sample_again(case: Case, folder: Path, generator: Generator) -> None:
    first = find_raw_files(case, SAMPLE)
    before = content(folder)
    second = find_raw_files(case, SAMPLE)
    assert (second.origin, second.generated, second.best_reachable) == ("sample", False, {"row": {"accuracy": 0.9}})
    assert second.fingerprint == first.fingerprint
    assert generator.calls == 1
    assert content(folder) == before


def test_other_parameters_make_the_sample_anew(case: Case, folder: Path) -> None:
    first = find_raw_files(case, SAMPLE)
    second = find_raw_files(case, {**SAMPLE, "seed": 2})
    assert second.generated
    assert second.fingerprint != first.fingerprint
    assert '"seed": 2' in (folder / "train.csv").read_text()
    assert not find_raw_files(case, {**SAMPLE, "seed": 2}).generated


def test_a_sample_that_lost_a_file_is_made_anew(case: Case, folder: Path) -> None:
    find_raw_files(case, SAMPLE)
    (folder / "people.csv").unlink()
    assert find_raw_files(case, SAMPLE).generated
    assert (folder / "people.csv").exists()


def test_the_users_files_are_used_as_they_are(case: Case, folder: Path, generator: Generator) -> None:
    put(folder, "train.csv", "people.csv")
    before = content(folder)
    found = find_raw_files(case, SAMPLE)
    assert (found.origin, found.generated, found.best_reachable) == ("files", False, {})
    assert set(found.digests) == {"train.csv", "people.csv"}
    assert (generator.calls, content(folder)) == (0, before)


@pytest.mark.parametrize(
    ("there", "lacking"),
    [(["train.csv"], "people.csv"), (["people.csv"], "train.csv"), (["test.csv"], "train.csv, people.csv")],
)
def test_a_file_missing_while_another_is_there_is_refused_and_nothing_written(
    case: Case, folder: Path, generator: Generator, there: list[str], lacking: str
) -> None:
    put(folder, *there)
    before = content(folder)
    with pytest.raises(RawFilesError, match=rf"toy lacks {lacking} \(the others are there\).*data/README.md"):
        find_raw_files(case, SAMPLE)
    assert (generator.calls, content(folder)) == (0, before)


def test_a_named_folder_without_the_files_is_refused_and_nothing_generated_there(
    case: Case, folder: Path, generator: Generator, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("CASEBOOK_RAW", str(tmp_path / "mine"))
    with pytest.raises(RawFilesError, match=r"mine/toy lacks train.csv, people.csv \(CASEBOOK_RAW names this folder"):
        find_raw_files(case, SAMPLE)
    assert generator.calls == 0
    assert not (tmp_path / "mine").exists()
    assert not folder.exists()


def test_a_copy_of_a_sample_in_a_named_folder_counts_as_the_users(
    case: Case, folder: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    find_raw_files(case, SAMPLE)
    monkeypatch.setenv("CASEBOOK_RAW", str(tmp_path / "data" / "01_raw"))
    before = content(folder)
    assert find_raw_files(case, {**SAMPLE, "seed": 7}).origin == "files"
    assert content(folder) == before


def test_a_users_file_among_a_samples_is_refused_and_kept(case: Case, folder: Path, generator: Generator) -> None:
    find_raw_files(case, SAMPLE)
    put(folder, "train.csv")
    before = content(folder)
    with pytest.raises(
        RawFilesError, match=r"people.csv, test.csv belong to the generated sample but train.csv do not"
    ):
        find_raw_files(case, {**SAMPLE, "seed": 3})
    assert (generator.calls, content(folder)) == (1, before)


def test_once_all_are_the_users_the_marker_of_the_sample_means_nothing(case: Case, folder: Path) -> None:
    find_raw_files(case, SAMPLE)
    put(folder, *NAMES)
    assert find_raw_files(case, SAMPLE).origin == "files"


@pytest.mark.parametrize("written", [0, 1, 2])
def test_a_disk_that_fills_while_generating_leaves_no_half_sample(
    case: Case, folder: Path, generator: Generator, written: int
) -> None:
    generator.fails_after = written
    with pytest.raises(OSError, match="No space left"):
        find_raw_files(case, SAMPLE)
    assert not folder.exists()
    generator.fails_after = None
    assert find_raw_files(case, SAMPLE).generated


def test_a_disk_that_fills_while_generating_anew_leaves_the_earlier_sample(
    case: Case, folder: Path, generator: Generator
) -> None:
    find_raw_files(case, SAMPLE)
    before, generator.fails_after = content(folder), 1
    with pytest.raises(OSError, match="No space left"):
        find_raw_files(case, {**SAMPLE, "seed": 2})
    assert content(folder) == before
    assert not find_raw_files(case, SAMPLE).generated


@pytest.mark.parametrize("earlier", [False, True], ids=["first sample", "sample made anew"])
@pytest.mark.parametrize("moved", [0, 1, 2])
def test_after_a_kill_between_two_files_of_a_sample_the_next_run_makes_it_again(
    case: Case, folder: Path, monkeypatch: pytest.MonkeyPatch, earlier: bool, moved: int
) -> None:
    if earlier:
        find_raw_files(case, SAMPLE)
    wanted = {**SAMPLE, "seed": 2}
    real, left = raw_files.rename_into_place, [moved]

    def replace(source: Path, target: Path) -> None:
        if target.name in NAMES:
            if not left[0]:
                raise KeyboardInterrupt
            left[0] -= 1
        real(source, target)

    with monkeypatch.context() as patch:
        patch.setattr(raw_files, "rename_into_place", replace)
        with pytest.raises(KeyboardInterrupt):
            find_raw_files(case, wanted)
    found = find_raw_files(case, wanted)
    assert (found.origin, found.generated) == ("sample", True)
    assert all('"seed": 2' in (folder / name).read_text() for name in NAMES)


def test_leftovers_of_a_killed_generation_are_swept_away(case: Case, folder: Path, ended_process: int) -> None:
    leftover = folder.parent / f"{UNFINISHED}{ended_process}-toy-sample"
    leftover.mkdir(parents=True)
    (leftover / "train.csv").write_text("half")
    find_raw_files(case, SAMPLE)
    assert [entry.name for entry in folder.parent.iterdir()] == ["toy"]


@pytest.mark.parametrize(
    ("text", "rows"), [("", 0), ("id", 0), ("id\n", 0), ("id\n1\n2\n", 2), ("id\n1\n2", 2)],
    ids=["empty file", "cut header", "header alone", "complete", "no last line end"],
)  # fmt: skip
def test_rows_below_the_header_are_counted(case: Case, folder: Path, text: str, rows: int) -> None:
    put(folder, *NAMES)
    (folder / "train.csv").write_text(text)
    assert find_raw_files(case, SAMPLE).rows["train.csv"] == rows


def test_the_fingerprint_changes_with_any_file(case: Case, folder: Path) -> None:
    put(folder, "train.csv", "people.csv")
    first = find_raw_files(case, SAMPLE)
    put(folder, "test.csv")
    second = find_raw_files(case, SAMPLE)
    (folder / "people.csv").write_text("id\nanother\n")
    assert len({first.fingerprint, second.fingerprint, find_raw_files(case, SAMPLE).fingerprint}) == 3


def test_only_unchanged_files_count_as_a_samples(case: Case, folder: Path) -> None:
    assert sample_files(folder, list(NAMES)) == []
    find_raw_files(case, SAMPLE)
    put(folder, "people.csv")
    assert sample_files(folder, list(NAMES)) == ["train.csv", "test.csv"]


@pytest.mark.parametrize("content", ["", "{", "[]", '{"parameters": {}}', "\x00"])
def test_a_damaged_marker_is_named_with_what_can_be_done(
    case: Case, folder: Path, generator: Generator, content: str
) -> None:
    find_raw_files(case, SAMPLE)
    (folder / MARKER).write_text(content)
    with pytest.raises(RawFilesError, match=r"\.sample\.json is damaged .*: remove the folder, and its sample is made"):
        find_raw_files(case, SAMPLE)
    for file in folder.iterdir():
        if file.name != MARKER:
            file.unlink()
    assert find_raw_files(case, SAMPLE).generated
    assert generator.calls == 2
