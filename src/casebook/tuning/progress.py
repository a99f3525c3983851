"""Console output of a study: a line for each finished trial, and a bar with the best value and the time left."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from rich.console import Console
from rich.progress import BarColumn, Progress, TextColumn, TimeElapsedColumn, TimeRemainingColumn

from casebook.config.quiet import is_quiet
from casebook.reports.numbers import write_score
from casebook.tuning.best_variant import name_command

if TYPE_CHECKING:
    from collections.abc import Mapping, Sequence

STATE_LABELS = {
    "COMPLETE": "finished", "PRUNED": "pruned", "FAIL": "failed", "INTERRUPTED": "interrupted", "LOST": "lost"
}  # fmt: skip


class StudyProgress:
    """Progress bar of one launch."""

    def __init__(self, metrics: Sequence[str], total: int, console: Console | None = None) -> None:
        """Create the bar; nothing is shown before `start`."""
        self._metrics = metrics
        console = console or Console()
        # A log file has the lines of trials, and no bar that is drawn over itself.
        self._progress = Progress(
            TextColumn("trials {task.completed}/{task.total}"),
            BarColumn(20),
            TextColumn("{task.fields[shown]}"),
            TimeElapsedColumn(),
            TextColumn("left"),
            TimeRemainingColumn(),
            console=console,
            disable=not console.is_terminal or is_quiet(),
        )
        self._task = self._progress.add_task("", total=total, shown="", start=False)

    def start(self, done: int) -> None:
        """Show the bar, with the trials of earlier launches."""
        self._progress.start()
        self._progress.start_task(self._task)
        self._progress.update(self._task, completed=done)

    def stop(self) -> None:
        """Stop updating the bar, which stays on the console."""
        self._progress.stop()

    def print_line(self, text: str) -> None:
        """Print a line above the bar."""
        if not is_quiet():
            self._progress.console.print(text, markup=False, highlight=False, soft_wrap=True)

    def print_trial(self, number: int, state: str, metrics: Mapping[str, float], message: str, seconds: float) -> None:
        """Print a trial's final state, metrics or error, and seconds."""
        found = "  ".join(f"{name} {write_score(metrics[name])}" for name in self._metrics if name in metrics)
        told = {"COMPLETE": found, "PRUNED": message}.get(state, message)
        self.print_line(f"trial {number:<4} {STATE_LABELS[state]:<11} {seconds:6.1f} s  {told}")

    def update(self, done: int, pruned: int, best: tuple[int, Sequence[float]] | None) -> None:
        """Update the bar: trials done, pruned, and the best values."""
        shown = [f"{pruned} pruned"]
        if best is not None:
            values = "  ".join(f"{n} {write_score(v)}" for n, v in zip(self._metrics, best[1], strict=True))
            shown.insert(0, f"best {values} (trial {best[0]})")
        self._progress.update(self._task, completed=done, shown="  ".join(shown))


def print_winner(winner: Mapping[str, Any], console: Console | None = None) -> None:
    """Print the winner's values and the command that trains it."""
    shown = console or Console()
    found = "  ".join(f"{n} {write_score(v)}" for n, v in zip(winner["metric"], winner["found"], strict=True))
    shown.print(f"winner: trial {winner['trial']}, {found}", markup=False, highlight=False)
    for name, value in winner["values"].items():
        shown.print(f"  {name} = {value}", markup=False, highlight=False)
    shown.print(f"train it with `{name_command(winner['case'])}`", highlight=False)
