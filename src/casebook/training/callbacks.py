"""The project's callbacks: Keras's interface, written without importing Keras, which is slow to import.

`keras.callbacks.CallbackList` calls any object that has its methods. A user's own callback is one of Keras's
(`CSVLogger`, `TensorBoard`, `LambdaCallback`) and is in the same list; `training_loop.run_epochs` documents what is
called when.
"""

from __future__ import annotations

from types import MappingProxyType
from typing import TYPE_CHECKING, Any

from casebook.training.curves import read_curves

if TYPE_CHECKING:
    from collections.abc import Callable, Mapping

    from casebook.training.state import TrainingState

    Logs = Mapping[str, float] | None


class TrainingCallback:
    """Base of the project's callbacks: every method of Keras's, none of which does anything here.

    Two methods and a flag are the project's own: `set_state`, `close` and `follows_refit`.

    Attributes:
        model: the compiled network that is trained.
        params: `epochs`, `steps` of an epoch, `metrics` in their order, and `part`: `train`, or `refit`.
        state: how far the training has come; its history holds the epochs that a resumed run had done before.
        follows_refit: whether it is also called while the network is trained once more on all rows.
    """

    model: Any = None
    params: Mapping[str, Any] = MappingProxyType({})
    state: TrainingState | None = None
    follows_refit = True

    def set_model(self, model: Any) -> None:  # noqa: ANN401 - a Keras model
        """Store the network."""
        self.model = model

    def set_params(self, params: Mapping[str, Any]) -> None:
        """Store what the training was started with."""
        self.params = params

    def set_state(self, state: TrainingState) -> None:
        """Store the state of the training, before `on_train_begin`."""
        self.state = state

    def close(self) -> None:
        """Release what is open: called when the training has ended, well or not."""

    def on_train_begin(self, logs: Logs = None) -> None:
        """Prepare for the first epoch."""

    def on_train_end(self, logs: Logs = None) -> None:
        """Complete a training that raised no error."""

    def on_epoch_begin(self, epoch: int, logs: Logs = None) -> None:
        """Prepare for an epoch, counted from 0."""

    def on_epoch_end(self, epoch: int, logs: Logs = None) -> None:
        """Process the epoch's logs: `loss`, `val_loss` and the metrics, `auc` and `val_auc`."""

    def on_train_batch_begin(self, batch: int, logs: Logs = None) -> None:
        """Prepare for the batches from this one on, counted from 0 in each epoch."""

    def on_train_batch_end(self, batch: int, logs: Logs = None) -> None:
        """Process that all batches up to this one are done."""

    def on_test_begin(self, logs: Logs = None) -> None:
        """Prepare for the validation rows."""

    def on_test_end(self, logs: Logs = None) -> None:
        """Process the logs of the validation rows."""

    # Keras looks these up when it receives a list, and never calls them in a training.
    on_batch_begin = on_batch_end = on_test_batch_begin = on_test_batch_end = on_train_batch_begin
    on_predict_batch_begin = on_predict_batch_end = on_train_batch_begin
    on_predict_begin = on_predict_end = on_test_begin


class CurveCallback(TrainingCallback):
    """Write each epoch's point of the curves: `train/loss` and `val/auc` for Keras's `loss` and `val_auc`."""

    def __init__(
        self,
        write: Callable[[int, Mapping[str, float]], None],
        first_epoch: int = 1,
        finish: Callable[[], None] = lambda: None,
    ) -> None:
        """Store the function that writes points.

        Args:
            write: receives the number of an epoch and the points by curve.
            first_epoch: number of the first epoch; above 1 where a curve runs through several trainings.
            finish: called once all points are written, also when the training raised an error.
        """
        self._write, self._first_epoch, self._finish = write, first_epoch, finish

    def on_train_begin(self, logs: Logs = None) -> None:  # noqa: ARG002 - Keras's signature
        """Write the epochs done before a kill again, which may have come before their points were stored."""
        for done in self.state.history if self.state else ():
            points = {name: value for name, value in done.items() if name != "epoch"}
            self._write(int(done["epoch"]) - 1 + self._first_epoch, points)

    def on_epoch_end(self, epoch: int, logs: Logs = None) -> None:
        """Write the epoch's points."""
        self._write(epoch + self._first_epoch, read_curves(logs or {}, self.params))

    def close(self) -> None:
        """End the curves."""
        self._finish()
