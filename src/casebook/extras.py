"""What an installation without extras lacks, and how to get it."""

from __future__ import annotations

from importlib.util import find_spec

# Extra of pyproject.toml -> the modules that it brings.
EXTRAS = {
    "serve": ("fastapi", "uvicorn", "orjson"),
    "dashboard": ("optuna_dashboard",),
    "viz": ("kedro_viz",),
    "fetch": ("kagglehub",),
    "postgres": ("psycopg",),
}


class MissingExtraError(ValueError):
    """An extra is not installed; the message says how to install it."""


def require_extra(extra: str, what: str) -> None:
    """Check that the modules of an extra are there, without importing them.

    Args:
        extra: its name in pyproject.toml.
        what: the activity that needs it, which begins the message.

    Raises:
        MissingExtraError: one of them is not.
    """
    if any(find_spec(module) is None for module in EXTRAS[extra]):
        raise MissingExtraError(f"{what} needs the extra \"{extra}\": pip install 'casebook[{extra}]'")
