"""Plan of the ledger's rows: the published variants, their honest settings and the defaults."""

from __future__ import annotations

import hashlib
import json
from dataclasses import dataclass, field
from functools import cache, cached_property
from pathlib import Path
from typing import TYPE_CHECKING, Any

import yaml

from casebook.cases.registry import load_parameters_class
from casebook.config.loader import open_configuration
from casebook.config.paths import conf_source
from casebook.config.resolve import DEFAULT, resolve_case
from casebook.config.schema import EXECUTION_OPTIONS
from casebook.config.tree import flatten, unflatten

if TYPE_CHECKING:
    from collections.abc import Iterator, Mapping

SEEDS = 3
# Blocks of parameters that apply after training.
AFTER_TRAINING = frozenset({"promotion", "predict", "monitor", "update"})
# Blocks that say what the raw files hold: a case that is declared keeps the rows that its Python made.
OF_THE_FILES = frozenset({"data", "labels", "sample"})


@dataclass(frozen=True)
class LedgerRow:
    """One setting of one case.

    Attributes:
        case: its name.
        variant: its name.
        changes: dotted keys below the case -> values, given on the command line.
        published: metric -> printed figure.
        doubtful: metrics whose printed figure is doubtful.
        note: what a reader should know.
        as_it_runs: whether promotion rows are held out, as in a user's own run; published figures are of all rows.
    """

    case: str
    variant: str
    changes: Mapping[str, Any] = field(default_factory=dict)
    published: Mapping[str, float] = field(default_factory=dict)
    doubtful: tuple[str, ...] = ()
    note: str = ""
    as_it_runs: bool = False

    def parameters(self, seed: int | None = None) -> dict[str, Any]:
        """Return the arguments of `--params`, the case's name included; without a seed the variant keeps its own."""
        seeded = {"training.seed": seed} if seed is not None else {}
        rows = {} if self.as_it_runs else {"split.promotion_share": 0}
        given = {"variant": self.variant, **rows, **self.changed, **seeded}
        return {f"{self.case}.{name}": value for name, value in given.items()}

    @property
    def changed(self) -> dict[str, Any]:
        """Return the leaves that the row changes, by dotted key."""
        return flatten(self.changes)

    @cached_property
    def resolved(self) -> dict[str, Any]:
        """Return the case's validated parameters in this row."""
        return resolve_case(self.case, _configured()[self.case], unflatten(self.parameters())[self.case])

    @property
    def folds(self) -> int:
        """Return the number of folds that a run of this row trains."""
        return int(self.resolved["folds"]["count"])

    @property
    def task(self) -> str:
        """Return the case's task."""
        return str(self.resolved["task"])

    @property
    def strategy(self) -> str:
        """Return the row's split strategy."""
        return str(self.resolved["split"]["strategy"])

    def key(self) -> str:
        """Hash the resolved parameters, so that a finished row is run again only when its configuration changed."""
        return self._hash({"variants", "study"})

    def data_key(self) -> str:
        """Hash what prepared arrays and the reference depend on: rows of one case that agree in it can share them."""
        return self._hash({"variants", "variant", "training", "folds", "evaluation", "study"})

    @property
    def former_key(self) -> str:
        """Return the key of this row's finished runs before parameters were renamed on 2026-11-29; else empty."""
        return _former_keys().get(self.key(), "")

    def _hash(self, left_out: set[str]) -> str:
        # What has its default is left out: a parameter that comes later leaves the keys of finished rows as they are.
        checked = load_parameters_class(self.case).model_validate({**self.resolved, "variants": {}})
        stated = checked.model_dump(mode="json", exclude_defaults=True)
        unstated = left_out | EXECUTION_OPTIONS | AFTER_TRAINING | OF_THE_FILES
        kept = {name: value for name, value in stated.items() if name not in unstated}
        return hashlib.sha256(json.dumps(kept, sort_keys=True).encode()).hexdigest()[:12]


def plan_rows(case: str) -> Iterator[LedgerRow]:
    """List a case's rows: the default, then each published variant with the settings that close its leaks."""
    file = Path(conf_source()) / "base" / case / "published.yml"
    entries = yaml.safe_load(file.read_text()) or {}
    if DEFAULT not in entries:
        yield LedgerRow(case, DEFAULT)
    for variant, entry in entries.items():
        figures = {name: float(value) for name, value in entry.items() if "/" in name}
        doubtful, note = tuple(entry.get("doubtful", ())), entry.get("note", "")
        yield LedgerRow(case, variant, {}, figures, doubtful, note)
        for changes in entry.get("honest", ()):
            yield LedgerRow(case, variant, changes)


def plan_default(case: str) -> LedgerRow:
    """Return the row of a case's default as `kedro run --pipeline=<case>` runs it."""
    return LedgerRow(case, DEFAULT, as_it_runs=True)


@cache
def _configured() -> dict[str, Any]:
    configured: dict[str, Any] = open_configuration()["parameters"]
    return configured


@cache
def _former_keys() -> dict[str, str]:
    """Load the one-time mapping of ledger keys, from the present to those of commit ed30312."""
    found: dict[str, str] = json.loads(Path(__file__).with_name("former_keys.json").read_text())
    return found
