"""What the package gives; each name is imported when it is first used."""

from .preparing import Prepared, prepare_in_parts

__all__ = ["Prepared", "prepare_in_parts"]
