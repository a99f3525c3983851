from .invalid_values import InvalidValue, find_invalid_values
from .parsing import InvalidTableError, conform_table

__all__ = ["InvalidTableError", "InvalidValue", "conform_table", "find_invalid_values"]
