from .drift import describe_columns, stability_index, tabulate_drift
from .outcomes import join_outcomes
from .weekly_scores import score_weeks

__all__ = ["describe_columns", "join_outcomes", "score_weeks", "stability_index", "tabulate_drift"]
