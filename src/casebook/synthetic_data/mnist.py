"""Synthetic sample in place of MNIST: digits drawn from small bitmaps, shifted, slanted and smeared."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

import numpy as np

if TYPE_CHECKING:
    from pathlib import Path

    from numpy.typing import NDArray

    Floats = NDArray[np.float64]

FILE = "mnist.npz"
SIDE = 28
# Share of the digits that are written down wrongly, which nobody can foresee.
WRONG_SHARE = 0.01
GLYPHS = (
    ".###. #...# #...# #...# #...# #...# .###.",
    "..#.. .##.. ..#.. ..#.. ..#.. ..#.. .###.",
    ".###. #...# ....# ...#. ..#.. .#... #####",
    ".###. #...# ....# ..##. ....# #...# .###.",
    "...#. ..##. .#.#. #..#. ##### ...#. ...#.",
    "##### #.... ####. ....# ....# #...# .###.",
    "..##. .#... #.... ####. #...# #...# .###.",
    "##### ....# ...#. ..#.. ..#.. .#... .#...",
    ".###. #...# #...# .###. #...# #...# .###.",
    ".###. #...# #...# .#### ....# ...#. .##..",
)
# A border of empty pixels, so that what lies outside a glyph is empty.
BORDER = 2


@dataclass(frozen=True)
class Sample:
    """The generated archive and what its generator knows.

    Attributes:
        arrays: x_train, y_train, x_test and y_test as in the original: uint8.
        drawn: The digit that each test image really shows; shape (test images,).
    """

    arrays: dict[str, NDArray[np.uint8]]
    drawn: NDArray[np.uint8]


def generate_sample(train: int, test: int, seed: int) -> Sample:
    """Generate images of digits; one in a hundred has a wrong label.

    Args:
        train: Number of training images, at least 100.
        test: Number of test images, at least 50.
        seed: The same seed gives the same sample.

    Raises:
        ValueError: A part would be too small to hold every digit.
    """
    if train < 100 or test < 50:
        raise ValueError(f"train is {train} and test {test}: a sample needs at least 100 and 50 images")
    rng = np.random.default_rng(seed)
    # Every digit occurs equally often in each part, whatever its size.
    digits = np.concatenate([rng.permutation(np.arange(size) % 10) for size in (train, test)]).astype(np.uint8)
    images = draw_images(digits, rng)
    wrong = rng.random(len(digits)) < WRONG_SHARE
    labels = np.where(wrong, (digits + rng.integers(1, 10, len(digits))) % 10, digits).astype(np.uint8)
    arrays = {"x_train": images[:train], "y_train": labels[:train], "x_test": images[train:], "y_test": labels[train:]}
    return Sample(arrays, digits[train:])


def draw_images(digits: NDArray[np.uint8], rng: np.random.Generator) -> NDArray[np.uint8]:
    """Draw each digit anew: its size, slant, place, strength and noise vary -> uint8 of shape (digits, 28, 28)."""
    glyphs = read_glyphs()
    across, down = _place_pixels(len(digits), rng)
    grey = _look_up(glyphs, digits, across, down)
    strength = rng.uniform(0.75, 1.0, (len(digits), 1, 1))
    noise = rng.normal(0, 0.06, grey.shape) * (grey > 0.02)
    return np.rint(255 * np.clip(grey * strength + noise, 0, 1)).astype(np.uint8)


def read_glyphs() -> Floats:
    """Read the bitmaps, with an empty border, as shape (10, rows, columns) of 0 and 1."""
    bitmaps = [[[float(dot == "#") for dot in row] for row in glyph.split()] for glyph in GLYPHS]
    return np.pad(np.array(bitmaps), [(0, 0), (BORDER, BORDER), (BORDER, BORDER)])


def _place_pixels(images: int, rng: np.random.Generator) -> tuple[Floats, Floats]:
    """Compute for each pixel of each image its place in the glyph -> columns and rows of the glyph."""
    # So that no digit, its smeared edge included, reaches the border of the image.
    spread = [rng.uniform(low, high, (images, 1, 1)) for low, high in ((2.2, 3.0), (2.1, 2.8), (-0.2, 0.2))]
    width, height, slant = spread
    shift = rng.uniform(-2, 2, (2, images, 1, 1))
    rows, columns = np.mgrid[:SIDE, :SIDE] - (SIDE - 1) / 2
    down = (rows - shift[0]) / height
    across = (columns - shift[1]) / width + slant * down
    return across + 2 + BORDER, down + 3 + BORDER


def _look_up(glyphs: Floats, digits: NDArray[np.uint8], across: Floats, down: Floats) -> Floats:
    """Interpolate glyphs between their dots, as if they were drawn with a soft pen."""
    _, rows, columns = glyphs.shape
    across, down = np.clip(across, 0, columns - 1.001), np.clip(down, 0, rows - 1.001)
    left, top = across.astype(np.intp), down.astype(np.intp)
    right_share, low_share = across - left, down - top
    which = digits[:, None, None].astype(np.intp)
    upper = glyphs[which, top, left] * (1 - right_share) + glyphs[which, top, left + 1] * right_share
    lower = glyphs[which, top + 1, left] * (1 - right_share) + glyphs[which, top + 1, left + 1] * right_share
    grey: Floats = upper * (1 - low_share) + lower * low_share
    return grey


def best_reachable(sample: Sample) -> dict[str, dict[str, float]]:
    """Compute the accuracy of recognising every digit as drawn: only wrong labels are missed."""
    return {"given": {"accuracy": float((sample.drawn == sample.arrays["y_test"]).mean())}}


def write_sample(sample: Sample, folder: Path) -> None:
    """Write the archive in the form of Keras's copy.

    Args:
        sample: What `generate_sample` gave.
        folder: Where the file goes; made where missing.
    """
    folder.mkdir(parents=True, exist_ok=True)
    x_train, y_train, x_test, y_test = (sample.arrays[name] for name in ("x_train", "y_train", "x_test", "y_test"))
    np.savez_compressed(folder / FILE, x_train=x_train, y_train=y_train, x_test=x_test, y_test=y_test)
