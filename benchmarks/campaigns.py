"""Harm projects on purpose, report what broke, and write it to the section Campaigns of `benchmarks/results.md`.

Each campaign works in a project of its own in a temporary folder, which is kept where a fault was seen.
"""

from __future__ import annotations

import argparse
import shutil
import sys
import tempfile
import time
from datetime import UTC, datetime
from functools import partial
from pathlib import Path
from typing import TYPE_CHECKING

import bad_files_campaign
import kill_campaign
import runs_at_once
from campaign_project import CampaignProject
from campaign_results import CampaignRow, find_section, render_section, replace_section
from casebook.cases.registry import CASES
from casebook.runtime.atomic_files import atomic_write
from machine import describe_machine, read_commit

if TYPE_CHECKING:
    from collections.abc import Callable

    from campaign_results import Outcome

    Campaign = Callable[[CampaignProject], Outcome]

RESULTS = Path(__file__).with_name("results.md")
COMMAND = "make campaigns"
MINUTE_SECONDS = 60


def main() -> int:
    """Run the campaigns one after the other; 1 when a fault was seen."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--kills", type=int, default=50, help="of each command")
    parser.add_argument("--only", action="append", help="a campaign, or the first word of several; may be repeated")
    parser.add_argument("--dry", action="store_true", help="report alone, write no results")
    options = parser.parse_args()
    campaigns = list_campaigns(options.kills)
    chosen = {
        name: run for name, run in campaigns.items() if not options.only or {name, name.split()[0]} & set(options.only)
    }
    if not chosen:
        parser.error(f"there are the campaigns {', '.join(campaigns)}")
    faults, commit = 0, read_commit()
    for name, run in chosen.items():
        row = run_campaign(name, run, commit)
        faults += len(row.outcome.faults)
        if not options.dry:
            keep(row)
    return int(faults > 0)


def list_campaigns(kills: int) -> dict[str, Campaign]:
    """List the campaigns by name."""
    return {
        **{f"kill {name}": partial(kill_campaign.run_campaign, name, kills) for name in kill_campaign.COMMANDS},
        **{f"files {case}": partial(bad_files_campaign.run_campaign, case) for case in CASES},
        "at once": runs_at_once.run_campaign,
    }


def run_campaign(name: str, run: Campaign, commit: str) -> CampaignRow:
    """Run a campaign in a new project and say what it has seen."""
    folder, start = Path(tempfile.mkdtemp(prefix=f"campaign-{name.replace(' ', '-')}-")), time.monotonic()
    outcome = run(CampaignProject.create(folder))
    minutes = (time.monotonic() - start) / MINUTE_SECONDS
    row = CampaignRow(name, outcome, minutes, f"{datetime.now(UTC):%Y-%m-%d}", commit)
    for line in (" | ".join(row.cells()), *(f"    {fault}" for fault in outcome.faults)):
        print(line, flush=True)
    if outcome.faults:
        print(f"    kept in {folder}", flush=True)
    else:
        shutil.rmtree(folder)
    return row


def keep(row: CampaignRow) -> None:
    """Write a row to the results, in place of the one that was there."""
    page = RESULTS.read_text()
    section = render_section([row], find_section(page), COMMAND, describe_machine())
    with atomic_write(RESULTS) as path:
        path.write_text(replace_section(page, section))


if __name__ == "__main__":
    sys.exit(main())
