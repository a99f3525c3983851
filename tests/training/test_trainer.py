from collections.abc import Callable, Mapping
from functools import cache
from itertools import cycle
from typing import Any, get_args

import numpy as np
import pytest
from pydantic import ValidationError
from tests.library_fixtures import Recorder

from casebook.compute.tensorflow_startup import start_tensorflow
from casebook.config.schema import TrainingParameters
from casebook.config.schema.training import OptimizerName
from casebook.config.schema.types import Activation, Initializer, Loss
from casebook.evaluation.prediction import predict
from casebook.evaluation.scores import compute_auc, score_predictions
from casebook.models.networks import build_network
from casebook.preprocessing.tabular import Arrays, TabularPreprocessor
from casebook.training.callbacks import CurveCallback, TrainingCallback
from casebook.training.curves import name_curves
from casebook.training.early_stopping import DivergedError, kept_epoch
from casebook.training.losses import pinball
from casebook.training.trainer import compile_network, train_network

# Each name at least once.
TRAINABLE = list(
    zip(
        get_args(Activation),
        cycle(name for name in get_args(Initializer) if name != "zeros"),
        cycle(get_args(OptimizerName)),
        strict=False,
    )
)
Training = Callable[..., TrainingParameters]
Learnable = tuple[TabularPreprocessor, Arrays, Arrays]


@pytest.fixture(autouse=True)
def seeded() -> None:
    """Start every test from the same weights."""
    start_tensorflow()
    import keras

    keras.utils.set_random_seed(1)


def few(arrays: Arrays, rows: int = 40) -> Arrays:
    return {name: values[:rows] for name, values in arrays.items()}


def train(learnable: Learnable, parameters: TrainingParameters, *callbacks: Any, rows: int = 400) -> Any:  # noqa: ANN401
    preprocessor, training_rows, validation = learnable
    return train_network(few(training_rows, rows), few(validation, rows), preprocessor, parameters, callbacks)


def weights_of(network: Any) -> list[np.ndarray]:  # noqa: ANN401
    return [np.array(weight) for weight in network.get_weights()]


@pytest.mark.parametrize(("activation", "initializer", "optimizer"), TRAINABLE)
def test_every_activation_initializer_and_optimizer_can_be_trained(
    learnable: Learnable, training: Training, activation: str, initializer: str, optimizer: str
) -> None:
    network = {"hidden": [3], "activation": activation, "initializer": initializer}
    parameters = training(network=network, optimizer={"name": optimizer, "learning_rate": 0.1}, metrics=["accuracy"])
    check_one_step(learnable[0], few(learnable[1]), parameters)


def test_no_name_is_left_out_above() -> None:
    activations, initializers, optimizers = (set(names) for names in zip(*TRAINABLE, strict=True))
    assert activations == set(get_args(Activation))
    # Zeros are for biases: between two layers of zeros no gradient flows.
    assert initializers == set(get_args(Initializer)) - {"zeros"}
    assert optimizers == set(get_args(OptimizerName))


@pytest.mark.parametrize("loss", get_args(Loss))
def test_every_loss_moves_the_weights(learnable: Learnable, training: Training, loss: str) -> None:
    preprocessor, rows, _ = learnable
    rows = few(rows)
    classes = {"categorical_crossentropy": 2, "sparse_categorical_crossentropy": 2}.get(loss, 1)
    if loss == "categorical_crossentropy":
        rows["target"] = np.eye(2)[rows["target"]]
    output = {1: "sigmoid" if loss in {"binary_crossentropy", "msle"} else "linear", 2: "softmax"}[classes]
    parameters = training(loss=loss, metrics=[], network={"hidden": [3], "output": output})
    check_one_step(preprocessor, rows, parameters, classes)


def test_pinball_is_least_at_its_quantile_of_the_target() -> None:
    actual = np.arange(1, 101, dtype=np.float32)
    answers = np.arange(0.5, 101, dtype=np.float32)

    def best(quantile: float) -> float:
        losses = [float(np.mean(pinball(quantile)(actual, np.full((100, 1), one)))) for one in answers]
        return float(answers[np.argmin(losses)])

    # 44 of the 100 targets lie below 44.5.
    assert [best(0.445), best(0.105), best(0.905)] == [44.5, 10.5, 90.5]
    np.testing.assert_allclose(pinball(0.25)(actual[:2], np.array([[0.0], [4.0]])), [0.25, 1.5])
    np.testing.assert_allclose(pinball(0.5)(actual[:2], np.array([[0.0], [4.0]])), [0.5, 1.0])


def test_a_quantile_without_its_loss_is_refused(training: Training) -> None:
    with pytest.raises(ValidationError, match=r"quantile 0\.4 goes with the loss pinball, not with binary_c"):
        training(quantile=0.4)


def check_one_step(
    preprocessor: TabularPreprocessor, rows: Arrays, parameters: TrainingParameters, outputs: int = 1
) -> None:
    network = build_network(preprocessor, parameters.network, outputs)
    compile_network(network, parameters, steps=1)
    network.run_eagerly = True
    before = weights_of(network)
    logs = network.train_on_batch({k: rows[k] for k in ("codes", "ids", "numbers")}, rows["target"], return_dict=True)
    assert set(logs) == {"loss"}
    assert all(np.isfinite(value) for value in logs.values())
    assert any((old != new).any() for old, new in zip(before, weights_of(network), strict=True))


@pytest.fixture(scope="module")
def trained(learnable: Learnable, training: Training) -> Callable[[int], Any]:
    """Train on 40 read-only rows; answer with network, history, what its callbacks heard and the rows."""
    preprocessor, rows, validation = learnable
    network = {"hidden": [6], "dropout": 0.2, "embedding": {"size": 2, "category_dropout": 0.1}}

    def run(seed: int) -> Any:  # noqa: ANN401
        # Memory-mapped arrays are read-only too.
        frozen = [{name: values.copy() for name, values in few(part).items()} for part in (rows, validation)]
        for values in (*frozen[0].values(), *frozen[1].values()):
            values.flags.writeable = False
        recorder = Recorder()
        parameters = training(seed=seed, network=network, metrics=["accuracy", "log_loss"])
        return (*train_network(*frozen, preprocessor, parameters, [recorder]), recorder.heard, frozen)

    return cache(run)


def test_training_is_heard_from_start_to_stop_and_written_down(trained: Callable[[int], Any]) -> None:
    network, history, heard, _ = trained(5)
    points = [{name: row[name] for name in history.columns.drop("epoch")} for _, row in history.iterrows()]
    names = [f"{part}/{metric}" for part in ("train", "val") for metric in ("accuracy", "log_loss", "loss")]
    assert history["epoch"].tolist() == [1, 2]
    assert sorted(history.columns) == ["epoch", *names]
    # 40 rows in batches of at most 16 are one of 14 rows and two of 13.
    epochs = [[("advance", 1), ("advance", 2), ("epoch", number, points[number - 1])] for number in (1, 2)]
    expected = [("start", 2, 3), *epochs[0], *epochs[1]]
    assert heard == [*expected, ("stop",)]
    assert network.output_shape == (None, 1)


def test_training_leaves_its_arrays_as_they_were(trained: Callable[[int], Any], learnable: Learnable) -> None:
    _, *parts = learnable
    for part, original in zip(trained(5)[3], parts, strict=True):
        assert all((part[name] == original[name][:40]).all() for name in original)


def test_two_trainings_with_one_seed_are_the_same_and_another_seed_is_not(trained: Callable[[int], Any]) -> None:
    first, curve = trained(5)[:2]
    again, same = trained.__wrapped__(5)[:2]
    other, different = trained(6)[:2]
    assert curve.equals(same)
    assert all((a == b).all() for a, b in zip(weights_of(first), weights_of(again), strict=True))
    assert not curve.equals(different)
    assert any((a != b).any() for a, b in zip(weights_of(first), weights_of(other), strict=True))


def test_the_project_s_callbacks_are_closed_when_a_training_fails(
    learnable: Learnable, training: Training, recorder: Recorder
) -> None:
    preprocessor, rows, validation = learnable

    def fail(*_: object) -> None:
        raise KeyError("the store is gone")

    given = [CurveCallback(fail), recorder]
    with pytest.raises(KeyError, match="the store is gone"):
        train_network(few(rows), few(validation), preprocessor, training(), given)
    assert (recorder.heard[0][0], recorder.heard[-1]) == ("start", ("stop",))


def test_curves_are_named_after_their_part() -> None:
    assert name_curves({"loss": 0.5, "auc": 0.9}, "val") == {"val/loss": 0.5, "val/auc": 0.9}


def test_training_stops_early_and_goes_back_to_the_best_epoch(learnable: Learnable, training: Training) -> None:
    validation = learnable[2]
    # At this rate the small network soon gets worse on rows that it does not see.
    options = {"optimizer": {"name": "adam", "learning_rate": 0.3}, "epochs": 30, "network": {"hidden": [16]}}
    stopping = {"metric": "val/loss", "patience": 2, "restore_best": True}
    network, history = train(learnable, training(early_stopping=stopping, **options))
    best = history["val/loss"].idxmin()
    assert len(history) < 30
    assert len(history) - 1 == best + 2
    target, probability = validation["target"], predict(network, validation)
    loss = -np.mean(np.log(np.where(target == 1, probability, 1 - probability)))
    assert loss == pytest.approx(history["val/loss"][best], rel=1e-4)
    assert loss < history["val/loss"].iloc[-1]


def test_early_stopping_on_a_metric_that_is_not_measured_is_refused(training: Training) -> None:
    message = r"early_stopping.metric 'val/auc' is not one of val/loss, val/accuracy, train/loss, train/accuracy"
    with pytest.raises(ValidationError, match=message):
        training(metrics=["accuracy"], early_stopping={"metric": "val/auc", "patience": 1})


def test_a_seed_beyond_32_bits_is_refused(training: Training) -> None:
    assert training(seed=2**32 - 1).seed == 2**32 - 1
    with pytest.raises(ValidationError, match="less than or equal to 4294967295"):
        training(seed=2**32)


def test_16_bits_are_used_inside_and_left_behind_afterwards(learnable: Learnable, training: Training) -> None:
    import keras

    network, history = train(learnable, training(precision="mixed_bfloat16", metrics=["accuracy"]), rows=40)
    assert network.get_layer("hidden_1").compute_dtype == "bfloat16"
    assert network.get_layer("output").compute_dtype == "float32"
    assert np.isfinite(history.to_numpy(float)).all()
    assert keras.config.dtype_policy().name == "float32"


@pytest.fixture(scope="module")
def learnt(learnable: Learnable, training: Training) -> dict[str, Any]:
    """Train on the true and on a permuted target; measure AUC on other rows and add up the steps heard of."""
    preprocessor, rows, validation = learnable
    optimizer = {"name": "adam", "learning_rate": 0.02}
    parameters = training(epochs=12, batch_size=5, optimizer=optimizer, network={"hidden": [24]}, metrics=["accuracy"])
    permuted = {**rows, "target": np.random.default_rng(4).permutation(rows["target"])}
    found: dict[str, Any] = {"announced": [], "advanced": []}
    for name, arrays in {"true": rows, "permuted": permuted}.items():
        recorder = Recorder()
        network, _ = train_network(arrays, validation, preprocessor, parameters, [recorder])
        found["announced"] += [epochs * steps for _, epochs, steps in recorder.heard[:1]]
        found["advanced"] += [told[1] for told in recorder.heard if told[0] == "advance"]
        found[name] = compute_auc(validation["target"], predict(network, validation))
    return found


def test_the_steps_that_callbacks_hear_of_are_those_announced(learnt: dict[str, Any]) -> None:
    # 400 rows in batches of 5 are 80 steps, few enough to be run at once.
    assert learnt["announced"] == [12 * 80] * 2
    assert learnt["advanced"] == [80] * (2 * 12)


def test_a_true_target_is_learnt_far_above_the_baseline(learnt: dict[str, Any]) -> None:
    assert learnt["true"] > 0.5 + 0.3


def test_a_permuted_target_is_not_learnt(learnt: dict[str, Any]) -> None:
    # 200 rows: three standard deviations of the AUC of a guess are 0.12.
    assert learnt["permuted"] == pytest.approx(0.5, abs=0.12)


def test_curves_are_exact_and_those_of_validation_are_of_the_weights_at_an_epochs_end(
    learnable: Learnable, training: Training
) -> None:
    validation, last = learnable[2], training(epochs=1, metrics=["auc", "f1", "log_loss"])
    network, history = train(learnable, last)
    target, probability = validation["target"], predict(network, validation)
    scores = score_predictions("binary", target, probability)
    for name in last.metrics:
        assert history[f"val/{name}"].iloc[-1] == pytest.approx(scores[name], abs=1e-5)


def test_a_training_that_diverges_says_so_at_its_first_epoch_without_a_loss(
    learnable: Learnable, training: Training, recorder: Recorder
) -> None:
    parameters = training(
        epochs=50, optimizer={"name": "sgd", "learning_rate": 10.0}, loss="mse", metrics=["mse"],
        network={"hidden": [16, 16], "output": "linear"},
    )  # fmt: skip
    with pytest.raises(DivergedError, match=r"training diverged: train/loss is (nan|inf) in epoch \d+, whose weights"):
        train(learnable, parameters, recorder)
    heard = [told[2] for told in recorder.heard if told[0] == "epoch"]
    assert not np.isfinite(heard[-1]["train/loss"])
    assert np.isnan([heard[-1]["val/mse"], heard[-1]["train/mse"]]).all()
    assert np.isfinite([metrics["train/loss"] for metrics in heard[:-1]]).all()


class Diverge(TrainingCallback):
    """Spoils the weights after an epoch, so that the next one has no finite loss."""

    follows_refit = False

    def __init__(self, epoch: int) -> None:
        self._epoch = epoch

    def on_epoch_end(self, epoch: int, logs: Mapping[str, float] | None = None) -> None:  # noqa: ARG002 - of Keras
        if epoch + 1 == self._epoch:
            self.model.set_weights([np.full_like(weights, np.nan) for weights in self.model.get_weights()])


def test_a_training_that_diverges_keeps_its_best_epoch_and_a_refit_takes_as_many(
    learnable: Learnable, training: Training, recorder: Recorder, caplog: pytest.LogCaptureFixture
) -> None:
    stopping = {"metric": "val/loss", "patience": 5, "restore_best": True}
    parameters = training(epochs=9, early_stopping=stopping, metrics=["auc"])
    preprocessor, rows, validation = learnable
    network, history = train_network(
        few(rows), validation, preprocessor, parameters, [Diverge(2), recorder], refit=True
    )
    assert history["epoch"].tolist() == [1, 2, 3]
    assert np.isnan(history["val/loss"].iloc[2])
    kept = int(history["val/loss"].idxmin())
    assert kept_epoch(history, parameters) == kept
    assert np.isfinite(network.get_weights()[0]).all()
    starts = [told[1] for told in recorder.heard if told[0] == "start"]
    assert starts == [9, kept + 1]
    told = f"training diverged: train/loss is nan in epoch 3; the weights of epoch {kept + 1} are kept"
    assert told in caplog.messages


def test_validation_rows_of_one_class_have_no_auc(learnable: Learnable, training: Training) -> None:
    preprocessor, rows, validation = learnable
    ones = {name: values[validation["target"] == 1] for name, values in validation.items()}
    _, history = train_network(few(rows), ones, preprocessor, training())
    assert history["val/auc"].isna().all()
    assert history[["val/accuracy", "val/loss", "train/auc"]].notna().all(axis=None)
