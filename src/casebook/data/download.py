"""Download of a case's real raw files. Those of Kaggle need an account there."""

from __future__ import annotations

import shutil
import tempfile
import zipfile
from pathlib import Path

from casebook.cases.registry import load_case
from casebook.config.paths import raw_folder, raw_folder_is_set
from casebook.data.raw_files import MARKER, sample_files
from casebook.runtime.atomic_files import atomic_write

ADVICE = """{case}: the files could not be fetched ({error}).
They are {handle} on Kaggle and need an account there:
  1. sign in, open the page and, for a competition, accept its rules (Late Submission);
  2. make an API token under Settings; save it as ~/.kaggle/kaggle.json, or set KAGGLE_USERNAME and KAGGLE_KEY;
  3. run this command again - or download the files by hand into {folder}.
Without them every command works on a generated sample."""
NO_SOURCE = """{case}: the files could not be fetched ({error}).
They come with Keras ({handle}) from the internet and need no account: try again with a connection, or put them into
{folder}. Without them every command works on a generated sample."""


def fetch_files(case_name: str) -> list[Path]:
    """Download the case's files into its raw folder.

    Returns:
        The files, in place.

    Raises:
        SystemExit: no account, rules not accepted, no network, or files of the user's in the way; says what to do.
    """
    case, folder = load_case(case_name), raw_folder(case_name)
    wanted = [*case.files, *case.optional_files]
    _refuse_own(folder, wanted)
    source, _, handle = case.fetch.partition(":")
    if source not in DOWNLOADS:
        raise SystemExit(
            f"{case_name} does not say where its files come from: give data.fetch, or put them into {folder}"
        )
    try:
        downloaded = DOWNLOADS[source](handle)
    except Exception as error:  # noqa: BLE001 - kagglehub raises HTTP, credential and network errors of many kinds
        advice = NO_SOURCE if source == "keras" else ADVICE
        message = advice.format(case=case_name, error=type(error).__name__, handle=handle, folder=folder)
        raise SystemExit(message) from None
    sources = {name: _find(downloaded, name, alone=len(wanted) == 1) for name in wanted}
    placed = [_place(source, folder / name) for name, source in sources.items()]
    # Not before: as long as a file of the sample is left, the marker distinguishes it from the user's.
    (folder / MARKER).unlink(missing_ok=True)
    return placed


def _download_competition(handle: str) -> Path:
    import kagglehub

    return Path(kagglehub.competition_download(handle))


def _download_dataset(handle: str) -> Path:
    import kagglehub

    return Path(kagglehub.dataset_download(handle))


def _download_from_keras(name: str) -> Path:
    """Download what Keras calls a data set, in the form of the case's raw files."""
    import keras

    folder = Path(tempfile.mkdtemp())
    if name == "imdb":
        _download_reviews(folder)
    else:
        file = f"{name}.npz"
        # Keras's own `load_data` puts its file into the user's home.
        keras.utils.get_file(file, origin=f"{ARRAYS}{file}", file_hash=HASHES[name], cache_dir=str(folder))
    return folder


def _download_reviews(folder: Path) -> None:
    """Convert the original archive of reviews, a file a review, into one Parquet file a part."""
    import keras
    import pandas as pd

    archive = Path(keras.utils.get_file(cache_dir=str(folder), origin=REVIEWS, extract=True))
    root = next(path.parent for path in archive.parent.rglob("imdb.vocab"))
    for part in ("train", "test"):
        files = [
            (file, label)
            for label, kind in enumerate(("neg", "pos"))
            # The order of a folder differs from machine to machine.
            for file in sorted((root / part / kind).glob("*.txt"))
        ]
        texts = [file.read_text(encoding="utf-8") for file, _ in files]
        pd.DataFrame({"text": texts, "label": [label for _, label in files]}).to_parquet(folder / f"{part}.parquet")


# Where Keras keeps its arrays, and the hashes that it knows of them.
ARRAYS = "https://storage.googleapis.com/tensorflow/tf-keras-datasets/"
HASHES = {
    "mnist": "731c5ac602752760c8e48fbffcf8c3b850d9dc2a2aedcf2cc48468fc17b673d1",
    "boston_housing": "f553886a1f8d56431e820c5b82552d9d95cfcb96d1e678153f8839538947dff5",
}
# Where the authors of the data set keep it; Keras's own copy holds numbers instead of texts.
REVIEWS = "https://ai.stanford.edu/~amaas/data/sentiment/aclImdb_v1.tar.gz"
DOWNLOADS = {
    "competition": _download_competition,
    "dataset": _download_dataset,
    "keras": _download_from_keras,
}


def _refuse_own(folder: Path, wanted: list[str]) -> None:
    made = sample_files(folder, wanted)
    own = [name for name in wanted if (folder / name).exists() and name not in made]
    if own or raw_folder_is_set():
        held = ", ".join(own) or "your files (CASEBOOK_RAW)"
        raise SystemExit(f"{folder} already holds {held}; nothing was fetched (move them away to fetch them again)")


def _find(downloaded: Path, name: str, alone: bool) -> Path:
    """Find a file in the download, compressed or not; the only table of a case may have another name there."""
    found = next(downloaded.rglob(f"{name}.zip"), None) or next(downloaded.rglob(name), None)
    others = [file for file in downloaded.rglob("*.csv") if file.is_file()]
    # Copies of one table go about under several names.
    found = found or (others[0] if alone and len(others) == 1 and name.endswith(".csv") else None)
    if found is None:
        raise SystemExit(f"{downloaded} was fetched but lacks {name}; nothing was put in place")
    return found


def _place(source: Path, place: Path) -> Path:
    """Copy one file to its place, decompressed where it came compressed."""
    with atomic_write(place) as path:
        if source.suffix == ".zip":
            with zipfile.ZipFile(source) as packed, packed.open(place.name) as content, path.open("wb") as file:
                shutil.copyfileobj(content, file)
        else:
            shutil.copyfile(source, path)
    return place
