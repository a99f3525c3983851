"""Console output while a run goes on: a generated sample, the progress of a training, scores of folds."""

from __future__ import annotations

import time
from contextlib import contextmanager
from typing import TYPE_CHECKING

from rich.console import Console
from rich.markup import escape
from rich.panel import Panel
from rich.progress import BarColumn, Progress, TextColumn, TimeElapsedColumn

from casebook.config.quiet import is_quiet
from casebook.reports.numbers import write_score
from casebook.training.callbacks import CurveCallback, TrainingCallback
from casebook.training.curves import explain_not_finite, read_curves

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator, Mapping
    from contextlib import AbstractContextManager
    from pathlib import Path


# A log file gets a line of a training's progress so often, and of its last epoch.
LINE_SECONDS = 30.0


class ProgressBar(TrainingCallback):
    """Show epoch, losses and the first metric: beside a bar of all steps in a terminal, in a few lines elsewhere."""

    def __init__(self, console: Console | None = None) -> None:
        """Create the bar, which is first shown when a training begins."""
        console = console or Console()
        self._lines = not console.is_terminal and not is_quiet()
        self._progress = Progress(
            TextColumn("epoch {task.fields[epoch]}/{task.fields[epochs]}"),
            BarColumn(20),
            TextColumn("{task.fields[shown]}"),
            TimeElapsedColumn(),
            console=console,
            disable=not console.is_terminal or is_quiet(),
        )
        self._line, self._printed = "", time.monotonic()
        self._not_finite: set[str] = set()

    def on_train_begin(self, logs: Mapping[str, float] | None = None) -> None:  # noqa: ARG002 - of Keras
        """Show the bar, as far as a resumed training has come."""
        self._epochs, self._steps, self._done = self.params["epochs"], self.params["steps"], 0
        for task in self._progress.task_ids:
            # The bar of a training before this one stays where it ended.
            self._progress.remove_task(task)
        total = self._epochs * self._steps
        self._task = self._progress.add_task("", total=total, epoch=1, epochs=self._epochs, shown="")
        self._progress.start()
        for row in self.state.history if self.state else ():
            self._show(int(row["epoch"]), {name: value for name, value in row.items() if name != "epoch"})

    def on_train_batch_end(self, batch: int, logs: Mapping[str, float] | None = None) -> None:  # noqa: ARG002
        """Update the bar by the batches done."""
        self._progress.update(self._task, completed=self._done * self._steps + batch + 1)

    def on_epoch_end(self, epoch: int, logs: Mapping[str, float] | None = None) -> None:
        """Show the losses and the first metric of the validation rows, or of the training rows where there are none."""
        self._show(epoch + 1, read_curves(logs or {}, self.params))

    def close(self) -> None:
        """Stop updating the bar, which stays on the console."""
        self._progress.stop()
        self._print_line()

    def _print_line(self) -> None:
        """Print what has not been printed yet."""
        if self._lines and self._line:
            self._progress.console.print(self._line, highlight=False, soft_wrap=True)
        self._line, self._printed = "", time.monotonic()

    def _show(self, number: int, metrics: Mapping[str, float]) -> None:
        self._explain_not_finite(number, metrics)
        losses = [name for name in metrics if name.endswith("/loss")]
        part = losses[-1].removesuffix("loss")
        metric = next((name for name in metrics if name.startswith(part) and name not in losses), losses[-1])
        names = dict.fromkeys([*losses, metric])
        shown = "  ".join(f"{name} {write_score(metrics[name])}" for name in names)
        following = min(number + 1, self._epochs)
        self._done = number
        self._progress.update(self._task, completed=number * self._steps, epoch=following, shown=shown)
        self._line = f"epoch {number}/{self._epochs}  {shown}"
        if time.monotonic() - self._printed >= LINE_SECONDS:
            self._print_line()

    def _explain_not_finite(self, number: int, metrics: Mapping[str, float]) -> None:
        """Print for each curve once, in its first epoch that is no finite number, what that means."""
        for name, line in explain_not_finite(metrics, number).items():
            if name not in self._not_finite:
                self._progress.console.print(line, highlight=False)
                self._not_finite.add(name)


class ConsoleFolds:
    """Opens a child run for each fold, logs its scores there, and prints them in a line."""

    def __init__(
        self,
        open_run: Callable[[str, Mapping[str, str]], AbstractContextManager[str]],
        log: Callable[[str, Mapping[str, float]], None],
        console: Console | None = None,
    ) -> None:
        """Store how a child run is opened (by name and tags, returning its id) and how metrics are logged to it."""
        self._open_run = open_run
        self._log = log
        self._console = console or Console()
        self._name, self._run_id = "", ""

    @contextmanager
    def fold(self, name: str, tags: Mapping[str, str]) -> Iterator[list[TrainingCallback]]:
        """Open a fold's run and yield the callbacks of its training, which log curves to it."""
        with self._open_run(name, tags) as run_id:
            self._name, self._run_id = name, run_id
            yield [CurveCallback(lambda epoch, metrics: self._log_epoch(run_id, epoch, metrics))]

    def scores(self, metrics: Mapping[str, float]) -> None:
        """Log and print the scores of the open fold."""
        self._log(self._run_id, {f"test/{name}": value for name, value in metrics.items()})
        self._tell("  ".join(f"{k} {write_score(v)}" for k, v in metrics.items() if not k.startswith("baseline_")))

    def _tell(self, text: str) -> None:
        if not is_quiet():
            self._console.print(f"{self._name:<20} {text}", markup=False, highlight=False, soft_wrap=True)

    def _log_epoch(self, run_id: str, epoch: int, metrics: Mapping[str, float]) -> None:
        self._log(run_id, metrics, epoch)  # type: ignore[call-arg]


class ConsoleNetworks(ConsoleFolds):
    """Opens a child run for each further training within a run, shows its progress, and prints what was kept of it."""

    @contextmanager
    def network(self, name: str, tags: Mapping[str, str]) -> Iterator[list[TrainingCallback]]:
        """Open a training's run and yield its callbacks: curves in that run, and the bar."""
        with self.fold(name, tags) as callbacks:
            yield [*callbacks, ProgressBar(self._console)]

    def kept(self, metrics: Mapping[str, float]) -> None:
        """Log the points of the epoch whose weights are kept to the open run, and print them."""
        self._log(self._run_id, {f"kept/{name}": value for name, value in metrics.items()})
        self._tell("  ".join(f"{name} {write_score(value)}" for name, value in metrics.items()))

    def broken_off(self, reason: str) -> None:
        """Print why nothing of the open training is kept."""
        self._tell(reason)


def announce_sample(folder: Path, sample: Mapping[str, int], best: Mapping[str, Mapping[str, float]]) -> None:
    """Print that a sample was generated, its size and its best reachable scores."""
    size = ", ".join(f"{name} {value:,}" for name, value in sample.items())
    reachable = ", ".join(
        f"{strategy} {name} {value:.3f}" for strategy, scores in best.items() for name, value in scores.items()
    )
    known = f"Best reachable scores of this sample by split: {reachable}.\n" if reachable else ""
    Console().print(
        Panel(
            f"No raw files in {escape(str(folder))}: generated a sample there ({size}).\n"
            f"{known}"
            "[bold]Scores on it say nothing about the real data.[/bold] data/README.md says where to get that.",
            title="generated sample",
            border_style="yellow",
        )
    )
