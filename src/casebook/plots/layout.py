"""Figures whose layout is computed once; imports matplotlib, so import it only where one draws."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from matplotlib.figure import Figure

if TYPE_CHECKING:
    from matplotlib.axes import Axes


class QuickFigure(Figure):
    """A figure whose layout is computed separately before it is saved.

    As long as a figure has a layout engine, `savefig` draws everything once without output, to run the engine, and
    then again: a third of the time that a run's figures take. The engine alone does not need that first drawing.
    """

    def savefig(self, fname: Any, **options: Any) -> None:  # noqa: ANN401 - matplotlib's own signature
        """Compute the layout once, then save as `Figure.savefig` does; the layout engine is restored afterwards."""
        for axes in self.axes:
            _pin_empty_labels(axes)
        engine = self.get_layout_engine()
        if engine is not None:
            engine.execute(self)
        self.set_layout_engine(None)
        try:
            super().savefig(fname, **options)
        finally:
            self.set_layout_engine(engine)


def _pin_empty_labels(axes: Axes) -> None:
    """Fix the position of axis labels without text; else matplotlib measures all tick labels to find one."""
    for axis in (axes.xaxis, axes.yaxis):
        if not axis.get_label_text():
            axis.set_label_coords(0, 0)
