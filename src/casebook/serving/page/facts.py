"""What the page says of the model: its version, data and scores, and how far the served rows have moved."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from casebook.evaluation.metrics import INTERVAL_ENDS
from casebook.model_registry.registry import TARGET
from casebook.monitoring.drift import FEATURE
from casebook.reports.numbers import write_logged_score

if TYPE_CHECKING:
    from casebook.model_registry.champion import Champion
    from casebook.serving.served_rows import ServedRows

# A version's tags -> what they are called.
TAGS = {
    "variant": "variant",
    "data.origin": "trained on",
    "data.fingerprint": "data fingerprint",
    "split.strategy": "rows held out by",
    "git.commit": "code",
    "promotion": "why it is in use",
}
# What a split lets through is a share, no score.
SEEN = "seen_"
SHOWN_DIGITS = 12
# So many are named in a line.
SHOWN_CLASSES = 6


def describe_facts(champion: Champion) -> dict[str, str]:
    """Describe a version: its run and what its tags say."""
    tags = {said: champion.tags[tag] for tag, said in TAGS.items() if champion.tags.get(tag)}
    if "code" in tags:
        dirty = ", with changes" if champion.tags.get("git.dirty") == "true" else ""
        tags["code"] = f"commit {tags['code'][:SHOWN_DIGITS]}{dirty}"
    return {"version": champion.version, "run": champion.run_id, **tags}


def describe_target(champion: Champion) -> str:
    """Describe what is predicted: the target's name, where the version has it, and which values it takes."""
    task, classes = champion.model.task, list(map(str, champion.classes))
    if task == "regression":
        values = "a number"
    elif task == "binary":
        values = " or ".join(classes or ["0", "1"])
    else:
        shown = f": {', '.join(classes)}" if len(classes) <= SHOWN_CLASSES else ""
        values = f"one of {len(classes)} classes{shown}" if classes else "one of several classes"
    target = champion.tags.get(TARGET)
    return f"{target}, {values}" if target else values


def tabulate_scores(champion: Champion) -> list[tuple[str, list[str]]]:
    """Tabulate the scores on the test rows.

    Returns:
        By metric those of the model, with its interval, of the baseline and of the reference, as written; empty texts
        for what there is not.
    """
    sides = list(champion.scores.values())
    names = [name for name in champion.scores["test"] if not name.startswith(SEEN) and not name.endswith(INTERVAL_ENDS)]
    return [(name, [write_logged_score(side, name) for side in sides]) for name in names]


def describe_drift(champion: Champion, served: ServedRows) -> dict[str, Any]:
    """Measure the drift of the served rows.

    Returns:
        `rows` answered since the time `since`, how many of them were `sampled`, `columns` with `column`, its
        `raw_columns`, `index`, `chance` and `alarm` as `drift.tabulate_drift` has them, the farthest first, the `level`
        of the alarm, whether the rows are `few`, so that chance alone may go beyond it, and whether there is a training
        `profile` at all.
    """
    from casebook.config.schema.deployment import PredictParameters

    level = float(PredictParameters.model_fields["drift_alarm"].default)
    table = served.measure_drift(level)
    shown = table.assign(column=table["column"].str.removeprefix(FEATURE)).drop(columns="rows")
    few = bool((table["chance"] > level).any())
    return {
        "rows": served.count,
        "sampled": served.sampled,
        "since": f"{served.since:%Y-%m-%d %H:%M}",
        "level": level,
        "few": few,
        "columns": shown.to_dict("records"),
        "profile": bool(champion.profile.get("histograms")),
    }
