"""What a search took, by clocks that differ."""

from __future__ import annotations

from datetime import datetime, timedelta

import optuna
import pytest
from optuna.distributions import FloatDistribution
from optuna.trial import FrozenTrial, TrialState

from casebook.tuning.leaderboard import measure_search, seconds_of
from casebook.tuning.trials import TAKEN

BEGAN = datetime(2026, 11, 30, 12)
HOUR = timedelta(hours=1)


def trial(number: int, start: float, ended: timedelta, **attributes: float) -> FrozenTrial:
    """A trial that the launch began, and whose end a worker wrote by its own clock."""
    begun = BEGAN + timedelta(seconds=start)
    return FrozenTrial(
        number=number, state=TrialState.COMPLETE, value=0.5, datetime_start=begun, datetime_complete=begun + ended,
        params={"x": 0.5}, distributions={"x": FloatDistribution(0, 1)}, user_attrs=attributes, system_attrs={},
        intermediate_values={}, trial_id=number,
    )  # fmt: skip


@pytest.mark.parametrize("off", [HOUR, -HOUR, timedelta()])
def test_a_clock_an_hour_off_changes_neither_a_trial_s_seconds_nor_the_trials_an_hour(off: timedelta) -> None:
    study = optuna.create_study()
    study.add_trial(trial(0, 0, timedelta(seconds=20) + off, **{TAKEN: 20.0}))
    study.add_trial(trial(1, 10, timedelta(seconds=26) + off, **{TAKEN: 26.0}))
    assert [seconds_of(each) for each in study.trials] == [20.0, 26.0]
    assert measure_search(study)["study/trials_an_hour"] == pytest.approx(200.0)


def test_a_trial_that_has_not_said_what_it_took_goes_by_what_is_stored() -> None:
    assert seconds_of(trial(0, 0, timedelta(seconds=3))) == 3.0
