"""Prepared rows of a part, written as a shard of each part of the split."""

from __future__ import annotations

from dataclasses import dataclass, replace
from pathlib import Path
from typing import TYPE_CHECKING, Any

import numpy as np

from casebook.data.splitting import PARTS, TRAIN, select_split
from casebook.out_of_core.rows import split_part
from casebook.preprocessing.arrays import NO_INPUTS
from casebook.preprocessing.shards import ShardedArray
from casebook.preprocessing.tabular import NumberColumn, log_of_long_tail
from casebook.runtime.atomic_files import atomic_write

if TYPE_CHECKING:
    from collections.abc import Mapping, Sequence

    import pandas as pd

    from casebook.out_of_core.recipe import Recipe, ShardPlace
    from casebook.out_of_core.rows import PartRows
    from casebook.preprocessing.tabular import Arrays, TabularPreprocessor


@dataclass(frozen=True)
class Moments:
    """Number, mean and sum of squared distances from it, of values; those of parts add up exactly."""

    rows: int
    mean: float
    squares: float

    @classmethod
    def of(cls, values: np.ndarray) -> Moments:
        """Measure values."""
        mean = float(values.mean()) if len(values) else 0.0
        return cls(len(values), mean, float(((values - mean) ** 2).sum()))

    def add(self, other: Moments) -> Moments:
        """Add the moments of other values. Source: Chan, Golub, LeVeque (1979)."""
        rows = self.rows + other.rows
        if not rows:
            return self
        distance = other.mean - self.mean
        mean = self.mean + distance * other.rows / rows
        return Moments(rows, mean, self.squares + other.squares + distance**2 * self.rows * other.rows / rows)


def measure_moved(
    rows: PartRows,
    recipe: Recipe,
    columns: Sequence[NumberColumn],
    last: Any,  # noqa: ANN401 - a time, or a number
) -> list[Moments]:
    """Measure columns of a part's training rows as they are standardised: filled, clipped, logarithms of long tails."""
    training = rows.features[split_part(rows, recipe, last) & TRAIN > 0]
    return [Moments.of(move_values(training[column.name], column)) for column in columns]


def move_values(values: pd.Series, column: NumberColumn) -> np.ndarray:
    """Fill, clip and take the logarithm as a column does before it is stored."""
    raw = values.to_numpy(np.float64, na_value=np.nan)
    clipped = np.clip(np.where(np.isnan(raw), column.fill, raw), column.low, column.high)
    return log_of_long_tail(clipped, column.unit) if column.unit else clipped


def is_moved(column: object) -> bool:
    """Return whether a column is standardised as other values than those that were counted."""
    return isinstance(column, NumberColumn) and bool(column.unit or np.isfinite([column.low, column.high]).any())


def with_moments(column: NumberColumn, moments: Moments) -> NumberColumn:
    """Return a column that is standardised by exact moments."""
    deviation = float(np.sqrt(moments.squares / moments.rows)) if column.maximum > column.minimum else 0.0
    return replace(column, mean=moments.mean, deviation=deviation)


def write_shard(
    rows: PartRows,
    number: int,
    recipe: Recipe,
    preprocessor: TabularPreprocessor,
    place: ShardPlace,
    last: Any,  # noqa: ANN401
) -> str:
    """Prepare the rows of a part and write them -> what the place finds them by."""
    prepared = recipe.labels.attach(preprocessor.prepare(rows.features), rows.features, whole=False)
    return place.write(number, dict(zip(PARTS, select_split(prepared, split_part(rows, recipe, last)), strict=True)))


@dataclass(frozen=True)
class ShardFolder:
    """Shards in a folder that all workers see: `<number>/<part>/<array>.npy`."""

    folder: Path

    def write(self, number: int, parts: Mapping[str, Arrays]) -> str:
        """Write a shard, whole or not at all."""
        place = self.folder / f"{number:05d}"
        with atomic_write(place) as unfinished:
            write_arrays(unfinished, parts)
        return str(place)

    def collect(self, written: Sequence[str]) -> dict[str, Arrays]:
        """Return the rows of all shards."""
        return open_shards([Path(place) for place in written])


def write_arrays(folder: Path, parts: Mapping[str, Arrays]) -> None:
    """Write arrays below a folder, a folder for each part of the split."""
    for part, arrays in parts.items():
        (folder / part).mkdir(parents=True)
        for name, values in arrays.items():
            np.save(folder / part / f"{name}.npy", values)


def open_shards(folders: Sequence[Path]) -> dict[str, Arrays]:
    """Open shards: targets and weights are read whole, since all metrics need them; the rest stays where it is."""
    found: dict[str, Arrays] = {}
    for part in PARTS:
        names = sorted(file.stem for file in (folders[0] / part).glob("*.npy"))
        arrays = {name: ShardedArray([folder / part / f"{name}.npy" for folder in folders]) for name in names}
        whole = {name: np.asarray(shards) for name, shards in arrays.items() if name in NO_INPUTS}
        found[part] = {**arrays, **whole}  # type: ignore[dict-item]  # shards are indexed as arrays
    return found
