"""The best variant of a study, written where `kedro run` finds it."""

from __future__ import annotations

import os
import shlex
from pathlib import Path
from typing import TYPE_CHECKING, Any

from casebook.config.best_file import BEST, END, PROMISE
from casebook.config.paths import CONF_VARIABLE, best_variant_file, project_root
from casebook.config.resolve import check_case
from casebook.config.schema import NOT_CONDITIONS
from casebook.config.schema.training import OF_A_RUN
from casebook.config.yaml_text import write_yaml
from casebook.runtime.atomic_files import atomic_write
from casebook.tuning.plan import apply_trial_values

if TYPE_CHECKING:
    from collections.abc import Mapping

    from casebook.tuning.plan import StudyPlan


def write_best(winner: Mapping[str, Any], plan: StudyPlan) -> None:
    """Write the winner as the variant `best`, with the study that it comes from.

    The variant states every leaf that the trial depended on, those of the environment and the command line of the study
    included, so that it is the same in every other environment, and the ensemble that the final evaluation trained. A
    search before a training is left out: a run of the variant trains what was judged.
    """
    settings = apply_trial_values(plan.parameters, winner["values"])
    of_trial = {name: value for name, value in settings["training"].items() if name not in OF_A_RUN - {"ensemble"}}
    trained = check_case(plan.case, {**settings, "training": of_trial})
    conditions = {name: value for name, value in trained.items() if name not in NOT_CONDITIONS}
    told = {"study": {"winner_of": f"{winner['run_id']} trial {winner['trial']}"}}
    tree = {plan.case: {"variants": {BEST: {**conditions, **told}}}}
    with atomic_write(best_variant_file(plan.case)) as path:
        path.write_text(f"# Written by the study {plan.name}{PROMISE}\n{write_yaml(tree)}{END}", encoding="utf-8")


def name_command(case: str) -> str:
    """Return the command that trains the winner, in whichever environment."""
    source = os.environ.get(CONF_VARIABLE, "")
    elsewhere = source and Path(source).absolute() != project_root() / "conf"
    option = f" --conf-source={shlex.quote(source)}" if elsewhere else ""
    return f"kedro run --pipeline={case} --params {case}.variant={BEST}{option}"
