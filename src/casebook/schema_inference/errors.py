"""What makes a table one that no case can be declared from."""

from __future__ import annotations


class SchemaInferenceError(ValueError):
    """A file or column that nothing can be declared from; the message names it, what it holds, and the remedy."""
