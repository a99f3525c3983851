"""Frames of other libraries as pandas."""

from __future__ import annotations

from typing import Any

import pandas as pd
import pyarrow as pa
import pytest

from casebook.data.data_frames import is_frame, to_pandas

FRAME = pd.DataFrame({"number": [1.5, None], "text": ["a", None], "kind": pd.Categorical(["p", "q"])})
TABLE = pa.Table.from_pandas(FRAME)


class OfStream:
    """A frame that has nothing but Arrow's stream, as Polars' have."""

    def __arrow_c_stream__(self, requested_schema: Any = None) -> Any:  # noqa: ANN401
        return TABLE.__arrow_c_stream__(requested_schema)


class OfProtocol:
    """A frame that has nothing but the interchange protocol."""

    def __dataframe__(self, *arguments: Any, **options: Any) -> Any:  # noqa: ANN401
        return TABLE.__dataframe__(*arguments, **options)


def test_a_frame_of_pandas_stays_as_it_is() -> None:
    assert to_pandas(FRAME) is FRAME


@pytest.mark.parametrize("rows", [TABLE, OfStream(), OfProtocol()], ids=["arrow", "stream", "protocol"])
def test_frames_of_other_libraries_keep_names_values_and_categories(rows: Any) -> None:  # noqa: ANN401
    pd.testing.assert_frame_equal(to_pandas(rows), FRAME)


def test_what_holds_no_rows_is_refused() -> None:
    class Lazy:
        def collect(self) -> None:
            """Compute the rows."""

    assert is_frame(Lazy())
    with pytest.raises(TypeError, match=r"not Lazy: collect\(\) it first"):
        to_pandas(Lazy())
    with pytest.raises(TypeError, match="not list"):
        to_pandas([1])


def test_columns_alone_and_arrays_are_no_frames() -> None:
    assert not is_frame(FRAME["number"])
    assert not is_frame(FRAME.to_numpy())
    assert is_frame(TABLE)
