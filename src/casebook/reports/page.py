"""Rendering of a page: Jinja2 templates that escape whatever the data hold, everything in one file."""

from __future__ import annotations

import re
from functools import cache
from typing import TYPE_CHECKING, Any

from jinja2 import Environment, PackageLoader, StrictUndefined, select_autoescape
from markupsafe import Markup

from casebook.reports.numbers import write_interval, write_range, write_score

if TYPE_CHECKING:
    from collections.abc import Mapping

# What a column of a wide table has room for on paper.
LONG_WORD = 8


def render_page(
    template: str,
    library: str,
    charts: Mapping[str, Mapping[str, Any]],
    **content: Any,  # noqa: ANN401 - of templates
) -> str:
    """Render a page.

    Args:
        template: its name among the package's templates, without the ending.
        library: see `load_chart_library`.
        charts: Vega-Lite specifications by the names that the template draws them under.
        content: what the template shows besides.

    Returns:
        HTML that needs no network and no other file.
    """
    script = Markup(library)  # noqa: S704 - the library's own code, no data
    return _environment().get_template(f"{template}.html.j2").render(library=script, charts=charts, **content)


@cache
def _environment() -> Environment:
    environment = Environment(
        loader=PackageLoader("casebook.reports"),
        autoescape=select_autoescape(enabled_extensions=("j2",), default=True),
        undefined=StrictUndefined,
        trim_blocks=True,
        lstrip_blocks=True,
    )
    environment.filters |= {"score": write_score, "range": write_range, "count": "{:,.0f}".format}
    environment.filters |= {"breakable": break_between_parts, "command": keep_options, "length_class": classify_length}
    environment.globals["interval"] = write_interval
    return environment


def keep_options(command: object) -> Markup:
    """Keep an option of a command in one line, which would else be broken after its hyphens."""
    words = [Markup('<span class="option">{}</span>').format(word) if word.startswith("-") else word
        for word in str(command).split(" ")]  # fmt: skip
    return Markup(" ").join(words)


def classify_length(cell: object) -> str:
    """Name the class of a cell with a word that paper may have no room for."""
    return "long" if any(len(word) > LONG_WORD for word in str(cell).split()) else ""


def break_between_parts(name: object) -> Markup:
    """Let a name go on in the next line after a dot or a slash."""
    return Markup("<wbr>").join(re.split(r"(?<=[./])", str(name)))
