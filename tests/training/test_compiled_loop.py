from collections.abc import Callable
from functools import partial
from typing import Any

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from casebook.compute.tensorflow_startup import start_tensorflow
from casebook.config.schema import TrainingParameters
from casebook.evaluation.scores import score_outputs
from casebook.preprocessing.tabular import Arrays, TabularPreprocessor
from casebook.training.batches import count_steps, plan_epoch, shuffle_rows
from casebook.training.trainer import build_initial_network, compile_network

start_tensorflow()

from casebook.training.compiled_loop import EpochRunner  # noqa: E402

Learnable = tuple[TabularPreprocessor, Arrays, Arrays]


@given(st.integers(1, 3_000_000), st.integers(1, 5000))
def test_an_epoch_is_planned_in_batches_of_nearly_equal_size_that_hold_every_row_once(rows: int, batch: int) -> None:
    steps = count_steps(rows, batch)
    planned = list(plan_epoch(rows, steps))
    assert sum(count for _, count, _ in planned) == steps
    assert max(size for *_, size in planned) <= batch
    assert max(size for *_, size in planned) - min(size for *_, size in planned) <= 1
    ends = [first + count * size for first, count, size in planned]
    assert [first for first, *_ in planned] == [0, *ends[:-1]]
    assert ends[-1] == rows


@pytest.mark.parametrize(
    ("rows", "batch", "planned"),
    [
        (1000, 1000, [(0, 1, 1000)]),
        (1001, 1000, [(0, 1, 501), (501, 1, 500)]),
        (768, 10, [(0, 75, 10), (750, 2, 9)]),
        (150 * 1024, 1024, [(0, 64, 1024), (65536, 64, 1024), (131072, 22, 1024)]),
    ],
)
def test_the_plan_of_an_epoch_is_that_counted_by_hand(rows: int, batch: int, planned: list[tuple[int, ...]]) -> None:
    assert list(plan_epoch(rows, count_steps(rows, batch))) == planned


def test_the_order_of_rows_depends_on_seed_and_epoch_alone() -> None:
    orders = {key: tuple(shuffle_rows(60, *key).tolist()) for key in [(1, 0), (1, 1), (2, 0), (2, 1)]}
    assert len({*orders.values(), tuple(range(60))}) == 5
    assert all(sorted(order) == list(range(60)) for order in orders.values())
    assert all(tuple(shuffle_rows(60, *key).tolist()) == order for key, order in orders.items())
    assert shuffle_rows(60, 1, 0).dtype == np.int32


class Listener:
    """Stands where a network does and writes down which rows it is shown."""

    def __init__(self, network: Any) -> None:  # noqa: ANN401
        import tensorflow as tf

        self.network, self.seen = network, []
        compute_loss = network.compute_loss

        def listen(inputs: Any, *rest: Any, training: bool) -> Any:  # noqa: ANN401
            if training:
                tf.py_function(lambda ids: self.seen.append(ids.numpy().tolist()), [inputs["numbers"][:, 0]], [])
            return compute_loss(inputs, *rest, training=training)

        network.compute_loss = listen


class BatchCalls:
    """Stands where a `CallbackList` does and writes down the calls about batches."""

    def __init__(self) -> None:
        self.heard: list[tuple[str, int, Any]] = []

    def on_train_batch_begin(self, batch: int, logs: Any = None) -> None:  # noqa: ANN401
        self.heard.append(("begin", batch, logs))

    def on_train_batch_end(self, batch: int, logs: Any = None) -> None:  # noqa: ANN401
        self.heard.append(("end", batch, logs))


@pytest.fixture
def make_runner(learnable: Learnable, training: Callable[..., TrainingParameters]) -> Callable[..., EpochRunner]:
    """Make a runner of a small network on the first rows, and train with it as often as asked."""

    def make(rows: int, batch: int, listen: bool = False, **parameters: Any) -> Any:  # noqa: ANN401
        preprocessor, train, validation = learnable
        few, other = ({name: values[:rows] for name, values in part.items()} for part in (train, validation))
        settings = training(batch_size=batch, metrics=["accuracy"], **parameters)
        network = build_initial_network(few, preprocessor, settings)
        steps = count_steps(rows, batch)
        compile_network(network, settings, steps)
        heard = Listener(network).seen if listen else []
        score = partial(score_outputs, ["accuracy"], "binary")
        return EpochRunner(network, few, other, steps, score), heard, few

    return make


def test_every_row_comes_once_an_epoch_in_the_order_of_seed_and_epoch(make_runner: Callable[..., Any]) -> None:
    runner, seen, rows = make_runner(23, 5, listen=True)
    calls = BatchCalls()
    runner.train(7, 2, calls)
    expected = rows["numbers"][shuffle_rows(23, 7, 2), 0]
    assert [len(batch) for batch in seen] == [5, 5, 5, 4, 4]
    np.testing.assert_array_equal(np.concatenate(seen), expected)
    # Three batches of five rows and two of four: the numbers of the first and of the last batch of each stretch.
    assert [call[:2] for call in calls.heard] == [("begin", 0), ("end", 2), ("begin", 3), ("end", 4)]
    assert all(set(logs) == {"loss"} and logs["loss"] > 0 for name, _, logs in calls.heard if name == "end")


def test_an_epoch_s_loss_is_that_of_its_own_rows_and_validation_changes_no_weight(
    make_runner: Callable[..., Any],
) -> None:
    frozen = {"optimizer": {"name": "sgd", "learning_rate": 1e-30}}
    runner, _, rows = make_runner(50, 7, **frozen)
    before = runner.network.get_weights()
    blocks = {name: rows[name] for name in ("codes", "ids", "numbers")}
    expected = runner.network(blocks).numpy()[:, 0]
    target = rows["target"]
    loss = -np.mean(np.log(np.where(target == 1, expected, 1 - expected)))
    for _ in range(2):
        measured = runner.train(1, 0, BatchCalls())
        assert measured["loss"] == pytest.approx(loss, rel=1e-5)
        assert measured["accuracy"] == pytest.approx(np.mean((expected >= 0.5) == target))
        held_out = runner.validate()
        assert held_out["loss"] != measured["loss"]
        assert set(held_out) == {"loss", "accuracy"}
    for old, new in zip(before, runner.network.get_weights(), strict=True):
        np.testing.assert_allclose(new, old, rtol=0, atol=1e-20)


def test_without_validation_rows_nothing_is_measured_on_them(
    learnable: Learnable, training: Callable[..., TrainingParameters]
) -> None:
    preprocessor, rows, _ = learnable
    settings = training()
    network = build_initial_network(rows, preprocessor, settings)
    compile_network(network, settings, 1)
    none = {name: values[:0] for name, values in rows.items()}
    assert EpochRunner(network, rows, none, 1).validate() == {}
