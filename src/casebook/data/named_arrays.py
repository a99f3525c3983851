"""Tables made of the arrays of a NumPy archive."""

from __future__ import annotations

from typing import TYPE_CHECKING

import pandas as pd

from casebook.column_types.parsing import InvalidTableError
from casebook.data.source_names import source_of

if TYPE_CHECKING:
    from collections.abc import Mapping, Sequence

    import numpy as np


def frame_arrays(arrays: Mapping[str, np.ndarray]) -> pd.DataFrame:
    """Make a table of arrays that are columns.

    Raises:
        InvalidTableError: they are no columns of one length.
    """
    shapes = {name: values.shape for name, values in arrays.items()}
    if len(set(shapes.values())) != 1 or any(len(shape) != 1 for shape in shapes.values()):
        told = ", ".join(f"{name} {shape}" for name, shape in shapes.items()) or "none"
        raise InvalidTableError(
            f"{source_of(arrays, 'the archive')}: an array a column is needed, each of shape (rows,); there are {told}"
        )
    return pd.DataFrame(dict(arrays))


def frame_columns(arrays: Mapping[str, np.ndarray], columns: Mapping[str, Sequence[str]], file: str) -> pd.DataFrame:
    """Make a table of arrays that hold one column or several side by side.

    Args:
        arrays: by name; those that `columns` does not name are not looked at.
        columns: array -> names of its columns; none where each array is a column. Rows to predict may lack an array,
            such as the target's.
        file: for errors.

    Raises:
        InvalidTableError: none of the arrays is there, or one has another shape.
    """
    if not columns:
        return frame_arrays(arrays)
    found = [name for name in columns if name in arrays]
    if not found:
        raise InvalidTableError(f"{file} lacks the arrays {', '.join(columns)}; it has {', '.join(arrays) or 'none'}")
    rows = len(arrays[found[0]]) if arrays[found[0]].ndim else 0
    for name in found:
        names, shape = columns[name], arrays[name].shape
        if shape != (rows, len(names)) and (shape != (rows,) or len(names) > 1):
            wanted = f"({rows if name != found[0] else 'rows'}, {len(names)})"
            raise InvalidTableError(
                f"{file}, array {name}: has the shape {shape}; {wanted} is needed, a column each for {', '.join(names)}"
            )
    tables = [
        pd.DataFrame(arrays[name].reshape(rows, len(columns[name])), columns=list(columns[name])) for name in found
    ]
    return pd.concat(tables, axis="columns")
