"""Fetch a case's real raw files with kagglehub: `python -m casebook.fetch CASE`. Needs a Kaggle account."""

from __future__ import annotations

import shutil
import sys
from pathlib import Path

from casebook.cases import CASES, load_case
from casebook.locations import raw_folder, raw_is_named
from casebook.raw_files import MARKER
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
    own = [name for name in wanted if (folder / name).exists() and not (folder / MARKER).exists()]
    if own or raw_is_named():
        raise SystemExit(f"{folder} already holds {', '.join(own) or 'your files (CASEBOOK_RAW)'}; nothing was fetched")
    try:
        import kagglehub

        downloaded = Path(kagglehub.competition_download(case.fetch))
    except Exception as error:  # noqa: BLE001 - kagglehub raises HTTP, credential and network errors of many kinds
        told = ADVICE.format(case=case_name, error=type(error).__name__, handle=case.fetch, folder=folder)
        raise SystemExit(told) from None
    return [_place(downloaded, name, folder) for name in wanted]


def _place(downloaded: Path, name: str, folder: Path) -> Path:
    """Copy one file out of the download, unpacked where it came packed; the sample's marker goes with the first."""
    (folder / MARKER).unlink(missing_ok=True)
    with written_whole(folder / name) as path:
        packed = next(downloaded.rglob(f"{name}.zip"), None)
        if packed is not None:
            shutil.unpack_archive(packed, path.parent / f".{name}-unpacked")
            (path.parent / f".{name}-unpacked" / name).rename(path)
            shutil.rmtree(path.parent / f".{name}-unpacked")
        else:
            shutil.copyfile(next(downloaded.rglob(name)), path)
    return folder / name


def main(case_name: str) -> None:
    """Fetch and tell."""
    if case_name not in CASES:
        raise SystemExit(f"there is no case {case_name!r}; there are {', '.join(CASES)}")
    for path in fetch(case_name):
        sys.stdout.write(f"{path}\n")


if __name__ == "__main__":
    main(*sys.argv[1:2])
