"""Figures of a search: one interactive page with all of them, and each as a picture."""

from __future__ import annotations

import logging
import warnings
from functools import partial
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from collections.abc import Callable, Sequence

    import optuna

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
PAGE_WIDTH, WIDE, HIGH = 1200, 11.0, 5.5
# Figures with a column a parameter grow with them.
WIDER = {"slice": 2.6, "parallel_coordinate": 1.2}


def draw_all(study: optuna.Study, metrics: Sequence[str]) -> tuple[dict[str, Any], str]:
    """Draw all figures that the study has enough trials for.

    Args:
        study: with finished trials.
        metrics: names of its metrics.

    Returns:
        matplotlib figures by file name, and the page, which needs no network to be read.
    """
    import optuna.visualization as interactive
    import optuna.visualization.matplotlib as pictures

    figures: dict[str, Any] = {}
    parts: list[str] = []
    for kind in _kinds(metrics):
        options = _options(kind, metrics)
        page_part = _try(kind, partial(getattr(interactive, f"plot_{kind}"), study, **options))
        if page_part is None:
            continue
        parts.append(_to_html(page_part, kind, first=not parts))
        picture = _try(kind, partial(getattr(pictures, f"plot_{kind}"), study, **options))
        if picture is not None:
            figures[f"{kind}.png"] = _to_figure(picture, kind, len(study.best_trials[0].params))
    return figures, _page(study, parts)


def _kinds(metrics: Sequence[str]) -> list[str]:
    """Name the figures of a study with so many metrics; those of one metric show the first of two."""
    return [kind for kind in KINDS if (kind != "pareto_front" if len(metrics) == 1 else kind != "intermediate_values")]


def _options(kind: str, metrics: Sequence[str]) -> dict[str, Any]:
    if kind == "pareto_front":
        return {"target_names": list(metrics)}
    if kind in {"intermediate_values", "timeline"}:
        return {}
    target = (lambda trial: trial.values[0]) if len(metrics) > 1 else None
    return {"target": target, "target_name": metrics[0]}


def _try(kind: str, draw: Callable[[], Any]) -> Any:  # noqa: ANN401 - a figure of either library
    """Draw, or do without where there are too few trials for it."""
    with warnings.catch_warnings():
        warnings.simplefilter("ignore")
        try:
            return draw()
        except (ValueError, RuntimeError) as error:
            LOGGER.info("%s is not drawn: %s", kind, error)
            return None


def _to_html(figure: Any, kind: str, first: bool) -> str:  # noqa: ANN401 - plotly carries no types
    figure.update_layout(title=TITLES[kind], template="plotly_white", width=PAGE_WIDTH)
    # The library itself, some 4 MB, stands in the page once.
    html: str = figure.to_html(full_html=False, include_plotlyjs=first)
    return html


def _to_figure(axes: Any, kind: str, parameters: int) -> Any:  # noqa: ANN401
    """Give the figure around axes, out of pyplot's hands, in a size at which its words can be read."""
    import matplotlib.pyplot as plt
    import numpy as np

    figure = np.ravel(axes)[0].figure
    plt.close(figure)
    figure.set_size_inches(max(WIDE, WIDER.get(kind, 0) * parameters), HIGH)
    figure.suptitle(TITLES[kind])
    for each in np.ravel(axes):
        each.set_title("")
    return figure


def _page(study: optuna.Study, parts: list[str]) -> str:
    body = "\n".join(parts) or "<p>Too few trials have finished to draw anything.</p>"
    return (
        "<!doctype html><html><head><meta charset='utf-8'>"
        f"<title>study {study.study_name}</title></head><body style='font-family: sans-serif'>"
        f"<h1>study {study.study_name}</h1>{body}</body></html>"
    )
