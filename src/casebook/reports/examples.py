"""Worst test rows of images and texts, as a page can show them."""

from __future__ import annotations

import io
from base64 import b64encode
from typing import TYPE_CHECKING, Any

import numpy as np

from casebook.data.splitting import holds_arrays

if TYPE_CHECKING:
    import pandas as pd

    from casebook.reports.judged import Judged

IMAGES, TEXTS = 24, 6
TEXT_CHARACTERS = 400
# Texts of this mean length are shown whole, not as cells of a table.
LONG_CHARACTERS = 80


def list_worst_images(own: Judged, images: pd.Series) -> list[dict[str, Any]]:
    """Encode the images of largest loss as PNG in data addresses, with actual and predicted class and probability."""
    return [
        {"source": _encode(images.iloc[row]), "place": str(images.index[row]), **_outcome(own, row)}
        for row in _rank(own, IMAGES)
    ]


def list_worst_texts(own: Judged, texts: pd.Series) -> list[dict[str, Any]]:
    """List the texts of largest loss, their beginnings, with actual and predicted class and probability."""
    found = []
    for row in _rank(own, TEXTS):
        text = str(texts.iloc[row])
        more = len(text) > TEXT_CHARACTERS
        shown = f"{text[:TEXT_CHARACTERS]}{'…' if more else ''}"
        found.append({"text": shown, "place": str(texts.index[row]), **_outcome(own, row)})
    return found


def find_images(rows: pd.DataFrame) -> pd.Series | None:
    """Return the first column of images, arrays of two dimensions or of three with one to four channels."""
    return next((rows[name] for name in rows if holds_arrays(rows[name])), None)


def find_texts(rows: pd.DataFrame) -> pd.Series | None:
    """Return the first column of long texts."""
    for name in rows:
        column = rows[name].head(1000)
        if column.dtype.kind in "OU" or str(column.dtype) == "str":
            lengths = column.dropna().astype(str).str.len()
            if len(lengths) and lengths.mean() > LONG_CHARACTERS:
                return rows[name]
    return None


def _rank(own: Judged, count: int) -> np.ndarray:
    return np.argsort(-own.losses, kind="stable")[:count]


def _outcome(own: Judged, row: int) -> dict[str, Any]:
    chosen = int(own.classes[row])
    probability = own.outputs[row] if own.task == "binary" else own.outputs[row, chosen]
    return {"actual": int(own.target[row]), "predicted": chosen, "probability": float(probability)}


def _encode(image: np.ndarray) -> str:
    from PIL import Image

    pixels = np.squeeze(np.asarray(image))
    buffer = io.BytesIO()
    Image.fromarray(pixels.astype(np.uint8)).save(buffer, "PNG", optimize=True)
    return f"data:image/png;base64,{b64encode(buffer.getvalue()).decode()}"
