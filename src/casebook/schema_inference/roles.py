"""What a column is for, as far as its values and its name say."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

import numpy as np

from casebook.schema_inference.orders import split_name

if TYPE_CHECKING:
    from casebook.config.schema.table_declaration import Role
    from casebook.schema_inference.types import InferredType
    from casebook.schema_inference.values import ColumnValues

MOSTLY_NULL_SHARE = 0.5
# With so few values left, a column only says that it is there.
NEARLY_EMPTY_SHARE = 0.98
MIN_UNIQUE_SHARE = 0.99
MIN_KEY_ROWS = 10
ID_WORDS = {
    "id", "ids", "idnum", "idno", "idnr", "idcode", "idnumber", "idvar", "uuid", "guid", "key", "pk", "identifier",
    "nr", "passengerid", "userid",
}  # fmt: skip
ID_ENDINGS = ("id", "nr", "no")
# Before an `id` in one word: `caseid`, `unitid`; `paid`, `grid` and `humid` are none.
ID_PREFIXES = {
    "case", "subj", "cust", "hh", "pat", "emp", "person", "member", "client", "order", "item", "prod", "product",
    "store", "acct", "account", "stud", "student", "patient", "customer", "employee", "household", "firm", "school",
    "respondent", "record", "row", "obs", "unit", "player", "movie", "trip", "loan", "tweet", "subject",
    "participant", "rand", "dist", "district", "sch", "st", "state", "cty", "county", "site", "cluster", "vill",
    "village", "fam", "family", "ind", "indiv", "resp", "team", "game", "match", "session", "card", "device",
    "sensor", "machine", "vehicle", "driver", "invoice", "trans", "transaction", "event", "visit", "hadm",
    "provider", "doctor", "hosp", "hospital", "clinic", "center", "centre", "plot", "tree", "nest", "bird",
    "animal", "seller", "buyer", "vendor", "supplier", "branch", "bank", "contract", "policy", "claim", "ticket",
    "booking", "listing", "host", "guest", "artist", "track", "song", "album", "book", "author", "course",
    "teacher", "worker", "job", "company", "org", "dept", "country", "region", "city", "location", "station",
    "route", "pt", "sub", "child", "anon",
}  # fmt: skip
# Of rows, which are no subjects; a `pid` that repeats may be a party.
ROW_WORDS = {"rownames", "rowname", "index", "idx", "row", "obs", "pid", "sid", "uid", "cid", "rid", "hid", "eid"}
# Behind the word for a subject: `account_number`, but not `account_length`.
NUMBER_WORDS = {"id", "no", "nr", "num", "number", "code", "key", "name", "ref"}
# Whose rows belong together.
SUBJECT_WORDS = {
    "subject", "subj", "patient", "person", "participant", "user", "customer", "client", "household", "hh", "member",
    "respondent", "student", "pupil", "child", "mother", "animal", "rat", "mouse", "dog", "horse", "cow", "chick",
    "cluster", "account", "individual", "family", "session", "episode", "employee", "driver", "player", "firm", "plot",
    "batch", "block",
}  # fmt: skip
# Of a subject's value; a number with more is a count or a measurement.
MAX_ROWS_PER_SUBJECT = 100
MIN_SUBJECTS = 5
# Where they are numbers and not called ids.
MAX_ROWS_PER_NUMBERED_SUBJECT, MIN_NUMBERED_SUBJECTS, MIN_DENSITY = 25, 10, 0.5
TIME_WORDS = {"year", "date", "day", "time", "month", "week", "quarter", "hour", "period", "yr"}
PART_WORDS = {
    "train": {"train", "training", "learn", "learning", "fit", "development", "dev_train", "tr", "trn"},
    "validation": {"valid", "validation", "val", "dev", "eval", "tune", "tuning", "cv"},
    "test": {"test", "testing", "holdout", "hold out", "hold-out", "heldout", "te", "tst", "score", "oot"},
}


@dataclass(frozen=True)
class InferredRole:
    """What a column is for.

    Attributes:
        role: as the declaration has it.
        why: in a few words.
        test: of the role split, the values that mean test rows.
    """

    role: Role
    why: str = ""
    test: tuple[str, ...] = ()


FEATURE = InferredRole("feature")


def infer_role(column: ColumnValues, inferred: InferredType) -> InferredRole:
    """Infer a column's role from itself alone; what needs the others is left to `splits`.

    Args:
        column: of the rows.
        inferred: its type.

    Returns:
        `ignore` for constants and columns that are nearly empty, `key`, `group`, `split`, or `feature`.
    """
    if not column.filled:
        return InferredRole("ignore", "empty")
    if column.unread:
        return InferredRole("ignore", f"{column.unread} is no kind that is read")
    if len(column.distinct) == 1 and not column.nulls:
        return InferredRole("ignore", f"constant: always {column.texts[0]}")
    if column.nulls >= NEARLY_EMPTY_SHARE * len(column):
        return InferredRole("ignore", f"{column.nulls / len(column):.1%} null")
    if inferred.is_date or inferred.decimal or inferred.type in ("ordinal", "text"):
        return FEATURE
    return _find_split(column) or _find_key(column, inferred) or _find_group(column, inferred) or FEATURE


def _find_split(column: ColumnValues) -> InferredRole | None:
    """Recognize a column that says which rows are for training and which for test."""
    texts = column.texts if len(column.distinct) <= len(PART_WORDS) else []
    parts = {text: next((part for part, words in PART_WORDS.items() if text.lower() in words), "") for text in texts}
    held_out = "test" if "test" in parts.values() else "validation"
    if len(parts) < 2 or column.nulls or not {"train", held_out} <= set(parts.values()) or not all(parts.values()):
        return None
    test = tuple(text for text, part in parts.items() if part == held_out)
    return InferredRole("split", f"the values are {', '.join(sorted(parts))}", test)


def _find_key(column: ColumnValues, inferred: InferredType) -> InferredRole | None:
    """Recognize a column that names its row: unique, and a text, counted up, or called an id."""
    if len(column) < MIN_KEY_ROWS or len(column.distinct) < MIN_UNIQUE_SHARE * len(column):
        return None
    named = names_id(column.name) or bool(ROW_WORDS & set(split_name(column.name))) or _numbers_rows(column)
    unique = column.is_unique and not column.nulls
    how = "unique" if unique else f"{len(column.distinct):,} values in {len(column):,} rows"
    if inferred.type == "category":
        return InferredRole("key", f"{how} texts" if column.is_text and column.numbers is None else how)
    if inferred.type == "integer" and not names_time(column.name):
        for told, holds in (
            ("called an id", named),
            ("counted up", is_counted_up(column)),
            ("rising by row", _rises(column)),
        ):
            if holds:
                return InferredRole("key", f"{how} whole numbers, {told}")
    return None


def _find_group(column: ColumnValues, inferred: InferredType) -> InferredRole | None:
    """Recognize the key of subjects that have several rows each."""
    subjects = len(column.distinct)
    called_subject, named = names_subject(column.name), names_id(column.name)
    if split_name(column.name)[-1:] == ["name"] and not any(" " in text for text in column.texts[:MIN_SUBJECTS]):
        # Many share a first name.
        return None
    if inferred.type not in ("integer", "category") or not (named or called_subject) or subjects < MIN_SUBJECTS:
        return None
    if column.filled / subjects > MAX_ROWS_PER_SUBJECT or not _looks_like_ids(column, named):
        return None
    return InferredRole("group", f"{subjects:,} of them in {column.filled:,} rows")


def _numbers_rows(column: ColumnValues) -> bool:
    """Return whether a column is called a number, `volcano_number`, and all have as many digits, as no count has."""
    words = split_name(column.name)
    called = len(words) > 1 and words[-1] in {"number", "num", "code"} and column.is_whole
    return called and len({len(f"{number:.0f}") for number in column.parsed_numbers}) == 1


def names_id(name: str) -> bool:
    """Return whether a name says that its column identifies something: `subject_id`, `idNum`, `PassengerId`."""
    words = split_name(name)
    if words and words[-1].endswith("id") and words[-1].removesuffix("id") in ID_PREFIXES:
        return True
    return bool(ID_WORDS & set(words)) or (len(words) > 1 and words[-1] in ID_ENDINGS) or name.lower() in ID_WORDS


def names_subject(name: str) -> bool:
    """Return whether a name is that of a subject or its number: `patient`, `account_number`."""
    words = split_name(name)
    while len(words) > 1 and (words[-1] in NUMBER_WORDS or words[-1].isdigit()):
        words = words[:-1]
    return len(words) == 1 and words[0] in SUBJECT_WORDS


def names_time(name: str) -> bool:
    """Return whether a name says that its column is a time."""
    return bool(TIME_WORDS & set(split_name(name)))


def is_counted_up(column: ColumnValues) -> bool:
    """Return whether whole numbers are those from a first to a last one without a gap."""
    numbers = column.numbers
    return numbers is not None and bool(np.ptp(numbers) == len(numbers) - 1)


def _rises(column: ColumnValues) -> bool:
    """Return whether whole numbers rise from row to row, mostly by 1, as numbers of rows do of which some are gone."""
    steps = np.diff(column.by_row(column.parsed_numbers))
    return bool((steps > 0).all() and (steps == 1).mean() > MIN_DENSITY)


def _looks_like_ids(column: ColumnValues, named: bool) -> bool:
    """Return whether values may be ids: texts, and numbers called so or that fill their range; counts are few."""
    if column.numbers is None or named:
        return True
    count = len(column.distinct)
    dense = count >= MIN_DENSITY * (np.ptp(column.numbers) + 1)
    return bool(dense and count >= MIN_NUMBERED_SUBJECTS and column.filled <= MAX_ROWS_PER_NUMBERED_SUBJECT * count)
