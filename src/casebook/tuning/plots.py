"""Figures of a study: one interactive page with all of them, and each as a matplotlib figure."""

from __future__ import annotations

import logging
import math
import warnings
from copy import deepcopy
from functools import partial
from html import escape
from typing import TYPE_CHECKING, Any

from optuna.trial import TrialState

from casebook.config.extras import missing_extra

if TYPE_CHECKING:
    from collections.abc import Callable, Collection, Mapping, Sequence

    import optuna
    from optuna.trial import FrozenTrial

LOGGER = logging.getLogger(__name__)
# What there is to see, in the order of the page, and whether it needs a single metric.
KINDS = {
    "optimization_history": True,
    "param_importances": True,
    "parallel_coordinate": True,
    "slice": True,
    "intermediate_values": True,
    "pareto_front": False,
    "timeline": True,
}
TITLES = {
    "optimization_history": "Best value by trial",
    "param_importances": "Which parameters matter",
    "parallel_coordinate": "Settings and what they gave",
    "slice": "Value by each parameter",
    "intermediate_values": "Curves of the trials",
    "pareto_front": "What can be had at once",
    "timeline": "When trials ran",
}
IMPORTANCES = "param_importances"
# Of trials as they ran, finished or not.
NEED_NO_RESULT = ("intermediate_values", "timeline")
ROUNDING = 1e-9
PAGE_WIDTH_PIXELS, WIDTH_INCHES, HEIGHT_INCHES = 1200, 11.0, 5.5
# Figures with a column a parameter grow with them.
WIDTH_INCHES_A_PARAMETER = {"slice": 3.2, "parallel_coordinate": 1.2}


def draw_all(study: optuna.Study, metrics: Sequence[str]) -> tuple[dict[str, Any], str]:
    """Draw every figure that the study has enough trials for.

    Args:
        study: with finished trials.
        metrics: names of its metrics.

    Returns:
        matplotlib figures by file name, and the page, which needs no network to be read.
    """
    import optuna.visualization as interactive
    import optuna.visualization.matplotlib as pictures

    study = with_short_names(study)
    filled = fill_conditional(study)
    figures: dict[str, Any] = {}
    parts: list[str] = []
    lacking = missing_extra("dashboard", "the interactive page of a study")
    if lacking:
        LOGGER.warning(lacking)
        parts.append(f"<p>{escape(lacking)}</p>")
    for kind in _list_kinds(metrics):
        reason = explain_lack(kind, study, metrics[0])
        if reason:
            LOGGER.warning("%s: not drawn, since %s", TITLES[kind], reason)
            parts.append(f"<p>{escape(TITLES[kind])}: not drawn, since {escape(reason)}.</p>")
            continue
        options = _options(kind, metrics)
        shown = filled if kind == IMPORTANCES else study
        if not lacking:
            page_part = _try(kind, partial(getattr(interactive, f"plot_{kind}"), shown, **options))
            if page_part is None:
                continue
            parts.append(_to_html(page_part, kind, first=not any("<script" in part for part in parts)))
        picture = _try(kind, partial(getattr(pictures, f"plot_{kind}"), shown, **options))
        if picture is not None:
            figures[f"{kind}.png"] = _to_figure(picture, kind, len(_parameters(study)))
    return figures, _page(study, parts)


def with_short_names(study: optuna.Study) -> optuna.Study:
    """Copy a study in memory, its hyperparameters under their shortest unambiguous names."""
    import optuna

    trials = [trial for trial in study.get_trials(deepcopy=False) if trial.state.is_finished()]
    short = shorten_names({name for trial in trials for name in trial.params})
    copy = optuna.create_study(study_name=study.study_name, directions=study.directions)
    copy.add_trials([_renamed(trial, short) for trial in trials])
    return copy


def _renamed(trial: FrozenTrial, short: Mapping[str, str]) -> FrozenTrial:
    renamed = deepcopy(trial)
    renamed.distributions = {short[name]: kind for name, kind in trial.distributions.items()}
    renamed.params = {short[name]: value for name, value in trial.params.items()}
    return renamed


def explain_lack(kind: str, study: optuna.Study, metric: str) -> str:
    """Explain why a figure would show nothing, or numbers that mean nothing; empty where it can be drawn.

    Optuna draws an empty figure, or gives each parameter the same importance, and only warns.
    """
    if kind == "intermediate_values" and not any(t.intermediate_values for t in study.get_trials(deepcopy=False)):
        return "no trial has reported a value on its way"
    if kind in NEED_NO_RESULT:
        return ""
    finished = finite_trials(study)
    if not finished:
        return "no trial has finished with a finite value"
    if kind != IMPORTANCES:
        return ""
    if len(finished) == 1:
        return f"trial {finished[0].number} alone has finished, and importance compares trials"
    values = [trial.values[0] for trial in finished]
    # The last digits are rounding, and fANOVA would explain them all the same.
    if math.isclose(min(values), max(values), rel_tol=ROUNDING, abs_tol=ROUNDING**2):
        return f"all {len(finished)} finished trials have the same {metric}, {values[0]:.6g}"
    if all(len({trial.params.get(name) for trial in finished}) == 1 for name in _parameters(study)):
        return "no parameter has taken two values"
    return ""


def finite_trials(study: optuna.Study) -> list[FrozenTrial]:
    """List the finished trials all of whose values are finite."""
    finished = study.get_trials(deepcopy=False, states=(TrialState.COMPLETE,))
    return [trial for trial in finished if all(map(math.isfinite, trial.values))]


def fill_conditional(study: optuna.Study) -> optuna.Study:
    """Copy the finished trials of a study, each with all parameters.

    Where a parameter does not exist in a trial it gets its most usual value, of numbers the middle one: so it explains
    nothing there, and importance counts what it explains elsewhere.
    """
    import optuna

    trials = finite_trials(study)
    kinds = {name: trial.distributions[name] for trial in trials for name in trial.params}
    usual = {name: _usual([trial.params[name] for trial in trials if name in trial.params]) for name in kinds}
    copy = optuna.create_study(study_name=study.study_name, directions=study.directions)
    for trial in trials:
        filled = deepcopy(trial)
        filled.distributions = {**kinds, **trial.distributions}
        filled.params = {**usual, **trial.params}
        copy.add_trial(filled)
    return copy


def _usual(values: list[Any]) -> Any:  # noqa: ANN401 - of a parameter
    if all(isinstance(value, int | float) and not isinstance(value, bool) for value in values):
        return sorted(values)[len(values) // 2]
    return max(values, key=values.count)


def shorten_names(names: Collection[str]) -> dict[str, str]:
    """Map each dotted name to its shortest suffix of at least two words that no other name has."""
    found: dict[str, str] = {}
    for name in names:
        words = name.split(".")
        endings = [".".join(words[-count:]) for count in range(2, len(words) + 1)]
        found[name] = next(
            (end for end in endings if sum(f".{other}".endswith(f".{end}") for other in names) == 1), name
        )
    return found


def _parameters(study: optuna.Study) -> set[str]:
    return {name for trial in study.get_trials(deepcopy=False) for name in trial.params}


def _list_kinds(metrics: Sequence[str]) -> list[str]:
    """List the figures for one or two metrics; figures of a single metric show the first of two."""
    return [kind for kind in KINDS if (kind != "pareto_front" if len(metrics) == 1 else kind != "intermediate_values")]


def _options(kind: str, metrics: Sequence[str]) -> dict[str, Any]:
    if kind == "pareto_front":
        return {"target_names": list(metrics)}
    if kind in {"intermediate_values", "timeline"}:
        return {}
    target = (lambda trial: trial.values[0]) if len(metrics) > 1 else None
    if kind == IMPORTANCES:
        from optuna.importance import FanovaImportanceEvaluator

        # Its shares of the variance are of all values; Optuna's default is about the best tenth alone.
        return {"target": target, "target_name": metrics[0], "evaluator": FanovaImportanceEvaluator(seed=0)}
    return {"target": target, "target_name": metrics[0]}


def _try(kind: str, draw: Callable[[], Any]) -> Any:  # noqa: ANN401 - a figure of either library
    """Draw a figure; return None where there are too few trials for it."""
    with warnings.catch_warnings():
        warnings.simplefilter("ignore")
        try:
            return draw()
        except (ValueError, RuntimeError) as error:
            LOGGER.info("%s is not drawn: %s", kind, error)
            return None


def _to_html(figure: Any, kind: str, first: bool) -> str:  # noqa: ANN401 - plotly carries no types
    figure.update_layout(title=TITLES[kind], template="plotly_white", width=PAGE_WIDTH_PIXELS)
    # The library itself, some 4 MB, stands in the page once.
    html: str = figure.to_html(full_html=False, include_plotlyjs=first)
    return html


def _to_figure(axes: Any, kind: str, parameters: int) -> Any:  # noqa: ANN401
    """Return the figure of axes, closed in pyplot and sized so that its labels can be read."""
    import matplotlib.pyplot as plt
    import numpy as np

    figure = np.ravel(axes)[0].figure
    plt.close(figure)
    figure.set_size_inches(max(WIDTH_INCHES, WIDTH_INCHES_A_PARAMETER.get(kind, 0) * parameters), HEIGHT_INCHES)
    figure.suptitle("")
    for place, each in enumerate(np.ravel(axes)):
        each.set_title("")
        each.set_title(TITLES[kind] if place == 0 else "", loc="left", pad=20)
        each.set_facecolor("white")
        each.grid(color="#e6e6e6")
    return figure


def _page(study: optuna.Study, parts: list[str]) -> str:
    body = "\n".join(parts) or "<p>Too few trials have finished to draw anything.</p>"
    return (
        "<!doctype html><html><head><meta charset='utf-8'>"
        f"<title>study {escape(study.study_name)}</title></head><body style='font-family: sans-serif'>"
        f"<h1>study {escape(study.study_name)}</h1>{body}</body></html>"
    )
