"""The page of a monitor: predictions whose outcomes have arrived, week by week."""

from __future__ import annotations

from math import isnan, nan
from typing import TYPE_CHECKING, Any

from casebook.evaluation.metrics import find_metric
from casebook.reports.curve_charts import draw_weeks
from casebook.reports.numbers import write_range, write_score
from casebook.reports.page import render_page
from casebook.reports.reported_run import list_general_warnings

if TYPE_CHECKING:
    import pandas as pd

    from casebook.reports.reported_run import ReportedRun

ALL = "all"


def render_monitor(run: ReportedRun, weekly: pd.DataFrame, library: str) -> str:
    """Render the page of a monitor.

    Args:
        run: the monitor's.
        weekly: `week`, `rows`, the metric, `test`, `level` and `below`; the last line is that of all weeks.
        library: see `load_chart_library`.
    """
    metric = str(weekly.columns[2])
    named = weekly.rename(columns={metric: "score"})
    weeks = named[(named["week"] != ALL) & named["score"].notna()]
    points = _list_rows(weeks[["week", "rows", "score", "test", "level"]])
    rows = _list_rows(named.astype({"below": "bool"}))
    warnings = list_general_warnings(run)
    below = [str(row["week"]) for row in rows if row["below"]]
    warnings += [f"Below the level: {', '.join(below)}."] if below else []
    return render_page(
        "monitor",
        library,
        {"weeks": draw_weeks(points, find_metric(metric).title)} if points else {},
        run=run,
        title=f"{run.case}: {run.name}",
        sentence=summarise_weeks(run, named, metric),
        warnings=warnings,
        metric=find_metric(metric),
        rows=[
            {**row, "score": None if isnan(row["score"]) else row["score"], "chance": _tell_chance(row)} for row in rows
        ],
        outcomes={name.replace("_", " "): count for name, count in run.group("monitor").items() if count == int(count)
            and name not in {"rows", "level", metric}},
        monitor=run.parameters["monitor"],
    )  # fmt: skip


def summarise_weeks(run: ReportedRun, weekly: pd.DataFrame, metric: str) -> str:
    """Write the sentence of a monitor: how good past predictions turned out, against the test rows."""
    whole, weeks = weekly[weekly["week"] == ALL].iloc[0], weekly[weekly["week"] != ALL]
    title = find_metric(metric).title
    scored = f"{len(weeks)} week{'s' * (len(weeks) != 1)}, {int(weeks['below'].sum())} of them below the level"
    return (
        f"Of {int(whole['rows']):,} predictions of {run.case} the outcome has arrived: their {title} is "
        f"{write_score(float(whole['score']))}, against {write_score(float(whole['test']))} on the test rows "
        f"({scored} of {write_score(float(whole['level']))})."
    )


def _tell_chance(row: dict[str, Any]) -> str:
    """Say why a week with a score worse than the level does not fail; monitors of earlier versions have no interval."""
    low, high = row.get("low", nan), row.get("high", nan)
    return "" if isnan(low) else f"worse, maybe by chance: {write_range(low, high)}"


def _list_rows(table: pd.DataFrame) -> list[dict[str, Any]]:
    return [{str(name): value for name, value in row.items()} for row in table.to_dict("records")]
