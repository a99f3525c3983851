"""The collector rests while it is told to, and never longer."""

from __future__ import annotations

import gc
import subprocess
import sys

import pytest

from casebook.compute.gc_tuning import gc_disabled


def test_the_collector_is_on_again_after_the_block_and_after_an_error() -> None:
    with gc_disabled():
        assert not gc.isenabled()
    assert gc.isenabled()
    with pytest.raises(KeyError), gc_disabled():
        raise KeyError
    assert gc.isenabled()


def test_a_collector_that_was_off_stays_off() -> None:
    gc.disable()
    try:
        with gc_disabled():
            pass
        assert not gc.isenabled()
    finally:
        gc.enable()


@pytest.mark.process
def test_a_process_that_leaves_quickly_still_runs_its_exit_handlers() -> None:
    code = (
        "import atexit, gc\n"
        "from casebook.compute.gc_tuning import skip_gc_at_exit\n"
        "atexit.register(lambda: print('frozen', gc.get_freeze_count() > 0))\n"
        "skip_gc_at_exit()\n"
        "atexit.register(lambda: print('before', gc.get_freeze_count()))\n"
    )
    said = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=True).stdout
    assert said.splitlines() == ["before 0", "frozen True"]


@pytest.mark.process
def test_what_is_kept_for_good_is_looked_through_no_more() -> None:
    code = (
        "import gc\n"
        "from casebook.compute.gc_tuning import freeze_gc\n"
        "freeze_gc()\n"
        "print(gc.get_freeze_count() > 1000, len(gc.get_objects()) < 1000)\n"
    )
    found = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=True)
    assert found.stdout.split() == ["True", "True"]
