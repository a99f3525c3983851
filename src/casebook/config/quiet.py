"""Whether a command prints warnings and its result alone."""

from __future__ import annotations

import os

# Set by `--quiet`; processes that a run starts have it too.
QUIET_VARIABLE = "CASEBOOK_QUIET"


def is_quiet() -> bool:
    """Test whether only warnings and the result are wanted."""
    return bool(os.environ.get(QUIET_VARIABLE))
