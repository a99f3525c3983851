from .column_type import ColumnType, InvalidTableError, InvalidValueError
from .invalid_values import InvalidValue, find_invalid_values
from .kinds import COLUMN_TYPES, Kind
from .parsing import conform_table

__all__ = [
    "COLUMN_TYPES",
    "ColumnType",
    "InvalidTableError",
    "InvalidValue",
    "InvalidValueError",
    "Kind",
    "conform_table",
    "find_invalid_values",
]
