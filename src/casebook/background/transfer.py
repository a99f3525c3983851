"""What goes between a run and the process beside it: mapped arrays by their files, figures as pictures."""

from __future__ import annotations

import io
import mmap
import pickle
import sys
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

import numpy as np

if TYPE_CHECKING:
    from pathlib import Path


@dataclass(frozen=True)
class RenderedFigure:
    """A drawn figure; it is saved as a figure is."""

    png: bytes

    def savefig(self, fname: Path) -> None:
        """Write it."""
        fname.write_bytes(self.png)


@dataclass(frozen=True)
class Sealed:
    """A value as it came from the process beside; only there it is opened again, with the libraries that it needs."""

    pickled: bytes

    def __deepcopy__(self, _memo: dict[int, Any]) -> Sealed:
        """Stay as it is where Kedro copies what it keeps in memory."""
        return self

    def __reduce__(self) -> tuple[Any, ...]:
        """Arrive opened."""
        return pickle.loads, (self.pickled,)


class Packer(pickle.Pickler):
    """Pickles values; large arrays that lie in files are not copied."""

    def reducer_override(self, value: Any) -> Any:  # noqa: ANN401 - pickle's signature
        """Say how arrays in files and figures travel."""
        # A part of a mapped array still names the file of the whole.
        if type(value) is np.memmap and isinstance(value.base, mmap.mmap) and value.flags.c_contiguous:
            return map_file, (str(value.filename), value.dtype, value.shape, value.offset)
        drawing = sys.modules.get("matplotlib.figure")
        if drawing is not None and isinstance(value, drawing.Figure):
            return RenderedFigure, (draw(value),)
        return NotImplemented


def pack(value: Any) -> bytes:  # noqa: ANN401 - any input or output of a node
    """Pickle a value."""
    buffer = io.BytesIO()
    Packer(buffer, protocol=5).dump(value)
    return buffer.getvalue()


def map_file(name: str, dtype: np.dtype, shape: tuple[int, ...], offset: int) -> np.ndarray:
    """Map an array in a file into memory, read-only."""
    return np.memmap(name, dtype, "r", offset, shape)


def draw(figure: Any) -> bytes:  # noqa: ANN401 - a figure of matplotlib
    """Draw a figure as PNG."""
    buffer = io.BytesIO()
    figure.savefig(buffer, format="png")
    return buffer.getvalue()
