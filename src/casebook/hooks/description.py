"""A run's description in the MLflow UI: Markdown with held-out rows, scores side by side, and how to load the model."""

from __future__ import annotations

from hashlib import sha256
from typing import TYPE_CHECKING, Any

from mlflow import MlflowClient
from mlflow.utils.mlflow_tags import MLFLOW_RUN_NOTE

from casebook.config.schema.tuning import describe_judged
from casebook.reports.members import describe_members, list_members, name_model
from casebook.reports.metric_groups import select_group
from casebook.reports.reported_run import PAGE, PARTS, describe_strategy, list_leaks
from casebook.tracking.run_summary import OUTCOMES, describe_weeks
from casebook.tuning.best_variant import name_command

if TYPE_CHECKING:
    from collections.abc import Iterator, Mapping

    from mlflow.entities import Run

# Group of metrics -> its column; an update and a study have other models under the same names.
COLUMNS = {"test": "network", "baseline": "baseline", "reference": "reference", "best_reachable": "best reachable"}
UPDATED_COLUMNS = {"test": "updated", "reference": "champion before", "baseline": "baseline"}
STUDY_COLUMNS = {"test": "winner", "default": "default", "baseline": "baseline", "reference": "reference"}
COUNTS = ("rows", "learnt", "held_out", "promotion", "replayed")
# So many searched values of a winner are listed; the tags have all.
MAX_VALUES = 20
# Relative to the project, so that it holds when that is moved.
STORE = "sqlite:///mlruns/mlflow.db"
MARK = "<!-- written by casebook"


def describe_run(run: Run, parameters: Mapping[str, Any], job: str = "") -> str:
    """Describe a run.

    Args:
        run: with its metrics and tags.
        parameters: the case's merged parameters.
        job: what it did with a trained model (see `tracking.JOBS`), `study`, or nothing for a training.

    Returns:
        Markdown, paragraphs and tables separated by empty lines.
    """
    parts = {"study": _study, "predict": _prediction, "monitor": _monitoring, "update": _update}.get(job, _training)
    return "\n\n".join(part for part in parts(run, parameters) if part)


def keep_description(run: Run, text: str) -> None:
    """Write a run's description, unless somebody has written or changed it since."""
    present = run.data.tags.get(MLFLOW_RUN_NOTE, "")
    if not present or is_own(present):
        MlflowClient().set_tag(run.info.run_id, MLFLOW_RUN_NOTE, sign(link_report(run) + text))


def link_report(run: Run) -> str:
    """Write a line that leads to the run's page among its artifacts; nothing where it has none."""
    if PAGE not in [file.path for file in MlflowClient().list_artifacts(run.info.run_id)]:
        return ""
    place = f"#/experiments/{run.info.experiment_id}/runs/{run.info.run_id}/artifacts/{PAGE}"
    return f"All of it on one page: [{PAGE}]({place}).\n\n"


def sign(text: str) -> str:
    """Append a comment with the text's digest, which the UI does not show."""
    return f"{text}\n\n{MARK} {sha256(text.encode()).hexdigest()[:12]} -->"


def is_own(note: str) -> bool:
    """Test whether a description is as it was written here, and so may be replaced."""
    text = note.rpartition(f"\n\n{MARK}")[0]
    return note == sign(text)


def _training(run: Run, parameters: Mapping[str, Any]) -> Iterator[str]:
    yield f"Variant `{run.data.tags.get('variant', '')}` of `{_case(run)}`. {_origin(run)}"
    members = list_members(run.data.metrics)
    yield _scores(run, {**COLUMNS, "test": name_model(members)}, "test rows")
    weight = run.data.tags.get("weighted_by")
    yield f"Losses and scores are weighted: each row counts by its `{weight}`." if weight else ""
    averaged = describe_members(members)
    yield f"**Networks**: {averaged}." if averaged else ""
    yield _folds(run)
    yield _held_out(run, parameters)
    yield _leaks(parameters)
    suspects = run.data.tags.get("leak_suspects", "")
    yield f"**May be leaks**, left open: {suspects}; `casebook check {_case(run)}` says why." if suspects else ""
    yield from _model(run, f"runs:/{run.info.run_id}/model")


def _update(run: Run, parameters: Mapping[str, Any]) -> Iterator[str]:
    found = _group(run, "update")
    yield f"The champion of `{_case(run)}` has learnt from new rows. {_origin(run)}"
    counts = [f"{name.replace('_', ' ')} {found[name]:,.0f}" for name in COUNTS if name in found]
    yield f"**Last batch**: {', '.join(counts)}." if counts else ""
    yield _scores(run, UPDATED_COLUMNS, "new rows held out")
    batches = {name: line for name, line in run.data.tags.items() if name.startswith("update.")}
    yield "\n".join(f"- {line}" for _, line in sorted(batches.items(), key=lambda each: int(each[0].split(".")[1])))
    yield _leaks(parameters)
    # Each batch logged a model; the registered version is the last.
    version = run.data.tags.get("model.version")
    yield from _model(run, f"models:/{_case(run)}/{version}") if version else ()


def _prediction(run: Run, parameters: Mapping[str, Any]) -> Iterator[str]:
    found, alarms = _group(run, "prediction"), run.data.metrics.get("drift/alarms")
    files, file = _group(run, "prediction/files"), parameters["predict"]["file"] or parameters["predict"]["folder"]
    yield f"The champion of `{_case(run)}` has scored {f'`{file}`' if file else 'the file of new rows'}. {_origin(run)}"
    yield (
        f"**Rows** {found.get('rows', 0):,.0f}: scored {found.get('scored', 0):,.0f}, rejected "
        f"{found.get('rejected', 0):,.0f} (`rejected.parquet` says why), in {found.get('seconds', 0):.1f} s."
    )
    unknown = [f"{name} {rows:,.0f}" for name, rows in sorted(_group(run, "prediction/unknown").items())]
    yield f"**Rows of a category that the model does not know**: {', '.join(unknown)}." if unknown else ""
    level = parameters["predict"]["drift_alarm"]
    reached = f"{alarms:.0f} features or answers reach" if alarms is not None else ""
    yield (
        f"**Drift**: {reached} the level {level:g} (population stability index) by more than chance."
        if reached
        else "**Drift**: not measured, for the run of the champion kept no training profile."
    )
    if files:
        told = (
            f"{files['parts']:,.0f}, of which {files['before']:,.0f} were scored before, {files['failed']:,.0f} failed"
        )
        yield f"**Files** {told}; `manifest.csv` has a line for each and says where its answers are."
    else:
        yield f"The predictions are in `data/07_model_output/{_case(run)}/predictions.parquet`."


def _monitoring(run: Run, parameters: Mapping[str, Any]) -> Iterator[str]:
    monitor = parameters["monitor"]
    judged = f"its {monitor['metric']}" if monitor["metric"] else "its main metric"
    yield f"Predictions of `{_case(run)}` whose outcomes (`{monitor['outcomes']}`) have arrived, week by week."
    found = _group(run, "monitor")
    counts = [f"{name.replace('_', ' ')} {found[name]:,.0f}" for name in OUTCOMES if name in found]
    yield f"**Outcomes**: {', '.join(counts)}." if counts else ""
    weeks = describe_weeks(run.data.metrics)
    yield f"**Judged**: {weeks}." if weeks else ""
    worse = f"worse by more than {monitor['drop']:g} than it was on the test rows"
    yield f"A week fails where {judged} is {worse}, by all of its 95 % interval."
    yield _origin(run)


def _study(run: Run, parameters: Mapping[str, Any]) -> Iterator[str]:
    found, tags = _group(run, "study"), run.data.tags
    best = ", ".join(f"{name} {_write(value)}" for name, value in _group(run, "best").items())
    trials = f"{found.get('trials', 0):.0f} trials, {found.get('failed', 0):.0f} failed"
    yield f"Study of `{_case(run)}`: {trials}. {_origin(run)}"
    yield describe_judged(parameters)
    if "best.trial" in tags:
        link = f"[trial {tags['best.trial']}](#/experiments/{run.info.experiment_id}/runs/{tags['best.run_id']})"
        yield f"**Winner**: {link}{f', {best}' if best else ''}."
        won = {name: value for name, value in tags.items() if name.startswith(f"best.{_case(run)}.")}
        rows = [f"| `{name.removeprefix('best.')}` | {value} |" for name, value in list(won.items())[:MAX_VALUES]]
        yield "\n".join(["| searched | value |", "| --- | --- |", *rows]) if rows else ""
    yield _scores(run, STUDY_COLUMNS, "test rows")
    yield _leaks(parameters)
    yield f"Train it: `{name_command(_case(run))}`"


def _origin(run: Run) -> str:
    origin = run.data.tags.get("data.origin")
    if origin == "sample":
        return "**The data are a generated sample: scores say nothing about the real data.**"
    digest = run.data.tags.get("data.fingerprint")
    return f"The data are the user's files (fingerprint `{digest}`)." if origin else ""


def _scores(run: Run, columns: Mapping[str, str], rows: str) -> str:
    """Build the table of scores, a row for each metric; empty columns are left out."""
    groups = {title: _group(run, who) for who, title in columns.items()}
    shown = {title: values for title, values in groups.items() if values}
    first = next(iter(shown.values()), {})
    names = [name for name in groups.get("baseline", {}) if name in first]
    if not names:
        return ""
    lines = [f"| {rows} | {' | '.join(shown)} |", f"| --- |{' ---: |' * len(shown)}"]
    for name in names:
        cells = [_write(values[name]) if name in values else "" for values in shown.values()]
        lines.append(f"| {name} | {' | '.join(cells)} |")
    return "\n".join(lines)


def _folds(run: Run) -> str:
    means = {name.removesuffix("_mean"): v for name, v in _group(run, "folds").items() if name.endswith("_mean")}
    told = ", ".join(f"{name} {_write(value)}" for name, value in means.items())
    return f"**Mean over the folds**, each a child run: {told}." if told else ""


def _held_out(run: Run, parameters: Mapping[str, Any]) -> str:
    data, strategy = _group(run, "data"), parameters["split"]["strategy"]
    counts = {part: data[f"{part}_rows"] for part in PARTS if f"{part}_rows" in data}
    if not counts:
        return ""
    total = sum(counts.values()) or 1.0
    how = describe_strategy(strategy)
    lines = [f"**Held out** {how}.", "", "| part | rows | share |", "| --- | ---: | ---: |"]
    lines += [f"| {part} | {rows:,.0f} | {rows / total:.1%} |" for part, rows in counts.items()]
    seen = {name: v for name, v in _group(run, "test").items() if name.startswith("seen_")}
    known = [f"{name.removeprefix('seen_').removesuffix('_share')} {value:.1%}" for name, value in sorted(seen.items())]
    return "\n".join(
        [*lines, *(["", f"Share of test rows that training has seen, by {', '.join(known)}."] if known else [])]
    )


def _leaks(parameters: Mapping[str, Any]) -> str:
    """List the columns that are unknown when a prediction is made."""
    closed, open_ones = ([f"`{name}`" for name in names] for names in list_leaks(parameters))
    told = [f"{', '.join(closed)} left out"] if closed else []
    told += [f"**{', '.join(open_ones)} used, though unknown when a prediction is made**"] if open_ones else []
    return f"**Leaks**: {'; '.join(told)}." if told else ""


def _model(run: Run, address: str) -> Iterator[str]:
    """Describe the run's registered version, and how to load and serve the model."""
    case, version = _case(run), run.data.tags.get("model.version")
    serving = f"`MLFLOW_TRACKING_URI={STORE} mlflow models serve -m {address} --env-manager local`"
    if version:
        yield f"**Model**: version {version} of `{case}`; {run.data.tags.get('promotion', '')}."
    yield "\n".join(
        [
            "Load it in the project's folder and predict raw rows:",
            "",
            "```python",
            "import mlflow",
            f'mlflow.set_tracking_uri("{STORE}")  # or the address of your server',
            f'model = mlflow.pyfunc.load_model("{address}")',
            "predictions = model.predict(rows)",
            "```",
            "",
            f"Serve the champion: `casebook serve {case}`. Serve this model: {serving}",
        ]
    )


def _case(run: Run) -> str:
    return str(run.data.tags.get("case", ""))


def _group(run: Run, name: str) -> dict[str, float]:
    return select_group(run.data.metrics, name)


def _write(value: float) -> str:
    return f"{value:.4f}" if abs(value) < 10 else f"{value:,.1f}"
