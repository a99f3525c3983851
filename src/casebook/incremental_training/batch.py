"""Incremental training on one batch of new rows: split, prepared by the champion's preprocessor, trained, compared."""

from __future__ import annotations

import time
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

import numpy as np

from casebook.config import schema
from casebook.data import splitting
from casebook.data.promotion_holdout import hash_raw_rows
from casebook.data.splitting import select_split
from casebook.incremental_training import arriving_rows
from casebook.incremental_training.judge import Judge
from casebook.model_registry.model_package import EXAMPLE_ROWS
from casebook.monitoring.training_profile import describe_training
from casebook.preprocessing.arrays import stack_arrays, without_rows

if TYPE_CHECKING:
    from collections.abc import Callable, Mapping, Sequence

    import keras
    import pandas as pd

    from casebook.inference.row_model import RowModel
    from casebook.model_registry.champion import Champion
    from casebook.model_registry.model_package import Package
    from casebook.model_registry.update_session import UpdateSession
    from casebook.preprocessing.tabular import Arrays

Block = dict[str, Any]
Scores = dict[str, float]


@dataclass(frozen=True)
class Batch:
    """A batch of rows that have arrived.

    Attributes:
        step: number of the batch in this run, from 1.
        name: what to call it.
        digest: of its file; none for rows of the case's own.
        read: gives the rows.
    """

    step: int
    name: str
    digest: str
    read: Callable[[], arriving_rows.Rows]


@dataclass(frozen=True)
class Candidate:
    """A model trained on a batch, to be compared with the champion.

    Attributes:
        batch: what it was trained on.
        package: the model.
        profile: of its training rows, see `monitoring.training_profile.describe_training`.
        metrics: of the run at this step.
    """

    batch: Batch
    package: Package
    profile: Mapping[str, Any]
    metrics: Mapping[str, float]


def learn_batch(
    batch: Batch, update_session: UpdateSession, settings: Block, old: arriving_rows.Rows, promotion_rows: pd.DataFrame
) -> Block:
    """Train the champion on one batch, and compare the result with it for promotion.

    Returns:
        `rows` of the batch: `learnt`, `held_out` and those in `promotion`; how many were `replayed`; `unknown_share`,
        the largest share of rows with an unknown category; the main metric of the `champion` on the whole batch before
        training and on the rows held out, and of the one `updated` on these; whether it was `promoted`; a `message`;
        `seconds` from reading the batch to the last epoch.

    Raises:
        UpdateError: the champion cannot learn from these rows.
    """
    champion = update_session.champion()
    model, network = champion.reopen()
    began = time.perf_counter()
    judge = Judge(model, settings)
    update = schema.UpdateParameters.model_validate(settings["update"])
    training = lower_training(schema.TrainingParameters.model_validate(settings["training"]), update)
    prepared = _try_to_prepare(batch, old, judge, (champion, network))
    batch_split, train, held_out = prepared.batch_split, prepared.train, prepared.held_out
    before = judge.score(network, held_out)
    learn_on(network, train, training, update_session.callbacks(batch.step, update.epochs))
    seconds = time.perf_counter() - began
    after, plain = judge.score(network, held_out), judge.score_baseline(network, held_out, train)
    counts = {**batch_split.counts(), "replayed": prepared.replayed, "seconds": seconds}
    told = {"update": counts, "arrived": prepared.arrived, "reference": before, "test": after, "baseline": plain}
    metrics = {f"{group}/{name}": float(value) for group, found in told.items() for name, value in found.items()}
    rows = np.arange(len(batch_split.learnt))
    profile = describe_training(
        batch_split.learnt.raw, batch_split.learnt.features, rows, model.preprocessor, network, model.classes
    )
    candidate = Candidate(batch, _package(network, judge, batch_split.learnt), profile, metrics)
    promoted, message = update_session.register_and_compare(candidate, promotion_rows, settings)
    scores = {"champion_arrived": prepared.arrived, "champion_held_out": before, "updated_held_out": after}
    found = {f"{judge.metric}_{name}": values.get(judge.metric, float("nan")) for name, values in scores.items()}
    return {**counts, **found, "promoted": promoted, "message": message}


@dataclass(frozen=True)
class PreparedBatch:
    """A batch ready to be learnt from.

    Attributes:
        batch_split: its rows.
        train: arrays to learn from, with the replayed ones.
        held_out: arrays to judge on.
        arrived: the champion's scores on all of it.
        replayed: how many old rows are learnt again.
    """

    batch_split: arriving_rows.SplitBatch
    train: Arrays
    held_out: Arrays
    arrived: Scores
    replayed: int


def _try_to_prepare(
    batch: Batch, old: arriving_rows.Rows, judge: Judge, opened: tuple[Champion, keras.Model]
) -> PreparedBatch:
    """Prepare a batch; whatever its rows make the reader, the case's own nodes or the preprocessor raise is theirs."""
    try:
        return prepare_batch(batch, old, judge, opened)
    except (arriving_rows.UpdateError, MemoryError):
        raise
    except Exception as error:
        plain = isinstance(error, ValueError) or type(error).__module__.startswith("casebook")
        raise arriving_rows.UpdateError(str(error) if plain else f"{type(error).__name__}: {error}") from error


def prepare_batch(
    batch: Batch, old: arriving_rows.Rows, judge: Judge, opened: tuple[Champion, keras.Model]
) -> PreparedBatch:
    """Read a batch, check it against the champion, deal it and prepare its rows.

    Raises:
        UpdateError: the champion cannot learn from these rows.
    """
    settings = judge.settings
    batch_split = split_batch(batch.read(), old, judge.model, settings)
    count = round(settings["update"]["replay"] * len(batch_split.learnt))
    drawn = arriving_rows.sample_replay(old.parts & splitting.TRAIN > 0, count, settings["training"]["seed"])
    seen, replayed = judge.prepare(batch_split.seen), judge.prepare_trained(old, drawn)
    learnt, _, held_out = select_split(seen, batch_split.parts[batch_split.parts != splitting.PROMOTION])
    arrived = judge.score_arrived(*opened, seen, replayed)
    return PreparedBatch(batch_split, stack_arrays(learnt, replayed), held_out, arrived, len(drawn))


def split_batch(
    arrived: arriving_rows.Rows, old: arriving_rows.Rows, model: RowModel, settings: Block
) -> arriving_rows.SplitBatch:
    """Check the rows of a batch against the champion's preprocessor and split them; see `arriving_rows.split_arrivals`.

    Raises:
        UpdateError: they do not fit, or none is left to learn from.
    """
    split = schema.SplitParameters.model_validate(settings["split"])
    new = arrived.take(arriving_rows.learnable(arrived.raw))
    if not len(new):
        raise arriving_rows.UpdateError("no row is new")
    unfitted = old.features[(old.parts & splitting.TRAIN == 0) & (old.parts != splitting.PROMOTION)]
    most = settings["update"]["max_unknown_share"]
    lacking = [str(name) for name in old.raw if name not in new.raw]
    unknown = arriving_rows.refuse_misfit(new.features, unfitted, model.preprocessor, most, lacking)
    inputs = new.raw.drop(columns=[settings["target"], splitting.GIVEN], errors="ignore")
    row_keys, key = hash_raw_rows(inputs), settings["promotion"]["key"]
    # Days and the data set's own test part bind no later row to a side.
    column = split.keys.get(split.strategy, "") if split.strategy not in {"time", "given"} else ""
    sides = new.features[column] if column else row_keys
    held_back = inputs[key] if key else row_keys
    parts = arriving_rows.split_arrivals(sides, held_back, split.test_share, split.seed, split.promotion_share)
    if not (parts == splitting.TRAIN).any():
        raise arriving_rows.UpdateError(f"of {len(new):,} rows none is left to learn from; see split and promotion")
    return arriving_rows.SplitBatch(new, parts, float(unknown["share"].max()) if len(unknown) else 0.0)


def lower_training(training: schema.TrainingParameters, update: schema.UpdateParameters) -> schema.TrainingParameters:
    """Return the training parameters of an update: few epochs, a low constant learning rate, no early stopping."""
    rate = training.optimizer.learning_rate * update.learning_rate
    changes = {
        "epochs": update.epochs,
        "optimizer": training.optimizer.model_copy(update={"learning_rate": rate}),
        "schedule": schema.ScheduleParameters(name="constant"),
        "early_stopping": schema.EarlyStoppingParameters(),
    }
    return training.model_copy(update=changes)


def learn_on(
    network: keras.Model, train: Arrays, training: schema.TrainingParameters, callbacks: Sequence[Any]
) -> None:
    """Train a network further, of several each by itself; their weights among each other, and boosted trees, stay."""
    import keras

    from casebook.models.network_ensemble import list_networks
    from casebook.training.trainer import continue_training

    networks = [each for each in list_networks(network) if each.trainable_weights]
    for number, each in enumerate(networks):
        keras.utils.set_random_seed(training.seed + number)
        # Of several networks the curves are the first one's, as in a run.
        continue_training(each, train, without_rows(train), training, () if number else callbacks)


def _package(network: keras.Model, judge: Judge, rows: arriving_rows.Rows) -> Package:
    from casebook.inference.row_model import to_raw_values
    from casebook.model_registry.model_package import Package

    model = judge.model
    columns = [name for name in model.columns if name not in model.optional]
    example = to_raw_values(rows.raw[columns].head(EXAMPLE_ROWS)).reset_index(drop=True)
    schema = model.schema
    if schema is not None and schema.history is not None and (arrived := schema.keep_history(rows.raw)):
        schema = schema.with_history(schema.history.join(arrived))
    return Package(network, model.preprocessor, judge.settings["task"], judge.threshold, example, schema)
