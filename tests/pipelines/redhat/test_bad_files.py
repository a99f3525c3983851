"""Raw files that cannot be used, as they come from the disk: each is refused by file, column and what to do."""

from __future__ import annotations

import shutil
from typing import TYPE_CHECKING

import pandas as pd
import pytest

from casebook.cases.registry import load_case
from casebook.datasets import RawTable
from casebook.pipelines.redhat.features import engineer_features
from casebook.pipelines.redhat.nodes import ingest_activities, ingest_people, merge_people
from casebook.stages.nodes import assign_splits

if TYPE_CHECKING:
    from collections.abc import Callable
    from pathlib import Path

EVERY_ROW = range(1, 1001)
SIZE = {"people": 200, "activities": 1000, "seed": 5}
SPLIT = {"strategy": "person", "keys": {"person": "people_id", "group": "people_group_1"}, "test_share": 0.2,
         "validation_share": 0.1, "seed": 1}  # fmt: skip


@pytest.fixture(scope="module")
def whole(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """Files in which nothing is wrong."""
    folder = tmp_path_factory.mktemp("whole")
    load_case("redhat").write_sample(SIZE, folder)
    return folder


@pytest.fixture
def folder(whole: Path, tmp_path: Path) -> Path:
    """A copy of them to be spoilt."""
    return shutil.copytree(whole, tmp_path / "redhat")


def ingest(folder: Path, name: str) -> pd.DataFrame:
    if name == "people.csv":
        return ingest_people(RawTable(str(folder / name)).load())
    return ingest_activities(RawTable(str(folder / name), plain=["activity_id"]).load())


def run_to_parts(folder: Path, unknown_people: str = "refuse") -> pd.DataFrame:
    """Take the files as far as the split."""
    activities, people = ingest(folder, "act_train.csv"), ingest(folder, "people.csv")
    joined, _ = merge_people(activities, people, unknown_people)
    return assign_splits(engineer_features(joined), SPLIT, "keep", "outcome", "binary")


def only_header(text: str) -> str:
    return text.splitlines()[0] + "\n"


def cut_off(text: str) -> str:
    return text[: text.rstrip().rfind(",") - 3]


def respell(column: str, value: str, *rows: int) -> Callable[[str], str]:
    """Spoil the values of a column: in the given rows, or in data row 2."""

    def change(text: str) -> str:
        lines = [line.split(",") for line in text.splitlines()]
        place = lines[0].index(column)
        for row in rows or (2,):
            lines[row][place] = value
        return "\n".join(map(",".join, lines)) + "\n"

    return change


def drop_column(column: str) -> Callable[[str], str]:
    def change(text: str) -> str:
        lines = [line.split(",") for line in text.splitlines()]
        place = lines[0].index(column)
        return "\n".join(",".join([*cells[:place], *cells[place + 1 :]]) for cells in lines) + "\n"

    return change


def add_column(text: str) -> str:
    lines = text.splitlines()
    return "\n".join([f"{lines[0]},char_99", *(f"{line},type 1" for line in lines[1:])]) + "\n"


def repeat_line(text: str) -> str:
    lines = text.splitlines()
    return "\n".join([*lines, lines[3]]) + "\n"


def test_files_in_which_nothing_is_wrong_come_through(folder: Path) -> None:
    assert set(run_to_parts(folder)["part"]) == {1, 2, 4}


@pytest.mark.parametrize(
    ("name", "spoil", "message"),
    [
        ("act_train.csv", lambda _: "", r"train\.csv cannot be read as CSV \(the file is empty: put the complete"),
        ("people.csv", lambda _: "", r"people\.csv cannot be read as CSV \(the file is empty: put the complete"),
        ("act_train.csv", only_header, r"train\.csv has a header but no rows; put"),
        ("people.csv", only_header, r"people\.csv has a header but no rows; put"),
        ("act_train.csv", cut_off, r"train\.csv cannot be read as CSV .*cut off"),
        ("people.csv", cut_off, r"people\.csv cannot be read as CSV .*cut off"),
        ("act_train.csv", lambda text: text.rstrip()[:-1], r"train\.csv, column outcome: "),
        ("act_train.csv", drop_column("date"), r"train\.csv lacks the column date; it has people_id, activity_id"),
        ("people.csv", drop_column("group_1"), r"people\.csv lacks the column group_1; it has people_id, char_1"),
        ("act_train.csv", add_column, r"train\.csv has columns that nothing is known of: char_99; remove them"),
        ("people.csv", add_column, r"people\.csv has columns that nothing is known of: char_99; remove them"),
        ("act_train.csv", respell("date", "2023-13-45"), r"train\.csv, column date: '2023-13-45' is not a date"),
        ("people.csv", respell("date", "yesterday"), r"people\.csv, column date: 'yesterday' is not a date .*row 2\)"),
        ("act_train.csv", respell("date", ""), r"train\.csv, column date: must not be empty .*mend the file"),
        ("act_train.csv", respell("activity_category", "type x"), r"train\.csv, column activity_category: .*'type x'"),
        ("people.csv", respell("char_3", "type x"), r"people\.csv, column char_3: must look like type .*'type x'"),
        ("people.csv", respell("group_1", "17304"), r"people\.csv, column group_1: must look like group .*'17304'"),
        ("people.csv", respell("char_10", "maybe"), r"people\.csv, column char_10: 'maybe' is not true or false"),
        ("people.csv", respell("char_38", "many"), r"people\.csv, column char_38: 'many' is not a number .*row 2\)"),
        ("people.csv", respell("people_id", "somebody"), r"people\.csv, column people_id: must look like .*'somebody'"),
        ("people.csv", respell("people_id", ""), r"people\.csv, column people_id: must not be empty"),
        ("people.csv", repeat_line, r"people\.csv, column people_id: must not hold a value twice .*mend the file"),
        ("act_train.csv", respell("outcome", "2"), r"train\.csv, column outcome: '2' is not 0 or 1 .*data row 2"),
        ("act_train.csv", respell("outcome", "much"), r"train\.csv, column outcome: 'much' is not 0 or 1 .*row 2\)"),
        ("act_train.csv", respell("outcome", "1", *EVERY_ROW), r"train\.csv, column outcome: every row is 1"),
        ("act_train.csv", respell("people_id", "ppl_987654"), r"first: ppl_987654.*unknown_people=drop"),
    ],
)  # fmt: skip
def test_a_file_that_cannot_be_used_is_refused_by_name_column_and_value(
    folder: Path, name: str, spoil: Callable[[str], str], message: str
) -> None:
    text = (folder / name).read_text()
    (folder / name).write_text(spoil(text))
    with pytest.raises(Exception, match=message) as told:
        run_to_parts(folder)
    assert type(told.value).__name__ in {"InvalidTableError", "RawFileError"}


def test_activities_of_unknown_people_are_counted_with_the_first_examples(folder: Path) -> None:
    text = (folder / "act_train.csv").read_text()
    text = respell("people_id", "ppl_987653", 3)(respell("people_id", "ppl_987652", 2)(text))
    (folder / "act_train.csv").write_text(text)
    with pytest.raises(ValueError, match=r"2 .*ppl_987652.*ppl_987653"):
        run_to_parts(folder)


def test_activities_of_unknown_people_are_dropped_and_counted_on_request(folder: Path) -> None:
    text = respell("people_id", "ppl_987654")((folder / "act_train.csv").read_text())
    (folder / "act_train.csv").write_text(text)
    joined, counts = merge_people(ingest(folder, "act_train.csv"), ingest(folder, "people.csv"), "drop")
    assert counts == {"data/dropped_activities": 1.0}
    assert len(joined) == SIZE["activities"] - 1
    assert "ppl_987654" not in set(joined["people_id"])


def test_a_person_twice_is_refused_at_the_join_too() -> None:
    people = pd.DataFrame({"people_id": ["ppl_1", "ppl_1"], "char_1": ["type 1", "type 2"]})
    with pytest.raises(ValueError, match=r"^people\.csv: people_id ppl_1 occurs 2 times"):
        merge_people(pd.DataFrame({"people_id": ["ppl_1"]}), people, "refuse")


def test_a_class_that_is_absent_from_a_part_is_refused_with_the_part(folder: Path) -> None:
    text = (folder / "act_train.csv").read_text()
    text = respell("outcome", "1", 1)(respell("outcome", "0", *EVERY_ROW)(text))
    (folder / "act_train.csv").write_text(text)
    with pytest.raises(
        ValueError, match=r"split: (train|validation|test) has no row of class 1; use more rows"
    ) as told:
        run_to_parts(folder)
    assert type(told.value).__name__ == "EmptySplitError"
