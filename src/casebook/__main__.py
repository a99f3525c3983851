"""`python -m casebook --pipelines=redhat --conf-source=conf`: run a pipeline where only the wheel is installed.

Kedro's ways to deploy a packaged project call `main`.
"""

from __future__ import annotations

from casebook.cli.run import run_pipeline


def main(options: list[str] | None = None) -> None:
    """Run a pipeline with the options of `kedro run`, and end the process."""
    run_pipeline(options, "python -m casebook")


if __name__ == "__main__":
    main()
