from pathlib import Path

import pytest
import yaml

from comparison import MET, MISSED, QUANTITIES, compare
from comparison_tables import find_shortfall, table_rows
from parts_tables import close_columns
from results import render_results
from results_page import keep_unmeasured

DATE = "2026-11-29 10:00 UTC"


def table(task: str, metric: str, network: float, reference: float, baseline: float) -> dict[str, object]:
    values = {"test": network, "reference": reference, "baseline": baseline}
    scores = {who: {metric: value, "mae": value, "auc": 0.5} for who, value in values.items()}
    return {
        "task": task, "rows": 1000, "lines": 12, "wrong": [], "closed": [], "init_seconds": 2.0, "init_bytes": 3e8,
        "run_seconds": 20.0, "scores": scores,
    }  # fmt: skip


def figures() -> dict[str, object]:
    tables = {name: table("regression", "rmse", 2.0, 2.0, 4.0) for name in map(str, range(8))}
    tables |= {"telco_churn": table("binary", "log_loss", 0.40, 0.42, 0.60)}
    tables |= {"flights": table("regression", "rmse", 2.05, 2.0, 4.0)}
    sides = {"reference": {"seconds": 9.0, "peak_bytes": 8e8}, "casebook": {"seconds": 3.0, "peak_bytes": 5e8}}
    return {"tables": tables, "arrays": sides}


def part(found: dict[str, object]) -> dict[str, object]:
    return {"date": DATE, "load": "0.10", "figures": found}


def test_a_shortfall_is_a_share_of_the_distance_between_reference_and_baseline() -> None:
    assert find_shortfall(table("regression", "rmse", 2.05, 2.0, 4.0)) == pytest.approx(0.025)
    assert find_shortfall(table("binary", "log_loss", 0.40, 0.42, 0.60)) == pytest.approx(-1 / 9)
    # A reference below the baseline makes nothing of a worse network.
    assert find_shortfall(table("binary", "log_loss", 0.36, 0.35, 0.33)) == pytest.approx(0.5)


def test_the_figures_of_the_tables_are_held_to_their_limits() -> None:
    rows = {
        row.what: row for row in (compare(q, {"tables": part(figures())}) for q in QUANTITIES if "tables" in q.parts)
    }
    assert [row.verdict for row in rows.values()] == [MET] * 7 + [MISSED]
    networks = rows["network at least as good as the reference, of 14 tables"]
    assert (networks.measured, networks.casebook) == ("9.00", "worse: flights +2.5%")
    assert rows["telco_churn, `init` and run, commands to figures"].measured == "22.00 s"
    assert rows["flights, raw files to arrays"].measured == "3.00 times faster"
    assert rows["flights, raw files to arrays, share of the memory"].measured == "0.62"


def test_a_table_is_described_in_one_line() -> None:
    assert table_rows(figures())[-1] == (
        "flights", "1,000", "12", "-", "-", "2.0 s", "20.0 s", "rmse", "2.05", "2", "4", "2.5 %", "mae 2.05 / 2 / 4"
    )  # fmt: skip


def test_closed_columns_get_the_role_leak_and_keep_their_type(tmp_path: Path) -> None:
    place = tmp_path / "parameters.yml"
    place.write_text("shop: {data: {columns: {paid: {type: number}}}}\n")
    close_columns(place, "shop", ("paid", "later"))
    columns = yaml.safe_load(place.read_text())["shop"]["data"]["columns"]
    assert columns == {"paid": {"type": "number", "role": "leak"}, "later": {"role": "leak"}}


def render(parts: dict[str, dict[str, object]]) -> str:
    return render_results([compare(quantity, parts) for quantity in QUANTITIES], parts, "make bench", "2 people", {})


def test_a_page_keeps_what_was_not_measured_this_time(tmp_path: Path) -> None:
    page, times = tmp_path / "results.md", part({"kedro --help": [1.0], "kedro registry list": [2.0]})
    page.write_text(render({"commands": times}).replace("## Method", "## By hand\n\nKept.\n\n## Method"))
    text = keep_unmeasured(render({"tables": part(figures())}), page)
    assert "| `kedro --help`, best of 3 | - | 1.00 s | 1.00 s |" in text
    assert "| flights, raw files to arrays | 9.0 s | 3.0 s | 3.00 times faster |" in text
    headings = [line for line in text.splitlines() if line.startswith("## ")]
    assert headings == ["## By hand", "## Your own table: 14 real ones", "## Method", "## Parts"]
    assert text.endswith(f"- tables: {DATE}, load before it 0.10\n- commands: {DATE}, load before it 0.10\n")
    moved = text.replace("2 people", "3 people")
    page.write_text(moved)
    assert keep_unmeasured(render({"tables": part(figures())}), page, keep_place=True) == moved
    page.write_text(text)
    assert keep_unmeasured(render({"tables": part(figures())}), page) == text
