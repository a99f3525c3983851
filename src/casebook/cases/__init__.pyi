from .registry import CASES, DEFAULT, Case, NewRows, find_case, load_case, load_parameters_class

__all__ = ["CASES", "DEFAULT", "Case", "NewRows", "find_case", "load_case", "load_parameters_class"]
