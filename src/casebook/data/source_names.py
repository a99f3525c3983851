"""Which file a raw table or archive was read from, so that errors name that file and not the case's usual one."""

from __future__ import annotations

from typing import TypeVar

import numpy as np
import pandas as pd

ATTRIBUTE = "file"
Read = TypeVar("Read")


class NamedArrays(dict[str, np.ndarray]):
    """Arrays by name, with the name of the file that holds them."""

    file = ""


def name_source(read: Read, file: str) -> Read:
    """Keep the name of its file with a table or arrays that were just read."""
    if isinstance(read, pd.DataFrame):
        read.attrs[ATTRIBUTE] = file
    elif isinstance(read, NamedArrays):
        read.file = file
    return read


def source_of(read: object, usual: str) -> str:
    """Return the name of the file that something was read from; the usual one where nothing is known of it."""
    if isinstance(read, pd.DataFrame):
        return str(read.attrs.get(ATTRIBUTE, usual))
    return getattr(read, ATTRIBUTE, "") or usual
