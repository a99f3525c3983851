"""The thirty settings that both sides of the study's benchmark try, and how long each is trained."""

from __future__ import annotations

import random
from typing import Any

COUNT, EPOCHS, SEED = 30, 10, 1
WIDTHS = ([128], [256], [128, 128], [512, 256])


def list_settings(count: int = COUNT) -> list[dict[str, Any]]:
    """Draw settings: hidden widths, dropout, learning rate and batch size.

    Learning rates reach from far too small to good ones, as in any first search.
    """
    draw = random.Random(SEED)  # noqa: S311 - no secret
    return [
        {
            "hidden": draw.choice(WIDTHS),
            "dropout": draw.choice([0.0, 0.2, 0.4]),
            "learning_rate": 10 ** draw.uniform(-5, -2.3),
            "batch_size": draw.choice([256, 512, 1024]),
        }
        for _ in range(count)
    ]
