"""Names and values in lines of the console, as narrow as it is."""

from __future__ import annotations

import textwrap
from typing import TYPE_CHECKING

from rich.markup import escape

if TYPE_CHECKING:
    from collections.abc import Sequence

    from rich.console import Console

# Narrower than that, a console breaks lines itself.
MIN_WIDTH = 20


def print_facts(console: Console, facts: Sequence[tuple[str, str]]) -> None:
    """Print each name with its value beside it, whose further lines begin below the first.

    A table of rich's would put blanks behind each line, which a log file keeps, and break addresses.
    """
    indent = max((len(name) for name, _ in facts), default=0) + 2
    for name, value in facts:
        width = max(console.width - indent, MIN_WIDTH)
        lines = textwrap.wrap(value, width, break_long_words=False, break_on_hyphens=False)
        text = escape(f"\n{' ' * indent}".join(lines))
        console.print(f"[bold]{name}[/bold]{' ' * (indent - len(name))}{text}", highlight=False, soft_wrap=True)
