"""Studies that several tests look at."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

import pytest
import yaml

from casebook.config.tree import overlay
from casebook.tuning.study import StudyLocation, open_location

if TYPE_CHECKING:
    from collections.abc import Callable

    import optuna
    from mlflow.entities import Run
    from tests.project import Project


@dataclass(frozen=True)
class Studied:
    """A project in which a study has been run."""

    project: Project
    case: str
    code: int
    said: str

    @property
    def parent(self) -> Run:
        found = [run for run in self.runs() if "mlflow.parentRunId" not in run.data.tags]
        return next(run for run in found if run.info.run_name.startswith("study"))

    @property
    def children(self) -> dict[int, Run]:
        parent = self.parent.info.run_id
        children = [run for run in self.runs() if run.data.tags.get("mlflow.parentRunId") == parent]
        return {int(run.data.tags["optuna.trial"]): run for run in children}

    def runs(self) -> list[Run]:
        experiment = self.project.client.get_experiment_by_name(self.case)
        assert experiment is not None
        return list(self.project.client.search_runs([experiment.experiment_id]))

    @property
    def place(self) -> StudyLocation:
        file = self.project.root / "data" / "06_models" / self.case / "study.journal"
        return open_location(f"journal:///{file}", self.case)

    def trials(self) -> list[optuna.trial.FrozenTrial]:
        return list(self.place.load().get_trials())


def configure(project: Project, case: str, **blocks: Any) -> None:  # noqa: ANN401 - any parameters
    """Write a case's own settings, as a user would."""
    base, test = (project.root / "conf" / name / case / "parameters.yml" for name in ("base", "test"))
    configured, small = (yaml.safe_load(file.read_text())[case] for file in (base, test))
    # The environment's own block is left out: it could only add to the space.
    below = {name: value for name, value in small.items() if name != "study"}
    study = {**configured["study"], "first": [], **blocks.pop("study")}
    merged = overlay(overlay(overlay(configured, below), blocks), {"study": study}, {"space"})
    base.write_text(yaml.safe_dump({case: merged}))
    test.unlink()


@pytest.fixture(scope="session")
def run_study(new_project: Callable[[], Project]) -> Callable[..., Studied]:
    """Run a study of a case with its own settings in a new project, or once more in a project."""

    def run(
        case: str,
        project: Project | None = None,
        given: str = "",
        *,
        forked: bool = True,
        **blocks: Any,  # noqa: ANN401
    ) -> Studied:
        project = project or new_project()
        if blocks:
            configure(project, case, **blocks)
        words = ["--params", given] if given else []
        code, said = project.kedro("run", f"--pipeline={case}_study", "--env", "test", *words, forked=forked)
        return Studied(project, case, code, said)

    return run


# A leaf of the training, one of the preprocessor, and one that no preprocessing can be fitted with.
ENTRIES = [
    {"training": {"network": {"hidden": [8]}}},
    {"preprocessing": {"min_frequency": 5}, "training": {"network": {"hidden": [16]}}},
    {"preprocessing": {"impute": {"people_char_38": "missing"}}},
    {"training": {"network": {"hidden": [12]}}},
]


@pytest.fixture(scope="session")
def listed(run_study: Callable[..., Studied]) -> Studied:
    """Run a list of four settings on Red Hat's sample with two workers; the third of them cannot be prepared."""
    study = {"sampler": "manual", "first": ENTRIES, "workers": 2, "pruner": "none", "seeds": 2}
    return run_study("redhat", forked=False, study=study)


@pytest.fixture(scope="session")
def folded(run_study: Callable[..., Studied]) -> Studied:
    """Run a grid on attrition's folds with one worker; the second setting learns nothing and is pruned."""
    rates = {"training": {"optimizer": {"learning_rate": {"choice": [0.01, 1e-9]}}}}
    pruning = {"startup_trials": 1, "warmup_steps": 0}
    settings = {"sampler": "grid", "folds": 2, "workers": 1, "pruner": "median", "pruning": pruning, "trials": 9}
    # Beside boosted trees a network that has learnt nothing would not show.
    training = {"epochs": 4, "batch_size": 32, "ensemble": {"reference": False}}
    return run_study(
        "attrition", study={**settings, "metric": "val/auc", "space": rates, "seeds": 2}, training=training
    )
