"""What is wrong with raw files is said in one line, whichever part holds it."""

from __future__ import annotations

from copy import deepcopy
from typing import TYPE_CHECKING, Any

import pandas as pd
import pytest

from casebook.column_types.column_type import InvalidTableError
from casebook.config.schema import TabularPreprocessingParameters
from casebook.data.splitting import EmptySplitError
from casebook.datasets.raw import RawFileError
from casebook.out_of_core.preparing import add_columns
from casebook.preprocessing.fit_tabular import count_column

if TYPE_CHECKING:
    from collections.abc import Callable
    from pathlib import Path

ROWS = 300
CASE: dict[str, Any] = {
    "task": "binary",
    "target": "won",
    "data": {
        "defaults": "schema",
        "tables": {
            "games": {"file": "games.csv", "unique": ["game"]},
            "players": {"file": "players.csv", "join_on": "player"},
        },
        "columns": {"player": {"role": "key"}, "points": {"type": "number"}, "won": {"classes": [0, 1]}},
    },
    "split": {"strategy": "player", "promotion_share": 0.0},
    "training": {"epochs": 1},
}


@pytest.fixture
def prepare(
    prepare_both: Callable[..., Any], tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> Callable[..., dict[str, Any]]:
    """Return what prepares a case of two small tables in parts, some of whose lines are others."""
    monkeypatch.setattr("tests.out_of_core.conftest.prepare_whole", lambda *_: {})

    def prepare_changed(
        games: dict[int, str] | None = None,
        players: dict[int, str] | None = None,
        unmatched: str = "refuse",
        **settings: Any,  # noqa: ANN401 - of the workers
    ) -> dict[str, Any]:
        folder = tmp_path / "toy"
        folder.mkdir()
        lines = [f"{row},p{row % 40},{row * 7 % 90},{row % 2}" for row in range(ROWS)]
        others = [f"p{number},{'abc'[number % 3]}" for number in range(40)]
        for given, kept in ((games or {}, lines), (players or {}, others)):
            for row, line in given.items():
                kept[row : row + 1] = [line] if line else []
        (folder / "games.csv").write_text("\n".join(["game,player,points,won", *lines, ""]))
        (folder / "players.csv").write_text("\n".join(["player,club", *others, ""]))
        case = deepcopy(CASE)
        case["data"]["tables"]["players"]["unmatched"] = unmatched
        made: dict[str, Any] = prepare_both("toy", tmp_path, case, part_bytes=700, declared=case, **settings).parts
        return made

    return prepare_changed


def test_a_clean_case_of_its_own_is_prepared(prepare: Callable[..., dict[str, Any]]) -> None:
    made = prepare()
    assert made["split_metrics"]["data/shards"] > 3
    assert sum(len(made[f"{part}_arrays"]["target"]) for part in ("train", "validation", "test")) == ROWS
    assert made["row_schema"].features.keys() == {"points", "game", "club"}


@pytest.mark.parametrize("broadcast_bytes", [0, 1 << 30], ids=["shuffled", "whole"])
def test_rows_that_a_join_leaves_out_are_counted(prepare: Callable[..., dict[str, Any]], broadcast_bytes: int) -> None:
    made = prepare({7: "7,nobody,1,0"}, unmatched="drop", broadcast_bytes=broadcast_bytes)
    assert made["target_metrics"] == {"data/target_missing_rows": 0.0, "data/unmatched_rows": 1.0}


def test_a_row_that_cannot_be_read_is_told_as_an_error_of_the_file(prepare: Callable[..., dict[str, Any]]) -> None:
    with pytest.raises(
        RawFileError, match=r"games.csv cannot be read: counted from byte [\d,]+ on, data row \d+: 5 val"
    ):
        prepare({250: "250,p10,1,0,0"})


@pytest.mark.parametrize(
    ("games", "players", "told"),
    [
        ({250: "250,p10,many,0"}, {}, r"games.csv, column points: 'many' is not a number .*first in data row 251\)"),
        ({250: "250,p10,5,2"}, {}, r"games.csv, column won: '2' \(1 rows\) is none of the declared classes 0, 1"),
        ({}, {11: ""}, r"games.csv, column player: \d+ rows have no partner in players.csv \(first: player p11\)"),
        ({}, {11: "p12,b"}, r"players.csv: player p12 stands 2 times \(1 rows too many\); keep one row"),
        ({250: "3,p10,5,0"}, {}, r"games.csv, column game: 1 rows have what stands in another row; keep one row each"),
    ],
)
def test_what_is_wrong_is_named(
    prepare: Callable[..., dict[str, Any]], games: dict[int, str], players: dict[int, str], told: str
) -> None:
    with pytest.raises(InvalidTableError, match=told):
        prepare(games, players)


def test_a_column_that_is_of_numbers_in_one_part_and_of_categories_in_another_is_named() -> None:
    settings = TabularPreprocessingParameters()
    plain, nulls = (count_column(pd.Series(values), settings) for values in ([True, False], [True, None]))
    assert add_columns("paid", [plain, plain]).rows == 4
    with pytest.raises(InvalidTableError, match=r"^column paid is .* preprocessing.encoding.paid=onehot, or"):
        add_columns("paid", [plain, nulls])


def test_a_part_of_the_split_that_lacks_a_class_is_named(prepare: Callable[..., dict[str, Any]]) -> None:
    # Three rows of the other class are all of one player.
    games = {row: f"{row},p{row % 40},1,{int(row in (5, 45, 85))}" for row in range(ROWS)}
    with pytest.raises(EmptySplitError, match=r"split: (train|validation|test) has no row of class 1; use more rows"):
        prepare(games)
