"""What an earlier page of results says of parts that were not measured this time. Nothing here measures."""

from __future__ import annotations

import re
from typing import TYPE_CHECKING

from comparison import NOT_MEASURED

if TYPE_CHECKING:
    from pathlib import Path

HEADING = re.compile(r"^## .+$", re.MULTILINE)
ROW = re.compile(r"^\| (?P<what>.+?) \| .*$", re.MULTILINE)
TABLE = re.compile(r"^\||\Z", re.MULTILINE)
LISTED = re.compile(r"^- (?P<what>\w+): .*$", re.MULTILINE)
PARTS, METHOD = "## Parts", "## Method"


def keep_unmeasured(page: str, earlier: Path, keep_place: bool = False) -> str:
    """Put what was measured before in place of rows, sections and parts that the page has no figures of.

    Args:
        page: as it was rendered.
        earlier: the file that it replaces; it may not be there.
        keep_place: leave the command and the machine at the top as they are, since a section has its own.
    """
    if not earlier.exists():
        return page
    new, old = split_page(page), split_page(earlier.read_text())
    before = old.pop("")
    head = keep_rows(new.pop(""), before)
    if keep_place:
        head = before[: TABLE.search(before).start()] + head[TABLE.search(head).start() :]
    new[PARTS] = keep_parts(new[PARTS], old.get(PARTS, ""))
    last = {title: new.pop(title) for title in (METHOD, PARTS)}
    order = dict.fromkeys([title for title in (*old, *new) if title not in last])
    sections = [new.get(title, old.get(title, "")) for title in order]
    return "".join([head, *sections, *last.values()])


def split_page(page: str) -> dict[str, str]:
    """Split a page into what stands before its first heading, called "", and a section a heading, headings included."""
    starts = [0, *(found.start() for found in HEADING.finditer(page))]
    sections = [page[start:end] for start, end in zip(starts, [*starts[1:], len(page)], strict=True)]
    # A section ends with a blank line, so that another may follow it.
    return {text.split("\n", 1)[0] if number else "": f"{text.rstrip()}\n\n" for number, text in enumerate(sections)}


def keep_rows(new: str, old: str) -> str:
    """Replace rows without figures by those of the same quantity."""
    before = {row["what"]: row[0] for row in ROW.finditer(old)}
    return ROW.sub(lambda row: before.get(row["what"], row[0]) if f"| {NOT_MEASURED} |" in row[0] else row[0], new)


def keep_parts(new: str, old: str) -> str:
    """Add the parts that are listed in the old section alone."""
    there = {part["what"] for part in LISTED.finditer(new)}
    others = [part[0] for part in LISTED.finditer(old) if part["what"] not in there]
    return "\n".join([*new.rstrip().split("\n"), *others]) + "\n"
