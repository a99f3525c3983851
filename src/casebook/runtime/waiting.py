"""Calls to a server that may be away for a while, repeated until it answers."""

from __future__ import annotations

import time
from typing import TYPE_CHECKING, TypeVar

if TYPE_CHECKING:
    from collections.abc import Callable

Result = TypeVar("Result")


def repeat_while_away(
    call: Callable[[], Result],
    is_away: Callable[[Exception], bool],
    patience: float,
    retry: float,
    on_away: Callable[[], None],
) -> Result:
    """Call a server, again and again while it is away.

    Args:
        call: asks it.
        is_away: whether an error says that it is away, rather than that it refuses.
        patience: seconds after which its error is raised.
        retry: seconds between two tries.
        on_away: called when it is found to be away, once.

    Raises:
        Exception: what `call` raised, when the server refuses or is not back in time.
    """
    end, told = time.monotonic() + patience, False
    while True:
        try:
            return call()
        except Exception as error:
            if not is_away(error) or time.monotonic() > end:
                raise
            if not told:
                on_away()
                told = True
            time.sleep(retry)
