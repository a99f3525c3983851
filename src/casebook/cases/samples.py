"""Samples of declared cases that have a generator: stand-ins for the raw files where there are none."""

from __future__ import annotations

from dataclasses import dataclass
from importlib import import_module
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from collections.abc import Mapping
    from pathlib import Path


@dataclass(frozen=True)
class SampleGenerator:
    """A generator in `synthetic_data`, in a module of the case's name.

    Attributes:
        case: its name.
        rows: name of the number of rows among the case's `sample` parameters.
        usual: that number by default.
        fewest: the smallest that it makes.
    """

    case: str
    rows: str
    usual: int
    fewest: int

    def write(self, size: Mapping[str, int], folder: Path) -> dict[str, dict[str, float]]:
        """Generate the file into an empty folder -> by split strategy the best reachable scores, by metric."""
        module = import_module(f"casebook.synthetic_data.{self.case}")
        sample = module.generate_sample(size[self.rows], size["seed"])
        module.write_sample(sample, folder)
        best: dict[str, dict[str, float]] = module.best_reachable(sample)
        return best


GENERATORS = (
    # A fifth of the employees stand there as exact copies.
    SampleGenerator("attrition", "employees", 14_999, 200),
    SampleGenerator("deposit", "clients", 11_162, 200),
    SampleGenerator("pima", "rows", 768, 100),
)
SAMPLES = {generator.case: generator for generator in GENERATORS}
