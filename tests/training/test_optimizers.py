from itertools import pairwise
from typing import Any, get_args

import numpy as np
import pytest
from pydantic import ValidationError

from casebook.compute.tensorflow_startup import start_tensorflow
from casebook.config.schema import OptimizerParameters, ScheduleParameters
from casebook.config.schema.training import OPTIMIZER_OPTIONS, OptimizerName

start_tensorflow()

import keras  # noqa: E402
import tensorflow as tf  # noqa: E402

from casebook.training.optimizers import learning_rate, make_optimizer  # noqa: E402


def rates(schedule: dict[str, Any], steps: int = 100) -> list[float]:
    rate = learning_rate(ScheduleParameters(**schedule), 0.1, steps)
    return [float(rate(step)) if callable(rate) else rate for step in range(steps + 1)]


@pytest.mark.parametrize(
    ("schedule", "start", "middle", "end"),
    [
        ({"name": "constant"}, 0.1, 0.1, 0.1),
        ({"name": "cosine"}, 0.1, 0.05, 0.0),
        ({"name": "cosine", "final_share": 0.2}, 0.1, 0.06, 0.02),
        ({"name": "linear"}, 0.1, 0.05, 0.0),
        ({"name": "linear", "final_share": 0.5}, 0.1, 0.075, 0.05),
        ({"name": "exponential", "final_share": 0.01}, 0.1, 0.01, 0.001),
        ({"name": "exponential"}, 0.1, 1e-5, 1e-9),
    ],
)
def test_a_schedule_starts_passes_and_ends_where_it_should(
    schedule: dict[str, Any], start: float, middle: float, end: float
) -> None:
    curve = rates(schedule)
    assert (curve[0], curve[50], curve[100]) == pytest.approx((start, middle, end), rel=1e-4, abs=1e-12)
    assert all(later <= earlier for earlier, later in pairwise(curve))


@pytest.mark.parametrize(("name", "end"), [("constant", 0.1), ("cosine", 0.0)])
def test_a_warm_up_rises_in_equal_steps_to_the_rate_and_gives_way_to_the_schedule(name: str, end: float) -> None:
    curve = rates({"name": name, "warmup_share": 0.1})
    np.testing.assert_allclose(np.diff(curve[:11]), np.full(10, curve[1] - curve[0]), rtol=1e-4)
    assert 0 < curve[0] < 0.02
    assert curve[10] == pytest.approx(0.1)
    assert curve[100] == pytest.approx(end, abs=1e-8)


@pytest.mark.parametrize("name", ["linear", "exponential"])
def test_a_warm_up_that_a_schedule_does_not_have_is_refused(name: str) -> None:
    with pytest.raises(ValidationError, match=f"warmup_share goes with constant or cosine, not with {name}"):
        ScheduleParameters(name=name, warmup_share=0.1)


@pytest.mark.parametrize("name", get_args(OptimizerName))
def test_every_optimizer_takes_its_options_and_clipping(name: str) -> None:
    values = {"nesterov": True, "amsgrad": True, "centered": True, "epsilon": 1e-3}
    options = {option: values.get(option, 0.25) for option in OPTIMIZER_OPTIONS[name]}
    parameters = OptimizerParameters(name=name, learning_rate=0.5, options=options, clip_norm=2.0)
    optimizer = make_optimizer(parameters, parameters.learning_rate)
    assert type(optimizer).__name__.lower() == name
    config = optimizer.get_config()
    assert {option: config[option] for option in options} == options
    assert (config["learning_rate"], config["global_clipnorm"]) == (0.5, 2.0)


def test_an_option_that_an_optimizer_lacks_is_refused() -> None:
    with pytest.raises(ValidationError, match="option momentum is not one of adam's: amsgrad, beta_1, beta_2, epsilon"):
        OptimizerParameters(name="adam", learning_rate=0.1, options={"momentum": 0.9})


def trajectory(optimizer: Any, sparse: bool = False) -> list[np.ndarray]:  # noqa: ANN401
    """Move a matrix by gradients that a generator draws; give where it stands after each of five steps."""
    generator = np.random.default_rng(3)
    variable = keras.Variable(generator.normal(size=(6, 4)).astype(np.float32))
    stands = []
    for _ in range(5):
        gradient = tf.constant(generator.normal(size=(6, 4)).astype(np.float32))
        if sparse:
            gradient = tf.IndexedSlices(gradient[:3], tf.constant([1, 4, 1]), dense_shape=(6, 4))
        optimizer.apply([gradient], [variable])
        stands.append(variable.numpy())
    return stands


@pytest.mark.parametrize(("name", "kind"), [("adam", "Adam"), ("adamw", "AdamW")])
@pytest.mark.parametrize(
    "options", [{}, {"beta_1": 0.8, "beta_2": 0.95, "epsilon": 1e-3}, {"amsgrad": True}, {"clip_norm": 0.5}]
)
@pytest.mark.parametrize("sparse", [False, True])
def test_adam_in_one_kernel_moves_as_keras_does(name: str, kind: str, options: dict[str, Any], sparse: bool) -> None:
    clip_norm = options.get("clip_norm")
    kept = {option: value for option, value in options.items() if option != "clip_norm"}
    schedule = keras.optimizers.schedules.CosineDecay(0.1, 5)
    ours = make_optimizer(
        OptimizerParameters(name=name, learning_rate=0.1, options=kept, clip_norm=clip_norm), schedule
    )
    theirs = getattr(keras.optimizers, kind)(schedule, global_clipnorm=clip_norm, **kept)
    for mine, other in zip(trajectory(ours, sparse), trajectory(theirs, sparse), strict=True):
        np.testing.assert_allclose(mine, other, rtol=0, atol=1e-5)


class CountedSchedule(keras.optimizers.schedules.LearningRateSchedule):  # type: ignore[misc]
    """Halves the rate at each step and counts how often it is asked."""

    def __init__(self) -> None:
        self.asked = 0

    def __call__(self, step: Any) -> Any:  # noqa: ANN401
        self.asked += 1
        return 0.1 * 0.5 ** tf.cast(step, tf.float32)


@pytest.mark.parametrize("name", ["adam", "adamw"])
def test_a_learning_rate_is_computed_once_a_step_however_many_variables_there_are(name: str) -> None:
    schedule = CountedSchedule()
    optimizer = make_optimizer(OptimizerParameters(name=name, learning_rate=0.1), schedule)
    variables = [keras.Variable(np.ones(2, np.float32)) for _ in range(5)]
    optimizer.build(variables)
    asked = schedule.asked
    for _ in range(3):
        optimizer.apply([tf.ones(2)] * 5, variables)
    assert schedule.asked - asked == 3
    assert float(optimizer.learning_rate) == pytest.approx(0.1 * 0.5**3)


def test_a_constant_learning_rate_can_still_be_set() -> None:
    optimizer = make_optimizer(OptimizerParameters(name="adamw", learning_rate=0.1), 0.1)
    optimizer.learning_rate = 0.3
    assert float(optimizer.learning_rate) == pytest.approx(0.3)
