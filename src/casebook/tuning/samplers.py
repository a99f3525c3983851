"""Samplers and pruners by name."""

from __future__ import annotations

import warnings
from contextlib import contextmanager
from importlib.util import find_spec
from typing import TYPE_CHECKING

import optuna
from optuna import pruners, samplers

from casebook.tuning.hyperparameters import SpaceError

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator

    from casebook.config.schema.tuning import PruningParameters, StudyParameters

# What a sampler needs beyond Optuna, and how large it is.
REQUIRED_PACKAGES = {"gp": ("torch", "about 2 GB"), "cmaes": ("cmaes", "small")}
# A sampler that lists its trials beforehand takes no others.
ENUMERATING_SAMPLERS = ("manual", "grid")


def make_sampler(parameters: StudyParameters, seed: int) -> samplers.BaseSampler:
    """Create the sampler of a study.

    Args:
        parameters: the case's `study` block.
        seed: of this process; workers with the same seed would draw the same trials.

    Raises:
        SpaceError: the sampler needs a package that is not installed, or cannot search for two metrics.
    """
    name = parameters.sampler
    package, size = REQUIRED_PACKAGES.get(name, ("optuna", ""))
    if find_spec(package) is None:
        raise SpaceError(f"study.sampler {name} needs the package {package} ({size}): pip install {package}")
    if name in {"cmaes"} and len(parameters.metric) > 1:
        raise SpaceError(f"study.sampler {name} searches for one metric; take tpe, gp, random or qmc for two")
    made: dict[str, Callable[[], samplers.BaseSampler]] = {
        "manual": lambda: samplers.RandomSampler(seed=seed),
        "grid": lambda: samplers.RandomSampler(seed=seed),
        "random": lambda: samplers.RandomSampler(seed=seed),
        "tpe": lambda: samplers.TPESampler(seed=seed),
        "gp": lambda: samplers.GPSampler(seed=seed, n_startup_trials=parameters.pruning.startup_trials or 1),
        "cmaes": lambda: samplers.CmaEsSampler(seed=seed),
        "qmc": lambda: samplers.QMCSampler(seed=parameters.seed, warn_independent_sampling=False),
    }
    with ignore_experimental_warning():
        return made[name]()


def make_pruner(name: str, options: PruningParameters, steps: int) -> pruners.BasePruner:
    """Create a pruner by its name.

    Args:
        name: see `config.schema.tuning.Pruner`.
        options: when it may act.
        steps: most steps that a trial reports: epochs, or folds.
    """
    startup, warmup = options.startup_trials, options.warmup_steps
    made: dict[str, Callable[[], pruners.BasePruner]] = {
        "none": lambda: pruners.NopPruner(),
        "median": lambda: pruners.MedianPruner(n_startup_trials=startup, n_warmup_steps=warmup),
        "hyperband": lambda: pruners.HyperbandPruner(min_resource=max(1, warmup), max_resource=steps),
        "successive_halving": lambda: pruners.SuccessiveHalvingPruner(min_resource=max(1, warmup)),
        "wilcoxon": lambda: pruners.WilcoxonPruner(p_threshold=options.p_threshold, n_startup_steps=warmup),
        "patient": lambda: pruners.PatientPruner(
            pruners.MedianPruner(n_startup_trials=startup, n_warmup_steps=warmup), patience=options.patience
        ),
    }
    with ignore_experimental_warning():
        return made[name]()


@contextmanager
def ignore_experimental_warning() -> Iterator[None]:
    """Suppress Optuna's warning that something chosen on purpose, such as a sampler by its name, is experimental."""
    with warnings.catch_warnings():
        warnings.simplefilter("ignore", optuna.exceptions.ExperimentalWarning)
        yield
