from .predictions import add_class, name_outputs
from .row_model import RowModel

__all__ = ["RowModel", "add_class", "name_outputs"]
