"""Rows of a file to predict as they stand in it."""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import TYPE_CHECKING

import numpy as np
import pandas as pd

if TYPE_CHECKING:
    from collections.abc import Iterable


@dataclass(frozen=True)
class RawBlock:
    """Some rows of a file as they stand in it.

    Attributes:
        rows: the rows that could be read.
        numbers: of these rows in the file, from 0; those that could not be read keep theirs.
        broken: number and reason of those that could not.
    """

    rows: pd.DataFrame
    numbers: np.ndarray
    broken: list[tuple[int, str]] = field(default_factory=list)


def stack_blocks(blocks: Iterable[RawBlock]) -> RawBlock:
    """Stack all blocks of a file: lags of a row look back at any row of it."""
    stacked = list(blocks)
    rows = pd.concat([block.rows for block in stacked], ignore_index=True)
    numbers = np.concatenate([block.numbers for block in stacked])
    return RawBlock(rows, numbers, [each for block in stacked for each in block.broken])
