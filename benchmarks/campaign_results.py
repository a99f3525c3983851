"""What campaigns have seen, as a section of `results.md`. Nothing here harms anything."""

from __future__ import annotations

import re
from dataclasses import dataclass
from typing import TYPE_CHECKING

from results import render_table

if TYPE_CHECKING:
    from collections.abc import Iterable, Mapping

HEADING = "## Campaigns"
SECTION = re.compile(rf"^{HEADING}\n.*?(?=^## |\Z)", re.MULTILINE | re.DOTALL)
COLUMNS = ("campaign", "tried", "outcome", "faults", "minutes", "date", "commit")
SHOWN_FAULTS, FAULT_CHARACTERS = 3, 120
METHOD = """\
- Kill: each command is killed with SIGKILL at moments that are uniform over its duration, by turns alone and with its
  whole process group; after each kill every file of the project is read, after every fifth the command is run to its
  end and its scores and predictions (of a study the number of finished trials) are compared with those of a run that
  nothing has disturbed. A study and an update then begin anew.
- Files: every raw file of a case under 40 mutations of CSV files and archives, 38 of Parquet files, brought to
  `kedro run` up to the arrays, or to prediction; a file in another form must be read, no table must be refused, and an
  error names the file.
- At once: ten trainings of one case with ten seeds, alone and all together; test scores must be equal to the bit."""


@dataclass(frozen=True)
class Outcome:
    """What a campaign has tried, how that ended, and what was wrong."""

    tried: str
    ended: str
    faults: tuple[str, ...] = ()


@dataclass(frozen=True)
class CampaignRow:
    """A campaign's outcome, and when, how long and on what code it ran."""

    name: str
    outcome: Outcome
    minutes: float
    date: str
    commit: str

    def cells(self) -> tuple[str, ...]:
        """Return the row's cells; of many faults the first ones."""
        kinds = list(dict.fromkeys(" ".join(fault.split())[:FAULT_CHARACTERS] for fault in self.outcome.faults))
        shown = "; ".join([str(len(self.outcome.faults)), *kinds[:SHOWN_FAULTS]])
        return self.name, self.outcome.tried, self.outcome.ended, shown, f"{self.minutes:.1f}", self.date, self.commit


def find_section(page: str) -> str:
    """Return the section of a page, without blank lines around it; nothing where it has none."""
    found = SECTION.search(page)
    return found.group().strip() if found else ""


def render_section(rows: Iterable[CampaignRow], before: str, command: str, machine: Mapping[str, str]) -> str:
    """Write the section: new rows in place of those of the same campaigns, and the others as they were.

    Args:
        rows: of this time.
        before: the section as it was, or nothing.
        command: how the campaigns are started.
        machine: what they ran on, by name.
    """
    new = {row.name: render_table(COLUMNS, [row.cells()]).splitlines()[-1] for row in rows}
    lines = [line for line in before.splitlines() if line.startswith("| ")][2:]
    kept = {line.split("|")[1].strip(): line for line in lines}
    table = [*render_table(COLUMNS, []).splitlines(), *(kept | new).values()]
    ran_on = ", ".join(machine[name] for name in ("processor", "memory", "system") if name in machine)
    return "\n\n".join([HEADING, f"`{command}` on {ran_on}.", "\n".join(table), METHOD])


def replace_section(page: str, section: str) -> str:
    """Put the section in place of the one that a page has, or at its end."""
    if find_section(page):
        return SECTION.sub(lambda _: f"{section}\n\n", page).rstrip() + "\n"
    return f"{page.rstrip()}\n\n{section}\n".lstrip()
