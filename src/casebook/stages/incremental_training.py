"""Nodes of incremental training on rows that have arrived, and their wiring."""

from __future__ import annotations

from functools import partial
from typing import TYPE_CHECKING, Any

import numpy as np
import pandas as pd
from kedro.io import DatasetError
from kedro.pipeline import Pipeline

from casebook.cases.registry import load_case
from casebook.config import schema
from casebook.incremental_training import arriving_rows
from casebook.incremental_training.batch import Batch, learn_batch
from casebook.stages.tagged_nodes import stage

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator, Mapping

    from casebook.datasets.arrivals import ArrivalsReader
    from casebook.model_registry.champion import Champion
    from casebook.model_registry.update_session import UpdateSession

Block = dict[str, Any]
# What a case's own nodes and the dealing make of its raw files: the old rows.
OLD_ROWS = ("joined_rows", "feature_table", "split_assignment", "promotion_rows")
SETTINGS = ("update", "split", "promotion", "training", "evaluation", "monitor", "target", "task", "weight")
# Stage of the node that works out what a declared case's tables hold.
SCHEMA_STAGE = "schema"
LINE = ["batch", "promoted", "message"]
NOTHING_NEW = "no file that was not learnt from before"


def create_update_pipeline(case: str, run: Pipeline) -> Pipeline:
    """Wire `<case>_update`: the case's own nodes make the old rows, and the same nodes rows of each new file.

    Args:
        case: its name.
        run: the graph of its training run.
    """
    making = run.to_outputs(f"{case}.joined_rows", f"{case}.feature_table")
    # New rows are read as those were that the case was trained on, whatever they would be taken for by themselves.
    making -= making.only_nodes_with_tags(SCHEMA_STAGE)
    labelled = f"{case}.{load_case(case).labelled}"
    given = sorted(making.inputs() - {labelled})

    def make_rows(content: object, old: arriving_rows.Rows, *values: object) -> arriving_rows.Rows:
        known: dict[str, Any] = {labelled: content, **dict(zip(given, values, strict=True))}
        described = known.get(f"{case}.row_schema")
        if described is not None:
            known[f"{case}.row_schema"] = described.with_history(described.keep_history(old.raw))
        made = run_nodes(making, known)
        raw = made[f"{case}.joined_rows"]
        return arriving_rows.Rows(raw, made[f"{case}.feature_table"], np.zeros(len(raw), dtype=np.uint8))

    def learn_arrivals(
        arrivals: ArrivalsReader, update_session: UpdateSession, settings: Block, old: arriving_rows.Rows,
        promotion_rows: pd.DataFrame, *values: object,
    ) -> pd.DataFrame:  # fmt: skip
        """Train the champion on one batch after another; see `learn_batches`."""
        settings = {**settings, "case": case, "day": load_case(case).new_rows.day}
        return learn_batches(
            arrivals, update_session, settings, old, promotion_rows, lambda content: make_rows(content, old, *values)
        )

    bare = [name.replace(f"{case}.", "", 1) for name in given]
    nodes = [
        stage("update", gather_settings, [f"params:{name}" for name in SETTINGS], "update_settings"),
        stage("update", arriving_rows.Rows.from_datasets, list(OLD_ROWS[:3]), "old_rows", name="gather_old_rows"),
        stage(
            "update",
            learn_arrivals,
            ["arrivals", "update_session", "update_settings", "old_rows", "promotion_rows", *bare],
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
    """Collect the parameters of an update under the names in `SETTINGS`."""
    return dict(zip(SETTINGS, values, strict=True))


def learn_batches(
    arrivals: ArrivalsReader,
    update_session: UpdateSession,
    settings: Block,
    old: arriving_rows.Rows,
    promotion_rows: pd.DataFrame,
    make_rows: Callable[[object], arriving_rows.Rows],
) -> pd.DataFrame:
    """Train the champion on one batch after another; each version is compared for promotion before the next begins.

    Returns:
        A line a batch: see `learn_batch`; of one in a folder that could not be learnt from the reason alone.

    Raises:
        UpdateError: nothing new was named, or the only batch cannot be learnt from.
    """
    folder = settings["update"]["folder"]
    lines: list[Block] = []
    try:
        for batch in find_batches(arrivals, update_session, settings, old, make_rows, lines):
            try:
                line = learn_batch(batch, update_session, settings, old, promotion_rows)
            except (ValueError, DatasetError) as error:
                if not folder:
                    anew = f"mend the rows, or train anew with `kedro run --pipeline={settings['case']}`"
                    raise arriving_rows.UpdateError(f"{batch.name}: {error}; {anew}") from error
                line = {"promoted": False, "message": f"not learnt from: {error}"}
            update_session.report(batch.step, batch.name, line["message"])
            lines.append({"batch": batch.name, **line})
    except BaseException:
        # A store that is gone, or Ctrl-C while a folder is watched.
        if lines:
            update_session.tell_unfinished(pd.DataFrame(lines))
        raise
    if not any("passed over" not in line["message"] for line in lines):
        update_session.report(0, folder, NOTHING_NEW if lines else arrivals.describe(folder))
    return pd.DataFrame(lines, columns=None if lines else LINE)


def find_batches(
    arrivals: ArrivalsReader,
    update_session: UpdateSession,
    settings: Block,
    old: arriving_rows.Rows,
    make_rows: Callable[[object], arriving_rows.Rows],
    lines: list[Block],
) -> Iterator[Batch]:
    """Find what is to be learnt, in the order in which it arrived; see `parameters.UpdateParameters`.

    Args:
        arrivals: reads files.
        update_session: knows what was learnt before.
        settings: see `SETTINGS`.
        old: rows of the case's own raw files.
        make_rows: makes rows of a file's content.
        lines: to which files that are passed over are added, with the reason.
    """
    update = schema.UpdateParameters.model_validate(settings["update"])
    if update.since:
        day = find_day(update_session.champion(), update.since, settings["day"])
        # Of times the champion keeps the day alone.
        new = old.take((old.raw[settings["day"]].dt.normalize() > pd.Timestamp(day)).to_numpy())
        yield Batch(1, f"rows after {day}", "", lambda: new)
    elif update.file:
        yield Batch(1, update.file, arrivals.digest(update.file), lambda: make_rows(arrivals.read(update.file)))
    elif update.folder:
        step = 0
        for file in arrivals.watch(update.folder, update.wait):
            digest, read = _open_file(arrivals, file)
            # Asked anew: a batch before may have moved the champion.
            why = update_session.known_batches().get(digest) if digest else None
            if why:
                update_session.pass_over(file, why)
                lines.append({"batch": file, "promoted": False, "message": f"passed over: {why}"})
                continue
            step += 1
            yield Batch(step, file, digest, lambda read=read: make_rows(read()))  # type: ignore[misc]
    else:
        raise arriving_rows.UpdateError(
            f"{settings['case']}.update: say where new rows are: file (one), folder (a batch each) or since (a day)"
        )


def _open_file(arrivals: ArrivalsReader, file: str) -> tuple[str, Callable[[], object]]:
    """Hash a file -> its digest and what reads it; an error comes when it is read, like all of that file."""
    try:
        return arrivals.digest(file), partial(arrivals.read, file)
    except DatasetError as error:
        fault = error

        def fail() -> object:
            raise fault

        return "", fail


def find_day(champion: Champion, since: str, column: str) -> str:
    """Find the day behind which rows are new to the champion.

    Raises:
        UpdateError: the rows bear no day, or the champion has learnt from later ones.
    """
    last = champion.profile.get("days", {}).get(column)
    if last is None:
        raise arriving_rows.UpdateError(
            "update.since: the champion's run kept no day up to which it has learnt; name a file"
        )
    if since == "champion":
        return str(last)
    if since < last:
        raise arriving_rows.UpdateError(
            f"update.since: the champion has learnt from rows up to {last}; rows from {since} on are not all new to it"
        )
    return since
