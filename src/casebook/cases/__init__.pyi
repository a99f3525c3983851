from .registry import CASES, DEFAULT, Case, NewRows, case_of, load_case, parameters_of

__all__ = ["CASES", "DEFAULT", "Case", "NewRows", "case_of", "load_case", "parameters_of"]
