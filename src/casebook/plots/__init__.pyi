from .learning_curves import draw_learning_curves
from .tasks import draw_task_figures

__all__ = ["draw_learning_curves", "draw_task_figures"]
