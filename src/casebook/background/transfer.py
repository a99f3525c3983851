"""Transfer of values between a run and its background process: mapped arrays by file, figures as PNG."""

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
    """A rendered figure, which is saved as a figure is."""

    png: bytes

    def savefig(self, fname: Path) -> None:
        """Write the PNG."""
        fname.write_bytes(self.png)


@dataclass(frozen=True)
class PickledOutput:
    """A pickled value of the background process; unpickled only where it is needed, with its libraries."""

    pickled: bytes

    def __deepcopy__(self, _memo: dict[int, Any]) -> PickledOutput:
        """Return itself where Kedro copies what it keeps in memory."""
        return self

    def __reduce__(self) -> tuple[Any, ...]:
        """Unpickle the value where it is used."""
        return pickle.loads, (self.pickled,)


class Packer(pickle.Pickler):
    """Pickles values; large arrays that lie in files are not copied."""

    def reducer_override(self, value: Any) -> Any:  # noqa: ANN401 - pickle's signature
        """Pickle arrays in files by their path, and figures as PNG."""
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
    """Render a figure as PNG."""
    buffer = io.BytesIO()
    figure.savefig(buffer, format="png")
    return buffer.getvalue()
