from .permutation_importance import permute_importance
from .prediction import predict
from .shapley import explain_rows

__all__ = ["explain_rows", "permute_importance", "predict"]
