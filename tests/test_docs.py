"""The docs site is built without a fault, asks nothing of another machine, and what it tells people to type exists."""

from __future__ import annotations

import os
import re
import shlex
import subprocess
import sys
from pathlib import Path

import pytest
from kedro.framework.cli.utils import _split_params

from casebook.cases.registry import CASES
from casebook.cli.program import program
from casebook.config.loader import read_case
from casebook.config.resolve import resolve_parameters
from casebook.config.tree import overlay
from casebook.pipeline_registry import register_pipelines
from docs_hooks import DIAGRAM, drawing_of, on_page_markdown

ROOT = Path(__file__).parents[1]
PAGES = {page.name: page.read_text() for page in sorted((ROOT / "docs").glob("*.md"))}
# What these pages say of cases that come with the project; others are about a case of the reader's own.
CHECKED = (
    "index.md",
    "cases.md",
    "serving.md",
    "mlflow.md",
    "kedro-viz.md",
    "console.md",
    "defaults.md",
    "measuring.md",
)
SHELL = sorted(
    {
        line.split("#")[0].strip()
        for name in CHECKED
        for block in re.findall(r"```sh\n(.*?)```", PAGES[name], re.S)
        for line in block.splitlines()
        if line.strip()
    }
)
FOREIGN = re.compile(r"""<(?:script|link|img|iframe)\b[^>]*\b(?:src|href)=["']?(?:https?:)?//[^"'\s>]+""")


@pytest.mark.process
def test_the_site_is_built_strictly_and_needs_no_other_machine(tmp_path: Path) -> None:
    command = [
        str(Path(sys.executable).with_name("mkdocs")),
        "build",
        "--strict",
        "--quiet",
        "--site-dir",
        str(tmp_path),
    ]
    environment = {**os.environ, "NO_MKDOCS_2_WARNING": "1"}
    done = subprocess.run(command, cwd=ROOT, env=environment, capture_output=True, text=True, check=False)
    assert (done.returncode, done.stderr) == (0, "")
    pages = {page.stem: page.read_text() for page in tmp_path.glob("*.html")}
    assert {name.removesuffix(".md") for name in PAGES} <= set(pages)
    foreign = [found for page in pages.values() for found in FOREIGN.findall(page) if 'rel="canonical"' not in found]
    assert foreign == []
    assert 'class="mermaid"' not in "".join(pages.values())
    # The offline plugin's: a page that is opened from the disk may not fetch an index.
    assert "boosted trees on the raw features" in (tmp_path / "search" / "search_index.js").read_text()


def test_every_diagram_has_a_drawing_of_its_present_text() -> None:
    texts = [found[1] for page in PAGES.values() for found in DIAGRAM.finditer(page)]
    assert len(texts) >= 3
    files = {drawing_of(text) for text in texts}
    assert files == set((ROOT / "docs" / "diagrams").glob("*.svg"))
    assert all("<svg" in file.read_text() for file in files)


def test_a_changed_diagram_is_refused_until_it_is_drawn() -> None:
    with pytest.raises(FileNotFoundError, match=r"a diagram has no drawing .*: python tools/draw_diagrams.py"):
        on_page_markdown("```mermaid\nflowchart LR\n  a --> nobody_drew_this\n```\n")


def test_links_out_of_the_pages_are_named() -> None:
    assert on_page_markdown("The [Dockerfile](../Dockerfile), [here](studies.md).") == (
        "The Dockerfile (`Dockerfile`), [here](studies.md)."
    )


@pytest.mark.parametrize("command", [line for line in SHELL if line.startswith("make ")])
def test_every_make_target_of_the_pages_exists(command: str) -> None:
    target = command.split()[1]
    assert target in CASES or re.search(rf"^{target}:.*## ", (ROOT / "Makefile").read_text(), re.M)


@pytest.mark.parametrize("command", [line for line in SHELL if line.startswith("casebook ")])
def test_every_command_of_the_pages_exists(command: str) -> None:
    name, *words = shlex.split(command)[1:]
    found = program.commands[name]
    options = {option for param in found.params for option in param.opts}
    assert {word.split("=")[0] for word in words if word.startswith("-")} <= options


@pytest.mark.parametrize("command", [line for line in SHELL if line.startswith("kedro run")])
def test_every_run_of_the_pages_names_a_pipeline_and_parameters_that_exist(command: str) -> None:
    words = [part for word in shlex.split(command)[2:] for part in word.split("=", 1 if word.startswith("--") else 0)]
    pipeline = words[words.index("--pipeline") + 1]
    assert register_pipelines()[pipeline].nodes
    given = _split_params(None, None, words[words.index("--params") + 1] if "--params" in words else "")
    case = pipeline.partition("_")[0]
    assert resolve_parameters(overlay({case: read_case(case, "base")}, given), given)[case]


def test_the_table_of_cases_says_what_the_ledger_measured() -> None:
    ledger = PAGES["ledger.md"].split("\n## ")[1:]
    measured = {
        section.splitlines()[0]: [
            line.split("|")[4].split()[0] for line in section.splitlines() if "| default |" in line
        ]
        for section in ledger
    }
    rows = re.findall(r"^\| (\w+) \|.*\| ([^|]*) \| [^|]* \|$", PAGES["cases.md"], re.M)
    told = {case: re.findall(r"(?:accuracy|MAE) ([\d.]+)", cell)[0] for case, cell in rows if case in CASES}
    assert set(told) == set(CASES) == set(measured)
    for case, value in told.items():
        exact = float(measured[case][0].replace(",", ""))
        assert float(value) == round(exact, len(value.partition(".")[2]))
