"""Fetch a case's real raw files with kagglehub: `python -m casebook.fetch CASE`. Needs a Kaggle account."""

from __future__ import annotations

import shutil
import sys
import zipfile
from pathlib import Path

from casebook.cases import CASES, load_case
from casebook.locations import raw_folder, raw_is_named
from casebook.raw_files import MARKER, sample_files
from casebook.whole import written_whole

ADVICE = """{case}: the files could not be fetched ({error}).
They belong to the Kaggle competition {handle} and need an account there:
  1. sign in, open the competition's page and accept its rules (Late Submission);
  2. make an API token under Settings; save it as ~/.kaggle/kaggle.json, or set KAGGLE_USERNAME and KAGGLE_KEY;
  3. run this command again - or download the files by hand into {folder}.
Without them every command works on a generated sample."""


def fetch(case_name: str) -> list[Path]:
    """Download the case's files and put them into its raw folder.

    Returns:
        The files, in place.

    Raises:
        SystemExit: no account, rules not accepted, no network, or files of the user's in the way; says what to do.
    """
    case, folder = load_case(case_name), raw_folder(case_name)
    wanted = [*case.files, *case.optional_files]
    _refuse_own(folder, wanted)
    try:
        import kagglehub

        downloaded = Path(kagglehub.competition_download(case.fetch))
    except Exception as error:  # noqa: BLE001 - kagglehub raises HTTP, credential and network errors of many kinds
        told = ADVICE.format(case=case_name, error=type(error).__name__, handle=case.fetch, folder=folder)
        raise SystemExit(told) from None
    sources = {name: _find(downloaded, name) for name in wanted}
    placed = [_place(source, folder / name) for name, source in sources.items()]
    # Not before: as long as a file of the sample is left, the marker tells it from the others.
    (folder / MARKER).unlink(missing_ok=True)
    return placed


def _refuse_own(folder: Path, wanted: list[str]) -> None:
    made = sample_files(folder, wanted)
    own = [name for name in wanted if (folder / name).exists() and name not in made]
    if own or raw_is_named():
        held = ", ".join(own) or "your files (CASEBOOK_RAW)"
        raise SystemExit(f"{folder} already holds {held}; nothing was fetched (move them away to fetch them again)")


def _find(downloaded: Path, name: str) -> Path:
    """Find a file in the download, packed or not."""
    found = next(downloaded.rglob(f"{name}.zip"), None) or next(downloaded.rglob(name), None)
    if found is None:
        raise SystemExit(f"{downloaded} was fetched but lacks {name}; nothing was put in place")
    return found


def _place(source: Path, place: Path) -> Path:
    """Copy one file to its place, unpacked where it came packed."""
    with written_whole(place) as path:
        if source.suffix == ".zip":
            with zipfile.ZipFile(source) as packed, packed.open(place.name) as content, path.open("wb") as file:
                shutil.copyfileobj(content, file)
        else:
            shutil.copyfile(source, path)
    return place


def main(case_name: str = "") -> None:
    """Fetch and tell."""
    if case_name not in CASES:
        raise SystemExit(f"there is no case {case_name!r}; there are {', '.join(CASES)}")
    for path in fetch(case_name):
        sys.stdout.write(f"{path}\n")


if __name__ == "__main__":
    main(*sys.argv[1:2])
