"""Running a notebook's cells, and that the project's own answers what stands in it."""

from __future__ import annotations

import json
import re
from pathlib import Path

import pytest

from run_notebook import main, output_text, read_notebook, run_cells

NOTEBOOKS = sorted((Path(__file__).parents[2] / "docs").glob("*.ipynb"))
NUMBER = re.compile(r"-?\d+(?:\.\d+)?")
# Arithmetic differs between processors, and a training makes more of it.
TOLERANCE = 0.06


def code_cell(source: str) -> dict[str, object]:
    return {"cell_type": "code", "metadata": {}, "outputs": [], "execution_count": None, "source": [source]}


def test_a_cell_answers_with_what_it_prints_and_its_last_expression_and_knows_the_cells_before_it(
    tmp_path: Path,
) -> None:
    cells = [code_cell("x = 2\nprint('said')"), {"cell_type": "markdown", "source": ["x"]}, code_cell("y = 3\nx * y")]
    file = tmp_path / "small.ipynb"
    file.write_text(json.dumps({"cells": cells}))
    main(file)
    first, _, second = read_notebook(file)["cells"]
    assert (output_text(first["outputs"]), output_text(second["outputs"])) == ("said\n", "6")
    assert (first["execution_count"], second["execution_count"]) == (1, 2)
    assert second["outputs"][0]["output_type"] == "execute_result"


def test_an_error_names_the_cell() -> None:
    with pytest.raises(SyntaxError, match="cell 2"):
        run_cells({"cells": [code_cell("x = 1"), code_cell("x =")]})


@pytest.mark.process
@pytest.mark.parametrize("file", NOTEBOOKS, ids=lambda file: file.stem)
def test_the_projects_notebook_answers_what_stands_in_it(
    file: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    # MLflow puts the artifacts of a store that the user named below the current folder.
    monkeypatch.chdir(tmp_path)
    notebook = read_notebook(file)
    expected = [output_text(cell["outputs"]) for cell in notebook["cells"] if cell["cell_type"] == "code"]
    answered = [output_text(outputs) for outputs in run_cells(notebook)]
    assert len(expected) > 4
    for stands, answers in zip(expected, answered, strict=True):
        assert NUMBER.sub("0", answers).split() == NUMBER.sub("0", stands).split()
        numbers = [[float(number) for number in NUMBER.findall(text)] for text in (answers, stands)]
        assert numbers[0] == pytest.approx(numbers[1], abs=TOLERANCE)
