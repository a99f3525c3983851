from .plan import StudyPlan
from .samplers import make_pruner, make_sampler
from .search_space import read_space
from .session import StudySession

__all__ = ["StudyPlan", "StudySession", "make_pruner", "make_sampler", "read_space"]
