"""Bring each raw file of each case damaged or in another form, to training and to prediction.

In a project with small samples each raw file is replaced by its mutations (`raw_file_mutations`), one after the other,
and the case is prepared to its arrays, or the file is predicted by the champion. A file in another form must be read;
what is no such table must be refused; whatever is refused must end in one error that names the file. Never may there
be a stack trace, a run left RUNNING or a file that cannot be read. Each command runs in a fork of one process that has
the libraries imported.
"""

from __future__ import annotations

import collections
import re
from typing import TYPE_CHECKING

import raw_archive_mutations as archives
from campaign_project import KEDRO, find_unreadable, read_store
from campaign_results import Outcome
from casebook.cases.registry import load_case
from forked_commands import LIBRARIES, ForkServer
from raw_file_mutations import DAMAGED, DAMAGED_CSV, NO_TABLE, NO_TABLE_CSV, SAME_TABLE

if TYPE_CHECKING:
    from pathlib import Path

    from campaign_project import CampaignProject
    from casebook.cases.registry import Case
    from raw_file_mutations import Mutation

    Mutations = dict[str, Mutation]

TAIL_CHARACTERS = 300
# What most of these short commands would take longest for; all projects have this code.
OWN_MODULES = ("casebook.stages.nodes", "casebook.pipeline_registry", "casebook.hooks", "casebook.datasets")
QUICK = {"MLFLOW_ENABLE_SYSTEM_METRICS_LOGGING": "false"}
READ, REFUSED, EITHER = "read", "refused", ""
HEADER = re.compile(rb"\W*[A-Za-z_]")
# Keys of the parameters that an error may name instead: a share of a whole file that has too few rows.
KEYS = ("Error:split:",)
OF_THE_HEADER = {"columns in another order", "header alone", "a column renamed", "first column left out"}
Row = tuple[str, str, str]  # file, mutation, outcome


def run_campaign(name: str, project: CampaignProject) -> Outcome:
    """Train a champion on a small sample, then bring each file in each form to each command that reads it."""
    rows = bring_all(load_case(name), project)
    tally = collections.Counter(outcome for *_, outcome in rows)
    faults = [f"{file}, {mutation}: {outcome}" for file, mutation, outcome in rows if outcome not in {READ, REFUSED}]
    return Outcome(f"{len(rows)} forms of files", f"{tally[READ]} read, {tally[REFUSED]} refused", tuple(faults))


def bring_all(case: Case, project: CampaignProject) -> list[Row]:
    """Train a champion, then bring each file -> a row for each form."""
    code, text = project.run("run", f"--pipeline={case.name}", "--env=test")
    if code:
        raise RuntimeError(text)
    raw = project.root / "data" / "01_raw" / case.name
    # A sample that was changed would be made anew; these are now a user's files.
    (raw / ".sample.json").unlink(missing_ok=True)
    preparing = [f"--pipeline={case.name}", f"--to-nodes={case.name}.apply_preprocessor"]
    predicting = [f"--pipeline={case.name}_predict"]
    # Of the optional files training reads none.
    brought = [(raw / file, preparing) for file in case.files] + [(raw / case.new_rows.file, predicting)]
    server = ForkServer({**project.environment, **QUICK}, [*LIBRARIES, *OWN_MODULES])
    rows = [
        row for path, words in brought for row in bring(path, [KEDRO, "run", "--env=test", *words], project, server)
    ]
    server.close()
    return rows


def bring(path: Path, command: list[str], project: CampaignProject, server: ForkServer) -> list[Row]:
    """Run a command on each form of a file -> a row for each."""
    content, root = path.read_bytes(), project.root
    rows = []
    try:
        for expected, mutations in choose_mutations(path, content).items():
            for mutation, mutate in mutations.items():
                path.write_bytes(mutate(content))
                program = server.start(command, root, {**project.environment, **QUICK})
                said, _ = program.communicate()
                code = program.wait()
                rows.append((path.name, mutation, judge(path, code, said, expected, root)))
                if rows[-1][-1] not in {READ, REFUSED}:
                    print("   ", *rows[-1], sep=" | ", flush=True)
    finally:
        path.write_bytes(content)
    return rows


def choose_mutations(path: Path, content: bytes) -> dict[str, Mutations]:
    """Choose the forms of a file -> expected outcome (empty where the case decides) -> mutations by name."""
    if path.suffix == ".npz":
        return _with_any_file(archives.SAME_ARRAYS, archives.NO_ARRAYS, archives.DAMAGED_ARRAYS)
    if path.suffix == ".parquet":
        return _with_any_file(archives.SAME_PARQUET, archives.NO_PARQUET, archives.DAMAGED_PARQUET)
    # Without names of columns any order of them, and any row, is as good as another.
    free = set() if HEADER.match(content) else OF_THE_HEADER
    same = {name: mutate for name, mutate in SAME_TABLE.items() if name not in free}
    none = {name: mutate for name, mutate in {**NO_TABLE, **NO_TABLE_CSV}.items() if name not in free}
    rest = {name: mutate for name, mutate in {**SAME_TABLE, **NO_TABLE_CSV}.items() if name in free}
    return {READ: same, REFUSED: none, EITHER: {**DAMAGED, **DAMAGED_CSV, **rest}}


def _with_any_file(same: Mutations, none: Mutations, damaged: Mutations) -> dict[str, Mutations]:
    return {READ: same, REFUSED: {**NO_TABLE, **none}, EITHER: {**DAMAGED, **damaged}}


def judge(path: Path, code: int, text: str, expected: str, root: Path) -> str:
    """Name the outcome of a command: read, refused, or what is wrong with it."""
    outcome = REFUSED if code else READ
    joined = "".join(text.split())
    if "Traceback" in text:
        return f"stack trace: {text[-TAIL_CHARACTERS:]}"
    if code and not any(name in joined for name in (path.name, *KEYS)):
        return f"the error does not name {path.name}: {text[-TAIL_CHARACTERS:]}"
    if expected != EITHER and outcome != expected:
        return f"{outcome}, where it should be {expected}: {text[-TAIL_CHARACTERS:] if code else ''}"
    running, _ = read_store(root)
    # The file itself may well be unreadable.
    broken = [found for found in find_unreadable(root) if not found.startswith(f"{path.relative_to(root)}:")]
    return f"{running} runs RUNNING" if running else "; ".join(broken) or outcome
