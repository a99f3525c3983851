"""Hooks of `make docs`: diagrams are pictures drawn before, and what lies outside docs/ is named instead of linked.

A page of the repository keeps its diagram as text, which a code host draws; in the site, which asks nothing of another
machine, the drawing of the same text stands in its place (`tools/draw_diagrams.py`).
"""

from __future__ import annotations

import re
from hashlib import sha256
from pathlib import Path
from typing import Any

DIAGRAM = re.compile(r"^```mermaid\n(.*?)^```$", re.MULTILINE | re.DOTALL)
OUTSIDE = re.compile(r"\[([^\]]+)\]\(\.\./([^)]+)\)")
DOCS = Path(__file__).parents[1] / "docs"
FOLDER = "diagrams"


def on_page_markdown(markdown: str, **_more: Any) -> str:  # noqa: ANN401 - what MkDocs hands over
    """Return a page's text with drawings for diagrams and without links that lead out of the site.

    Raises:
        FileNotFoundError: a diagram has no drawing.
    """
    return OUTSIDE.sub(r"\1 (`\2`)", DIAGRAM.sub(_show, markdown))


def drawing_of(text: str) -> Path:
    """Return the file of a diagram's drawing, named after its text."""
    return DOCS / FOLDER / f"{sha256(text.encode()).hexdigest()[:12]}.svg"


def _show(found: re.Match[str]) -> str:
    file = drawing_of(found[1])
    if not file.is_file():
        raise FileNotFoundError(f"a diagram has no drawing {file}: python tools/draw_diagrams.py <mermaid.min.js>")
    return f"![Diagram]({FOLDER}/{file.name})"
