"""Optional dependencies (extras): checks and installation messages."""

from __future__ import annotations

from importlib.util import find_spec

# Extra of pyproject.toml -> the modules that it brings.
EXTRAS = {
    "serve": ("fastapi", "jinja2", "orjson", "prometheus_client", "uvicorn"),
    "dashboard": ("optuna_dashboard", "plotly"),
    "viz": ("kedro_viz",),
    "fetch": ("kagglehub",),
    "postgres": ("psycopg",),
    "cluster": ("bokeh", "dask", "distributed", "fsspec", "psycopg", "s3fs"),
    "excel": ("openpyxl",),
}


class MissingExtraError(ValueError):
    """An extra is not installed; the message says how to install it."""


def require_extra(extra: str, what: str) -> None:
    """Check that the modules of an extra are there; see `missing_extra`.

    Raises:
        MissingExtraError: one of them is not.
    """
    lacking = missing_extra(extra, what)
    if lacking:
        raise MissingExtraError(lacking)


def missing_extra(extra: str, what: str) -> str:
    """Return how to install an extra where a module of it is missing, else nothing; none is imported.

    Args:
        extra: its name in pyproject.toml.
        what: the activity that needs it, which begins the message.
    """
    if all(find_spec(module) for module in EXTRAS[extra]):
        return ""
    return f"{what} needs the extra \"{extra}\": pip install 'casebook[{extra}]'"
