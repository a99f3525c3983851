from .nearest_changes import find_nearest_changes
from .permutation_importance import permute_importance
from .prediction import predict
from .shapley import explain_rows

__all__ = ["explain_rows", "find_nearest_changes", "permute_importance", "predict"]
