"""What the benchmark ran on."""

from __future__ import annotations

import os
import platform
import subprocess
from importlib.metadata import version
from pathlib import Path

import psutil

PACKAGES = ("kedro", "kedro-mlflow", "mlflow", "keras", "tensorflow", "numpy", "pandas", "pyarrow", "scikit-learn")
PROCESSORS = Path("/proc/cpuinfo")
ROOT = Path(__file__).resolve().parents[1]
# A measurement writes it, so that it says nothing of the code.
RESULTS = "benchmarks/results.md"


def describe_machine() -> dict[str, str]:
    """Give processor, memory, Python and the versions of the packages that matter, by name."""
    facts = read_processor()
    bfloat16 = "yes" if "avx512_bf16" in facts.get("flags", "").split() else "no"
    return {
        "processor": f"{len(os.sched_getaffinity(0))} cores of {facts.get('model name', platform.machine())}",
        "avx512_bf16": bfloat16,
        "memory": f"{psutil.virtual_memory().total / 1e9:.1f} GB",
        "system": f"{platform.system()} {platform.release()}",
        "Python": platform.python_version(),
        "packages": ", ".join(f"{name} {version(name)}" for name in PACKAGES),
    }


def read_processor() -> dict[str, str]:
    """Read the first processor's entry; empty where the system has none."""
    if not PROCESSORS.exists():
        return {}
    first = PROCESSORS.read_text().split("\n\n")[0]
    return {name.strip(): value.strip() for name, _, value in (line.partition(":") for line in first.splitlines())}


def describe_load() -> str:
    """Give the average number of running processes over the last minute."""
    return f"{psutil.getloadavg()[0]:.2f}"


def read_commit() -> str:
    """Return the short commit that is tried, with a plus where files other than the results are changed."""

    def git(*arguments: str) -> str:
        command = ["git", "-C", str(ROOT), *arguments]
        return subprocess.run(command, capture_output=True, text=True, check=True).stdout.strip()

    changed = git("status", "--porcelain", "--", ".", f":!{RESULTS}")
    return git("rev-parse", "--short=7", "HEAD") + "+" * bool(changed)
