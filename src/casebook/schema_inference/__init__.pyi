from .checking import check_case, find_declared_suspects
from .declare import declare_case
from .errors import SchemaInferenceError
from .infer import infer_schema
from .reading import read_table
from .report import print_schema
from .schema import Schema, Wishes

__all__ = [
    "Schema",
    "SchemaInferenceError",
    "Wishes",
    "check_case",
    "declare_case",
    "find_declared_suspects",
    "infer_schema",
    "print_schema",
    "read_table",
]
