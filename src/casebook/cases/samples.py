"""Samples of declared cases that have a generator: stand-ins for the raw files where there are none."""

from __future__ import annotations

from dataclasses import dataclass
from importlib import import_module
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from collections.abc import Mapping
    from pathlib import Path


@dataclass(frozen=True)
class Size:
    """A size of a sample, one of the case's `sample` parameters.

    Attributes:
        name: of what there are so many.
        usual: how many by default.
        fewest: that are made.
        most: that are made; none without a limit.
    """

    name: str
    usual: int
    fewest: int
    most: int | None = None


@dataclass(frozen=True)
class SampleGenerator:
    """A generator in `synthetic_data`, in a module of the case's name.

    Attributes:
        case: its name.
        sizes: of the sample, in the order in which the generator takes them; its seed is behind them.
    """

    case: str
    sizes: tuple[Size, ...]

    def write(self, size: Mapping[str, int], folder: Path) -> dict[str, dict[str, float]]:
        """Generate the file into an empty folder -> by split strategy the best reachable scores, by metric."""
        module = import_module(f"casebook.synthetic_data.{self.case}")
        sample = module.generate_sample(*(size[each.name] for each in self.sizes), size["seed"])
        module.write_sample(sample, folder)
        best: dict[str, dict[str, float]] = module.best_reachable(sample)
        return best


GENERATORS = (
    # A fifth of the employees stand there as exact copies.
    SampleGenerator("attrition", (Size("employees", 14_999, 200),)),
    SampleGenerator("deposit", (Size("clients", 11_162, 200),)),
    SampleGenerator("pima", (Size("rows", 768, 100),)),
    SampleGenerator("redhat", (Size("people", 20_000, 200), Size("activities", 200_000, 1_000))),
    SampleGenerator("rossmann", (Size("stores", 120, 10, 1115), Size("days", 942, 120, 942))),
    SampleGenerator("boston", (Size("rows", 506, 100),)),
)
SAMPLES = {generator.case: generator for generator in GENERATORS}
