"""Dates and times in texts: which one form all of a column's values have."""

from __future__ import annotations

import re
from dataclasses import dataclass
from datetime import datetime
from itertools import product
from typing import TYPE_CHECKING

import numpy as np
import pandas as pd

if TYPE_CHECKING:
    from collections.abc import Iterator, Sequence

ISO_DAY = re.compile(r"\d{4}-\d{1,2}-\d{1,2}")
ISO_TIME = re.compile(r"\d{4}-\d\d-\d\d[T ]\d\d:\d\d(:\d\d(\.\d+)?)?(Z|[+-]\d\d(:?\d\d)?)?")
ZONE = re.compile(r"(Z|:\d\d(\.\d+)?[+-][\d:]+)$")
# Where a form could be read with either first, the day or the month: both are tried, and the data decide.
DAY_FIRST = {"%m/%d": "%d/%m", "%m-%d": "%d-%m", "%m.%d": "%d.%m"}
DAYS = [
    *(f"%m{mark}%d{mark}{year}" for mark, year in product("/-.", ("%Y", "%y"))),
    *(f"%d{mark}%m{mark}{year}" for mark, year in product("/-.", ("%Y", "%y"))),
    "%Y/%m/%d", "%Y.%m.%d", "%Y%m%d", "%d-%b-%Y", "%d %b %Y", "%d%b%Y", "%d-%b-%y", "%d%b%y", "%b %d, %Y", "%b %d %Y",
    "%d %B %Y", "%B %d, %Y", "%B %d %Y", "%b-%Y", "%b %Y", "%B %Y", "%B-%Y", "%b-%y", "%Y-%m", "%Y/%m", "%m/%Y",
    "%Y-%b", "%Y %b", "%Y %B", "%Y-%m-%d", "%A, %B %d, %Y", "%A, %d %B %Y", "%a, %d %b %Y", "%a, %b %d, %Y",
    "%a %b %d %Y",
]  # fmt: skip
TIMES = ["", " %H:%M", " %H:%M:%S", "T%H:%M:%S", " %I:%M %p", " %I:%M:%S %p", " %H:%M:%S UTC", " %H:%M UTC"]
FORMS = [day + time for time in TIMES for day in DAYS]
# A form that fails on the first values is not tried on the others.
PROBED = 20
FIRST_YEAR, LAST_YEAR = 1600, 2200


@dataclass(frozen=True)
class DateForm:
    """The one form of a column's dates.

    Attributes:
        type: date or datetime.
        format: as strptime has it; empty for ISO.
        why: in a few words.
        instants: the distinct values parsed, datetime64[s], as they are written: a zone is dropped.
    """

    type: str
    format: str
    why: str
    instants: np.ndarray


def find_date_form(texts: Sequence[str]) -> DateForm | None:
    """Find the form that all values have; none where they are no dates.

    Args:
        texts: distinct values.
    """
    # Years alone are numbers, and names of months have no year.
    if not texts or not all(any(letter.isdigit() for letter in text) for text in texts[:PROBED]):
        return None
    if all(ISO_DAY.fullmatch(text) for text in texts):
        return _of_form(texts, "", "ISO dates", "%Y-%m-%d")
    if all(ISO_TIME.fullmatch(text) for text in texts):
        return _of_iso_times(texts)
    fitting = list(_list_forms(texts))
    if not fitting:
        return None
    form = fitting[0]
    swapped = [other for other in fitting[1:] if _swap(form) == other]
    return _of_form(texts, form, _explain(form, bool(swapped)), form)


def _list_forms(texts: Sequence[str]) -> Iterator[str]:
    """List the forms that all values have, the month first where both could be."""
    probe = list(texts[:PROBED])
    for form in FORMS:
        if all(_parse(text, form) for text in probe) and all(_parse(text, form) for text in texts):
            yield form


def _parse(text: str, form: str) -> datetime | None:
    try:
        moment = datetime.strptime(text.strip(), form)
    except ValueError:
        return None
    return moment if FIRST_YEAR < moment.year < LAST_YEAR else None


def _swap(form: str) -> str:
    return next((form.replace(month, day) for month, day in DAY_FIRST.items() if form.startswith(month)), "")


def _explain(form: str, ambiguous: bool) -> str:
    if ambiguous:
        return "no day above 12 proves the order: MONTH FIRST IS A GUESS"
    if any(form.startswith(day) for day in DAY_FIRST.values()):
        return "day first: a first number above 12 proves it"
    if any(form.startswith(month) for month in DAY_FIRST):
        return "month first: a second number above 12 proves it"
    return "dates in one form"


def _of_form(texts: Sequence[str], format_: str, why: str, read_by: str) -> DateForm | None:
    moments = [_parse(text, read_by) for text in texts]
    if any(moment is None for moment in moments):
        return None
    instants = np.array(moments, dtype="datetime64[s]")
    if (instants == instants.astype("datetime64[D]")).all():
        timed = "%H" in read_by or "%I" in read_by
        return DateForm("date", format_, f"{why}, all at midnight" if timed else why, instants)
    return DateForm("datetime", format_, why, instants)


def _of_iso_times(texts: Sequence[str]) -> DateForm | None:
    """Parse ISO times; those that are midnight in every row are days."""
    zoned = any(ZONE.search(text) for text in texts)
    # Without zones: the instants are those of the clocks, as a run reads them.
    bare = pd.Series(texts).str.extract(r"^(.{16}(?::\d\d)?)", expand=False)
    written = pd.to_datetime(bare, format="ISO8601", errors="coerce")
    if written.isna().any():
        return None
    instants = written.to_numpy().astype("datetime64[s]")
    if (instants == instants.astype("datetime64[D]")).all():
        return DateForm("date", "", "ISO times, all at midnight", instants)
    return DateForm("datetime", "", "ISO times with a zone" if zoned else "ISO times", instants)
