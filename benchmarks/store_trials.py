"""One process that takes trials of a trivial objective until the total is reached: <address> <study> <total>."""

from __future__ import annotations

import sys

from casebook.config.schema.tuning import StudyParameters
from casebook.tuning.study import open_location
from casebook.tuning.trials import claim_trial


def main(address: str, name: str, total: str) -> None:
    """Claim, draw and tell, as often as the budget allows."""
    settings = StudyParameters(sampler="random", trials=int(total))
    place = open_location(address, name)
    study = place.load()
    while (trial := claim_trial(place, study, settings)) is not None:
        study.tell(trial, trial.suggest_float("x", 0, 1))


if __name__ == "__main__":
    main(*sys.argv[1:])
