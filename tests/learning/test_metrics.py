import numpy as np
import pytest

from casebook.learning.backend import start_backend
from casebook.learning.scoring import score_predictions

ACTUAL = np.array([100.0, 0.0, 50.0, 200.0], dtype=np.float32)
PREDICTED = np.array([[110.0], [30.0], [25.0], [200.0]], dtype=np.float32)


@pytest.mark.parametrize(("name", "expected"), [("mape", (0.1 + 0.5) / 3), ("rmspe", ((0.01 + 0.25) / 3) ** 0.5)])
def test_relative_errors_are_fractions_on_the_rows_above_0(name: str, expected: float) -> None:
    start_backend()
    from casebook.learning.metrics import resolve_metric

    metric = resolve_metric(name)
    for part in (slice(0, 2), slice(2, 4)):
        metric.update_state(ACTUAL[part], PREDICTED[part])
    assert float(metric.result()) == pytest.approx(expected, rel=1e-6)
    scores = score_predictions("regression", ACTUAL.astype(float), PREDICTED[:, 0].astype(float))
    assert scores[name] == pytest.approx(expected, rel=1e-6)


def test_other_metrics_keep_the_names_that_keras_knows() -> None:
    start_backend()
    from casebook.learning.metrics import resolve_metric

    assert [resolve_metric(name) for name in ("accuracy", "mae", "mse")] == ["accuracy", "mae", "mse"]
    assert [resolve_metric(name).name for name in ("auc", "rmse")] == ["auc", "rmse"]
