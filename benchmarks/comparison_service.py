"""What is compared of a model in use: scoring a file, and answering over HTTP. Nothing here measures."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from collections.abc import Callable

Figures = dict[str, Any]

GIGABYTE = 1e9


def compare_predict_rate(predict: Figures) -> tuple[str, str, float]:
    """Rows a second through `redhat_predict`, from the first byte read to the last written, in thousands."""
    once = predict["once"]
    return "-", f"{once['rows']:,.0f} rows in {once['seconds']:.2f} s", once["rate"] / 1000


def compare_predict_peak(predict: Figures) -> tuple[str, str, float]:
    """Peak memory of `redhat_predict`, in GB."""
    peaks = [predict[name]["peak_bytes"] / GIGABYTE for name in ("once", "ten_times")]
    return "-", f"{peaks[0]:.2f} GB, ten times the rows {peaks[1]:.2f} GB", max(peaks)


def compare_predict_growth(predict: Figures) -> tuple[str, str, float]:
    """How much more memory ten times the rows take, as a ratio."""
    once, ten_times = (predict[name] for name in ("once", "ten_times"))
    told = f"{ten_times['rows']:,.0f} rows at {ten_times['rate']:,.0f} a second"
    return "-", told, ten_times["peak_bytes"] / once["peak_bytes"]


def compare_serve(name: str, scale: float = 1) -> Callable[[Figures], tuple[str, str, float]]:
    """Give one of the server's figures."""

    def compute(serve: Figures) -> tuple[str, str, float]:
        return "-", f"{serve[name]:,.1f}", serve[name] * scale

    return compute


def compare_load(serve: Figures) -> tuple[str, str, float]:
    """Wrong answers and errors under load."""
    found = serve["load"]
    told = (
        f"{found['right']:,} right, {found['refused']:,} refused, {found['requests_a_second']:.0f} a second, memory "
        f"{100 * found['memory_growth']:+.1f} %"
    )
    return "-", told, found["wrong"]


def compare_update(update: Figures) -> tuple[str, str, float]:
    """Seconds of an update, from reading the new rows to the last epoch, as a share of the champion's training."""
    told = f"{update['rows']:,.0f} rows in {update['seconds']:.1f} s ({update['wall_seconds']:.0f} s in all)"
    return f"{update['training_seconds']:.1f} s of training", told, update["seconds"] / update["training_seconds"]


# What stands in a `comparison.Quantity`.
ROWS = (
    ("`redhat_predict`, new rows a second", 150, True, " thousand", ("predict",), compare_predict_rate),
    ("`redhat_predict`, peak memory", 2, False, " GB", ("predict",), compare_predict_peak),
    (
        "`redhat_predict`, memory of ten times the rows",
        1.2,
        False,
        " times",
        ("predict",),
        compare_predict_growth,
    ),
    ("update with 1 % new rows, share of the training", 0.1, False, "", ("update",), compare_update),
    ("server, one raw row, median", 5, False, " ms", ("serve",), compare_serve("median_ms")),
    ("server, one raw row, 99th percentile", 15, False, " ms", ("serve",), compare_serve("p99_ms")),
    ("server, batches of 1,000", 30, True, " thousand rows/s", ("serve",), compare_serve("batch_rate", 1e-3)),
    ("server, start to first answer", 10, False, " s", ("serve",), compare_serve("start_seconds")),
    ("server, 16 clients for 60 s, wrong answers", 0, False, "", ("serve",), compare_load),
)
