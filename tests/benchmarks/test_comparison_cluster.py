from typing import Any

import pytest

from comparison_cluster import compare_scoring, compare_scoring_memory

LAPTOP = {
    "rate": 100.0, "cpu_seconds": 80.0, "wall_seconds": 50.0, "dask_cpu_seconds": 5.0, "growth": 1.0,
    "peak_bytes": 500_000_000,
}  # fmt: skip


def run(**figures: float) -> dict[str, Any]:
    return {**LAPTOP, **figures}


def test_work_on_a_cluster_is_counted_without_what_dask_takes_where_it_has_nothing_to_do() -> None:
    # The workers take 0.1 s a second beside the laptop's run: 6 of these 81 s.
    cluster = run(rate=90.0, cpu_seconds=5.0, wall_seconds=60.0, dask_cpu_seconds=81.0)
    laptop_words, words, share = compare_scoring({"rows": 4000, "files": 4, "laptop": [run()], "cluster": [cluster]})
    assert laptop_words == "100 a second, 50 a CPU second on the laptop"
    assert words == "4,000 rows in 4 files: 90 a second (0.90 times), 50 a CPU second (1.00 times)"
    assert share == pytest.approx(0.9)


def test_of_pairs_the_median_counts_and_of_clock_and_work_the_smaller_share() -> None:
    fast, slow = run(rate=150.0, cpu_seconds=160.0, dask_cpu_seconds=5.0), run(rate=10.0, cpu_seconds=400.0)
    found = {"rows": 4000, "files": 4, "laptop": [run()] * 3, "cluster": [fast, slow, fast]}
    assert compare_scoring(found)[2] == pytest.approx(0.5)


def test_memory_is_judged_by_the_largest_growth_of_all_runs() -> None:
    found = {"laptop": [run(), run(growth=1.1)], "cluster": [run(growth=1.3, peak_bytes=2e8), run()]}
    assert compare_scoring_memory(found) == ("laptop 1.10, 0.50 GB", "worker 1.30, launch 0.50 GB", 1.3)
