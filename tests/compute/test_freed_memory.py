"""Memory that was freed goes back to the system."""

from __future__ import annotations

import gc

import psutil

from casebook.compute.freed_memory import return_freed_memory

PIECE_BYTES, PIECES, KEPT_EACH = 60_000, 3_000, 50


def test_freed_memory_between_objects_that_stay_goes_back_to_the_system() -> None:
    pieces = [bytearray(b"x") * PIECE_BYTES for _ in range(PIECES)]
    kept = pieces[::KEPT_EACH]
    del pieces
    gc.collect()
    process = psutil.Process()
    before = process.memory_info().rss
    return_freed_memory()
    assert before - process.memory_info().rss > PIECE_BYTES * PIECES / 2
    assert len(kept) == PIECES / KEPT_EACH
