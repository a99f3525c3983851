"""The benchmark's modules lie beside its script, which is how they find each other; tests find them the same way."""

import sys
from pathlib import Path

sys.path.append(str(Path(__file__).parents[2] / "benchmarks"))
