"""Nodes that let the champion learn from rows that have arrived, and their wiring."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, Any, Protocol

import numpy as np
import pandas as pd
from kedro.io import DatasetError
from kedro.pipeline import Pipeline

from casebook import parameters
from casebook.cases import load_case
from casebook.learning import splitting, updating
from casebook.learning.holding_back import hash_raw_rows
from casebook.learning.promotion import MAIN_METRIC
from casebook.modelling.champions import describe_training
from casebook.modelling.nodes import EXAMPLE_ROWS
from casebook.modelling.pipeline import stage

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator, Mapping

    import keras

    from casebook.champion import Champion
    from casebook.datasets.arrivals import ArrivalsReader
    from casebook.learning.packaging import Package
    from casebook.learning.preparation import Arrays
    from casebook.learning.serving import RowModel
    from casebook.learning.training import Monitor

Block = dict[str, Any]
# What a case's own nodes and the dealing make of its raw files: the old rows.
OLD_ROWS = ("joined_rows", "feature_table", "parts", "promotion_rows")
SETTINGS = ("update", "split", "promotion", "training", "evaluation", "target", "task")


class Candidacy(Protocol):
    """What an update has to do with the store: it opens the champion and puts up who could follow it."""

    def champion(self) -> Champion:
        """Open the present champion."""

    def learnt(self) -> set[str]:
        """Give the digests of the batches that versions have learnt from."""

    def monitor(self, step: int, epochs: int) -> Monitor:
        """Give what the training on a batch reports to."""

    def stand(self, candidate: Candidate, rows: pd.DataFrame, settings: Mapping[str, Any]) -> tuple[bool, str]:
        """Log and register a model and judge it on the promotion rows -> whether it is champion now, and why."""

    def tell(self, step: int, name: str, said: str) -> None:
        """Say what became of a batch."""


@dataclass(frozen=True)
class Batch:
    """Rows that have arrived.

    Attributes:
        step: number of the batch in this run, from 1.
        name: what to call it.
        digest: of its file; none for rows of the case's own.
        read: gives the rows.
    """

    step: int
    name: str
    digest: str
    read: Callable[[], updating.Rows]


@dataclass(frozen=True)
class Candidate:
    """What learnt from a batch.

    Attributes:
        batch: from which.
        package: the model.
        profile: of its training rows, see `champions.describe_training`.
        metrics: of the run at this step.
    """

    batch: Batch
    package: Package
    profile: Mapping[str, Any]
    metrics: Mapping[str, float]


def create_update_pipeline(case: str, run: Pipeline) -> Pipeline:
    """Wire `<case>_update`: the case's own nodes make the old rows, and the same nodes rows of each new file.

    Args:
        case: its name.
        run: the graph of its training run.
    """
    making = run.to_outputs(f"{case}.joined_rows", f"{case}.feature_table")
    labelled = f"{case}.{load_case(case).labelled}"
    given = sorted(making.inputs() - {labelled})

    def make_rows(content: object, *values: object) -> updating.Rows:
        made = run_nodes(making, {labelled: content, **dict(zip(given, values, strict=True))})
        raw = made[f"{case}.joined_rows"]
        return updating.Rows(raw, made[f"{case}.feature_table"], np.zeros(len(raw), dtype=np.uint8))

    def learn_arrivals(
        arrivals: ArrivalsReader, candidacy: Candidacy, settings: Block, old: updating.Rows,
        promotion_rows: pd.DataFrame, *values: object,
    ) -> pd.DataFrame:  # fmt: skip
        """Let the champion learn from one batch after another; see `learn_batches`."""
        settings = {**settings, "case": case, "day": load_case(case).new_rows.day}
        return learn_batches(
            arrivals, candidacy, settings, old, promotion_rows, lambda content: make_rows(content, *values)
        )

    bare = [name.replace(f"{case}.", "", 1) for name in given]
    nodes = [
        stage("update", gather_settings, [f"params:{name}" for name in SETTINGS], "update_settings"),
        stage("update", updating.Rows.of, list(OLD_ROWS[:3]), "old_rows", name="gather_old_rows"),
        stage(
            "update",
            learn_arrivals,
            ["arrivals", "candidacy", "update_settings", "old_rows", "promotion_rows", *bare],
            "updates",
        ),
    ]
    return run.to_outputs(*(f"{case}.{name}" for name in OLD_ROWS)) + Pipeline(nodes, namespace=case)


def run_nodes(graph: Pipeline, values: Mapping[str, Any]) -> dict[str, Any]:
    """Run a graph of pure nodes in memory, from its inputs to all that it makes."""
    made = dict(values)
    for node in graph.nodes:
        made |= node.run({name: made[name] for name in node.inputs})
    return made


def gather_settings(*values: Any) -> Block:  # noqa: ANN401 - parameters
    """Put together what an update goes by, under the names in `SETTINGS`."""
    return dict(zip(SETTINGS, values, strict=True))


def learn_batches(
    arrivals: ArrivalsReader,
    candidacy: Candidacy,
    settings: Block,
    old: updating.Rows,
    promotion_rows: pd.DataFrame,
    make_rows: Callable[[object], updating.Rows],
) -> pd.DataFrame:
    """Let the champion learn from one batch after another; each version stands for promotion before the next begins.

    Returns:
        A line a batch: see `learn_batch`; of one in a folder that could not be learnt from the reason alone.

    Raises:
        UpdateError: nothing new was named or found, or the only batch cannot be learnt from.
    """
    update = parameters.UpdateParameters.model_validate(settings["update"])
    lines: list[Block] = []
    for batch in find_batches(arrivals, candidacy, settings, old, make_rows):
        try:
            line = learn_batch(batch, candidacy, settings, old, promotion_rows)
        except (ValueError, DatasetError) as error:
            if not update.folder:
                anew = f"mend the rows, or train anew with `kedro run --pipeline={settings['case']}`"
                raise updating.UpdateError(f"{batch.name}: {error}; {anew}") from error
            line = {"promoted": False, "said": f"not learnt from: {error}"}
        candidacy.tell(batch.step, batch.name, line["said"])
        lines.append({"batch": batch.name, **line})
    if not lines:
        raise updating.UpdateError(f"update.folder {update.folder} holds no file that was not learnt from before")
    return pd.DataFrame(lines)


def find_batches(
    arrivals: ArrivalsReader,
    candidacy: Candidacy,
    settings: Block,
    old: updating.Rows,
    make_rows: Callable[[object], updating.Rows],
) -> Iterator[Batch]:
    """Find what is to be learnt, in the order in which it arrived; see `parameters.UpdateParameters`."""
    update = parameters.UpdateParameters.model_validate(settings["update"])
    if update.since:
        day = find_day(candidacy.champion(), update.since, settings["day"])
        new = old.take((old.raw[settings["day"]] > pd.Timestamp(day)).to_numpy())
        yield Batch(1, f"rows after {day}", "", lambda: new)
    elif update.file or update.folder:
        files = arrivals.watch(update.folder, update.wait, candidacy.learnt()) if update.folder else [update.file]
        for step, file in enumerate(files, start=1):
            yield Batch(step, file, arrivals.digest(file), lambda name=file: make_rows(arrivals.read(name)))  # type: ignore[misc]
    else:
        raise updating.UpdateError(
            f"{settings['case']}.update: say where new rows are: file (one), folder (a batch each) or since (a day)"
        )


def find_day(champion: Champion, since: str, column: str) -> str:
    """Find the day behind which rows are new to the champion.

    Raises:
        UpdateError: the rows bear no day, or the champion has learnt from later ones.
    """
    last = champion.profile.get("days", {}).get(column)
    if last is None:
        raise updating.UpdateError(
            "update.since: the champion's run kept no day up to which it has learnt; name a file"
        )
    if since == "champion":
        return str(last)
    if since < last:
        raise updating.UpdateError(
            f"update.since: the champion has learnt from rows up to {last}; rows from {since} on are not all new to it"
        )
    return since


def learn_batch(
    batch: Batch, candidacy: Candidacy, settings: Block, old: updating.Rows, promotion_rows: pd.DataFrame
) -> Block:
    """Let the champion learn from one batch, and put the result up for promotion.

    Returns:
        `rows` of the batch: `learnt`, `held_out` and those in `promotion`; how many were `replayed`; the largest share
        of rows with an `unknown` category; the main metric of the `champion` on the whole batch before it learnt from
        it, and on the rows held out beside that of the one `updated`; whether it was `promoted`, and what was `said`.

    Raises:
        UpdateError: the champion cannot learn from these rows.
    """
    champion = candidacy.champion()
    model, network = champion.reopen()
    new = batch.read()
    new = new.take(updating.learnable(new.raw))
    if not len(new):
        raise updating.UpdateError("no row is new")
    update = parameters.UpdateParameters.model_validate(settings["update"])
    unfitted = old.take((old.parts & splitting.TRAIN == 0) & (old.parts != splitting.PROMOTION))
    unknown = updating.refuse_misfit(new.features, unfitted.features, model.preparation, update.most_unknown)
    parts = deal(new, settings)
    learnt, held_out = new.take(parts == splitting.TRAIN), new.take(parts == splitting.TEST)
    if not len(learnt):
        raise updating.UpdateError(f"of {len(new):,} rows none is left to learn from; see split and promotion")
    training = lower_training(parameters.TrainingParameters.model_validate(settings["training"]), update)
    drawn = updating.draw_replay(np.flatnonzero(old.parts & splitting.TRAIN), round(update.replay * len(learnt)),
                                 training.seed)  # fmt: skip
    replayed = old.take(drawn)
    judge = Judge(model, settings)
    arrived = judge.score(network, new.take(parts != splitting.PROMOTION))
    before = judge.score(network, held_out)
    rows = [judge.prepare(each) for each in (learnt, replayed) if len(each)]
    train = updating.stack_arrays(*rows) if len(rows) > 1 else rows[0]
    _learn(network, train, training, candidacy.monitor(batch.step, update.epochs))
    after = judge.score(network, held_out)
    counts = {"rows": len(new), "learnt": len(learnt), "held_out": len(held_out), "replayed": len(replayed)}
    counts["promotion"] = len(new) - len(learnt) - len(held_out)
    share = float(unknown["share"].max()) if len(unknown) else 0.0
    metrics = {
        **{f"update/{name}": float(value) for name, value in {**counts, "unknown_share": share}.items()},
        **{f"arrived/{name}": value for name, value in arrived.items()},
        **{f"reference/{name}": value for name, value in before.items()},
        **{f"test/{name}": value for name, value in after.items()},
        **{f"baseline/{name}": value for name, value in judge.score_baseline(network, held_out, train).items()},
    }
    profile = describe_training(learnt.raw, learnt.features, model.preparation, network)
    candidate = Candidate(batch, _package(network, model, learnt, settings), profile, metrics)
    promoted, said = candidacy.stand(candidate, promotion_rows, settings)
    metric = settings["promotion"]["metric"] or MAIN_METRIC[settings["task"]]
    scores = {"champion_arrived": arrived, "champion_held_out": before, "updated_held_out": after}
    found = {f"{metric}_{name}": values.get(metric, float("nan")) for name, values in scores.items()}
    return {**counts, "unknown_share": share, **found, "promoted": promoted, "said": said}


def deal(new: updating.Rows, settings: Block) -> np.ndarray:
    """Deal the rows of a batch; see `updating.deal_arrivals`."""
    split = parameters.SplitParameters.model_validate(settings["split"])
    key = settings["promotion"]["key"]
    inputs = new.raw.drop(columns=[settings["target"], splitting.GIVEN], errors="ignore")
    rows = hash_raw_rows(inputs)
    bound = {} if split.strategy in {"time", "given"} else split.keys
    side = new.features[bound[split.strategy]] if split.strategy in bound else rows
    held_back = inputs[key] if key else rows
    return updating.deal_arrivals(side, held_back, split.test_share, split.seed, split.promotion_share)


def lower_training(
    training: parameters.TrainingParameters, update: parameters.UpdateParameters
) -> parameters.TrainingParameters:
    """Give the training of an update: few epochs at a low, constant learning rate, ended by nothing else."""
    rate = training.optimizer.learning_rate * update.learning_rate
    changes = {
        "epochs": update.epochs,
        "optimizer": training.optimizer.model_copy(update={"learning_rate": rate}),
        "schedule": parameters.ScheduleParameters(),
        "early_stopping": parameters.EarlyStoppingParameters(),
    }
    return training.model_copy(update=changes)


@dataclass(frozen=True)
class Judge:
    """Prepares rows as the champion does and scores networks on them."""

    model: RowModel
    settings: Block

    def prepare(self, rows: updating.Rows) -> Arrays:
        """Turn rows into model arrays with `target`."""
        target, task = self.settings["target"], self.settings["task"]
        return updating.prepare_labelled(rows.features, self.model.preparation, target, task)

    def score(self, network: keras.Model, rows: updating.Rows) -> dict[str, float]:
        """Score a network; nothing on rows that say nothing, being none or of one class."""
        from casebook.learning.scoring import score_network

        return score_network(network, self.prepare(rows), *self._terms) if self._tells(rows) else {}

    def score_baseline(self, network: keras.Model, rows: updating.Rows, train: Arrays) -> dict[str, float]:
        """Score what the targets learnt from alone would say of rows."""
        from casebook.learning.scoring import score_baseline

        return score_baseline(network, self.prepare(rows), train["target"], *self._terms) if self._tells(rows) else {}

    @property
    def _terms(self) -> tuple[str, float]:
        return self.settings["task"], self.settings["evaluation"]["threshold"]

    def _tells(self, rows: updating.Rows) -> bool:
        least = 1 if self.settings["task"] == "regression" else 2
        return len(np.unique(rows.raw[self.settings["target"]].to_numpy())) >= least


def _learn(network: keras.Model, train: Arrays, training: parameters.TrainingParameters, monitor: Monitor) -> None:
    import keras

    from casebook.learning.training import continue_training

    keras.utils.set_random_seed(training.seed)
    nothing = {name: values[:0] for name, values in train.items()}
    continue_training(network, train, nothing, training, monitor)


def _package(network: keras.Model, model: RowModel, rows: updating.Rows, settings: Block) -> Package:
    from casebook.learning.packaging import Package
    from casebook.learning.serving import raw_form

    columns = [name for name in model.columns if name not in model.optional]
    example = raw_form(rows.raw[columns].head(EXAMPLE_ROWS)).reset_index(drop=True)
    return Package(network, model.preparation, settings["task"], settings["evaluation"]["threshold"], example)
