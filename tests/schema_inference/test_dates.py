"""Dates in one form each."""

from __future__ import annotations

import numpy as np
import pytest

from casebook.column_types.kinds import COLUMN_TYPES
from casebook.schema_inference.dates import find_date_form


@pytest.mark.parametrize(
    ("texts", "type_", "form"),
    [
        (["2024-01-31", "2023-12-01"], "date", ""),
        (["2024-1-31"], "date", ""),
        (["2017-01-01T06:00:42Z"], "datetime", ""),
        (["2017-01-01 06:00:42+02:00", "2017-01-01 07:00:42+02:00"], "datetime", ""),
        (["2017-01-01T00:00:00Z"], "date", ""),
        (["2017-01-01 06:00:42+00", "2017-01-01 06:00:42.5-03"], "datetime", ""),
        (["2020-03-01 10:00+01", "2020-07-01 11:00+02:00"], "datetime", ""),
        (["2017-01-01 06:00:42 UTC"], "datetime", "%Y-%m-%d %H:%M:%S UTC"),
        (["2017-01-01 6:05 PM"], "datetime", "%Y-%m-%d %I:%M %p"),
        (["9/30/1990 0:00:00", "12/1/1991 0:00:00"], "date", "%m/%d/%Y %H:%M:%S"),
        (["Saturday, January 5, 2024"], "date", "%A, %B %d, %Y"),
        (["Mar-2018", "Jan-2018"], "date", "%b-%Y"),
        (["31/01/2024", "01/02/2024"], "date", "%d/%m/%Y"),
        (["01/31/2024", "02/01/2024"], "date", "%m/%d/%Y"),
        (["31.1.2024"], "date", "%d.%m.%Y"),
        (["1/31/24 13:05"], "datetime", "%m/%d/%y %H:%M"),
        (["January 5, 2024"], "date", "%B %d, %Y"),
        (["05JAN2024"], "date", "%d%b%Y"),
        (["1939 Jan", "1940 May"], "date", "%Y %b"),
    ],
)
def test_the_form_of_dates_is_found(texts: list[str], type_: str, form: str) -> None:
    found = find_date_form(texts)
    assert found is not None
    assert (found.type, found.format) == (type_, form)
    read = COLUMN_TYPES[f"{type_}:{form}" if form else type_]
    days = np.array([read.read(text) for text in texts], dtype="datetime64[s]")
    assert days.tolist() == found.instants.tolist()


def test_the_day_is_first_only_where_the_data_prove_it() -> None:
    proved, open_ = find_date_form(["13/05/2024"]), find_date_form(["03/05/2024"])
    assert proved is not None
    assert open_ is not None
    assert (proved.why, open_.why) == (
        "day first: a first number above 12 proves it",
        "no day above 12 proves the order: MONTH FIRST IS A GUESS",
    )
    assert str(proved.instants[0]) == "2024-05-13T00:00:00"


@pytest.mark.parametrize(
    "texts", [[], ["a"], ["2024-01-31", "soon"], ["2024-13-01"], ["12.5"], ["Jan", "Feb"], ["1-2"]]
)
def test_what_is_no_date_in_every_value_is_none(texts: list[str]) -> None:
    assert find_date_form(texts) is None


def test_a_zone_is_dropped_so_that_the_written_time_stays() -> None:
    found = find_date_form(["2017-01-01T06:00:42+05:00"])
    assert found is not None
    assert str(found.instants[0]) == "2017-01-01T06:00:42"
