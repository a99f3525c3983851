"""Files of rows: a CSV file comes back with an answer, or the reason why there is none, for each of its rows."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import UTC, datetime
from pathlib import Path
from tempfile import TemporaryDirectory
from typing import TYPE_CHECKING, Any

import pandas as pd

from casebook.batch_scoring.raw_block import RawBlock, stack_blocks
from casebook.batch_scoring.scorer import ScoredRows
from casebook.cases.registry import NewRows
from casebook.column_types.parsing import InvalidTableError
from casebook.datasets.csv_blocks import read_csv_blocks
from casebook.datasets.csv_reading import read_csv_options
from casebook.datasets.file_kinds import UnreadableError
from casebook.serving.page.answers import ONE_AT_A_TIME, explain, is_undivided
from casebook.serving.requests import BadRequestError

if TYPE_CHECKING:
    from collections.abc import Sequence

    from casebook.model_registry.champion import Champion

# Each takes as long as the form's answer.
MAX_EXPLAINED_ROWS = 200
# Contributions of a row that are written, and rejected rows that are told at once.
SHOWN_COLUMNS, SHOWN_REJECTED = 3, 5
ROW, COLUMN, REASON, BECAUSE = "row", "column", "reason", "because"
# What scoring adds to the answers.
NO_ANSWERS = ("row", "key", "day")


@dataclass(frozen=True)
class AnsweredFile:
    """A file with its answers.

    Attributes:
        table: a row for each of the file's, in its order: `row`, its number from 0; its values as they stand there; the
            answers; `reason` where there are none; and `because` where that was asked for. What scoring adds is called
            otherwise where the file has a column of that name.
        raw: the raw rows that were answered.
        answers: theirs.
        rejected: `row` and `reason` of the others.
    """

    table: pd.DataFrame
    raw: pd.DataFrame
    answers: pd.DataFrame
    rejected: pd.DataFrame

    def summarise(self) -> dict[str, Any]:
        """Count the rows, and tell why the first of the rejected ones have no answer."""
        first = self.rejected.head(SHOWN_REJECTED).to_dict("records")
        return {"rows": len(self.table), "answered": len(self.answers), "rejected": len(self.rejected), "first": first}


def answer_file(champion: Champion, content: bytes, name: str, with_reasons: bool = False) -> AnsweredFile:
    """Answer the rows of a CSV file; columns that the model does not take go along.

    Args:
        champion: answers.
        content: of the file, in UTF-8 with a header line and commas.
        name: what to call it in errors.
        with_reasons: whether to write the columns that add most to each answer, of `MAX_EXPLAINED_ROWS` rows at most.

    Raises:
        BadRequestError: it cannot be read, lacks a column, holds no rows, or too many to explain.
    """
    if "image" in champion.kinds.values():
        raise BadRequestError("a row of this model is an image, which a CSV file cannot hold: use the form")
    blocks, today = read_blocks(content, name), f"{datetime.now(UTC):%Y-%m-%d}"
    try:
        with ONE_AT_A_TIME:
            scored = list(ScoredRows(blocks, lambda: None, champion, NewRows(name, {}), today))
    except InvalidTableError as error:
        raise BadRequestError(str(error), reason="columns") from None
    raw = stack_blocks(blocks)
    predictions = pd.concat(_unless_empty([block.predictions for block in scored]), ignore_index=True).set_index(ROW)
    rejected = _name_columns(pd.concat([block.rejected for block in scored], ignore_index=True))
    answers = predictions.drop(columns=list(NO_ANSWERS), errors="ignore")
    values = raw.rows.set_axis(raw.numbers, axis=0)
    reasons = _explain_all(champion, values.loc[answers.index], answers) if with_reasons else {}
    added = {**{str(column): answers[column] for column in answers}, REASON: rejected.set_index(ROW)[REASON], **reasons}
    table = _put_together(values, added, len(raw.numbers) + len(raw.broken))
    return AnsweredFile(table, values.loc[answers.index], answers, rejected)


def read_blocks(content: bytes, name: str) -> list[RawBlock]:
    """Read the rows of a CSV file; those that cannot be read keep their numbers.

    Raises:
        BadRequestError: it is no CSV file in UTF-8 with commas, or holds no rows.
    """
    with TemporaryDirectory() as folder:
        # Its own name may be anything.
        path = Path(folder) / "rows.csv"
        path.write_bytes(content)
        try:
            read = list(read_csv_blocks(path, read_csv_options(path)))
        except UnreadableError as error:
            raise BadRequestError(f"{name}: {error}") from None
        except InvalidTableError as error:
            raise BadRequestError(str(error).replace(str(path), name), reason="columns") from None
    blocks = [RawBlock(block.table.to_pandas(), block.numbers, block.broken) for block in read]
    if not any(len(block.rows) + len(block.broken) for block in blocks):
        raise BadRequestError(f"{name} holds no rows below its header line")
    return blocks


def _explain_all(champion: Champion, rows: pd.DataFrame, answers: pd.DataFrame) -> dict[str, pd.Series]:
    """Write of each answered row the columns that add most."""
    if len(rows) > MAX_EXPLAINED_ROWS:
        raise BadRequestError(
            f"{len(rows):,} rows are more than the {MAX_EXPLAINED_ROWS} of which reasons are written: send fewer, or "
            "without reasons"
        )
    if is_undivided(champion) or not champion.profile.get("typical"):
        raise BadRequestError("there are no reasons: this model's rows have no columns, or it kept no training profile")
    raw = rows[[name for name in champion.kinds if name in rows]].astype(object)
    raw = raw.where(raw.notna(), None)
    written, outputs = [], list(map(str, answers))
    for place in range(len(raw)):
        with ONE_AT_A_TIME:
            found = explain(champion, raw.iloc[[place]], dict(zip(outputs, answers.iloc[place], strict=True)))
        written.append("; ".join(f"{each['column']} {each['contribution']:+.3g}" for each in
                                 found["contributions"][:SHOWN_COLUMNS]))  # fmt: skip
    return {BECAUSE: pd.Series(written, index=rows.index)}


def _unless_empty(tables: list[pd.DataFrame]) -> list[pd.DataFrame]:
    """Leave out tables of no rows, which lack columns and would make others of the types of the rest."""
    return [table for table in tables if len(table)] or tables[:1]


def _name_columns(rejected: pd.DataFrame) -> pd.DataFrame:
    """Say in the reason of each rejected row which column it is about, where that is known."""
    named = rejected[COLUMN].where(rejected[COLUMN] == "", rejected[COLUMN] + ": ") + rejected[REASON]
    return rejected[[ROW]].assign(**{REASON: named}).drop_duplicates(ROW)


def _put_together(values: pd.DataFrame, added: dict[str, pd.Series], rows: int) -> pd.DataFrame:
    numbers = pd.RangeIndex(rows)
    taken = set(map(str, values.columns))
    own = {_free_name(name, taken): _spread_out(column, numbers) for name, column in added.items()}
    number = pd.Series(numbers, name=_free_name(ROW, taken))
    return pd.concat([number, values.reindex(numbers), pd.DataFrame(own, index=numbers)], axis=1)


def _spread_out(column: pd.Series, numbers: pd.RangeIndex) -> pd.Series:
    """Put values under the numbers of all rows; whole ones stay whole beside rows that have none."""
    whole = pd.api.types.is_integer_dtype(column)
    return (column.astype("Int64") if whole else column).reindex(numbers)


def _free_name(name: str, taken: Sequence[str] | set[str]) -> str:
    while name in taken:
        name = f"{name}_answer"
    return name
