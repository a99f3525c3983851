"""Run a notebook's code cells in one namespace: `python tools/run_notebook.py FILE` writes what they answer into it.

No kernel is started, so that neither Jupyter nor its dozen packages are needed: a cell answers with what it prints and
with the last expression's `repr`, which is all that the project's notebooks show.
"""

from __future__ import annotations

import ast
import io
import json
import sys
from contextlib import redirect_stdout
from pathlib import Path
from typing import Any

Cell = dict[str, Any]


def read_notebook(path: Path) -> dict[str, Any]:
    """Read a notebook of format 4."""
    notebook: dict[str, Any] = json.loads(path.read_text(encoding="utf-8"))
    return notebook


def run_cells(notebook: dict[str, Any]) -> list[list[Cell]]:
    """Run the code cells one after the other in one namespace.

    Returns:
        The outputs of each code cell, as the format has them.
    """
    namespace: dict[str, Any] = {"__name__": "__main__"}
    codes = ["".join(cell["source"]) for cell in notebook["cells"] if cell["cell_type"] == "code"]
    return [_run(code, number, namespace) for number, code in enumerate(codes, 1)]


def _run(code: str, number: int, namespace: dict[str, Any]) -> list[Cell]:
    tree = ast.parse(code, f"cell {number}")
    last = tree.body[-1] if tree.body and isinstance(tree.body[-1], ast.Expr) else None
    tree.body = tree.body[: len(tree.body) - (last is not None)]
    printed = io.StringIO()
    with redirect_stdout(printed):
        exec(compile(tree, f"cell {number}", "exec"), namespace)  # noqa: S102 - the project's own notebook
        value = eval(compile(ast.Expression(last.value), f"cell {number}", "eval"), namespace) if last else None  # noqa: S307
    outputs: list[Cell] = []
    if printed.getvalue():
        outputs.append({"output_type": "stream", "name": "stdout", "text": _lines(printed.getvalue())})
    if value is not None:
        answer = {"text/plain": _lines(repr(value))}
        outputs.append({"output_type": "execute_result", "execution_count": number, "metadata": {}, "data": answer})
    return outputs


def _lines(text: str) -> list[str]:
    return text.splitlines(keepends=True)


def output_text(outputs: list[Cell]) -> str:
    """Return what a cell answered, as text."""
    return "".join("".join(each.get("text") or each["data"]["text/plain"]) for each in outputs)


def main(path: Path) -> None:
    """Run a notebook and write its outputs into it."""
    notebook = read_notebook(path)
    code_cells = [cell for cell in notebook["cells"] if cell["cell_type"] == "code"]
    for number, (cell, outputs) in enumerate(zip(code_cells, run_cells(notebook), strict=True), 1):
        cell.update(outputs=outputs, execution_count=number)
    path.write_text(json.dumps(notebook, indent=1, ensure_ascii=False) + "\n", encoding="utf-8")


if __name__ == "__main__":
    main(Path(sys.argv[1]))
