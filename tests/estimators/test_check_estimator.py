"""Scikit-learn's own checks of estimators."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import pytest
from sklearn.utils.estimator_checks import parametrize_with_checks
from tests.estimators.frames import SMALL

from casebook import TabularClassifier, TabularRegressor

if TYPE_CHECKING:
    from collections.abc import Callable

# Checks that an estimator does not pass, each with the reason: none. Scikit-learn itself skips one, that of arrays of
# other libraries, unless SCIPY_ARRAY_API is set.
EXCEPTIONS: dict[type, dict[str, str]] = {TabularClassifier: {}, TabularRegressor: {}}
ESTIMATORS = [kind(validation_share=0.0, **SMALL) for kind in EXCEPTIONS]


@pytest.mark.filterwarnings("ignore")
@parametrize_with_checks(ESTIMATORS, expected_failed_checks=lambda estimator: EXCEPTIONS[type(estimator)])
def test_it_passes_scikit_learns_check(estimator: Any, check: Callable[[Any], None]) -> None:  # noqa: ANN401
    if getattr(check, "func", check).__name__ == "check_array_api_input":
        return
    check(estimator)
