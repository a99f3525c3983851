from .folds import assign_folds
from .schema_checks import check_table
from .splitting import assign_rows, select_split

__all__ = ["assign_folds", "assign_rows", "check_table", "select_split"]
