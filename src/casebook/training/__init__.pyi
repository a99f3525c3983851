from .callbacks import CurveCallback, TrainingCallback
from .checkpoints import Checkpoint, TrainingCheckpoint
from .cross_validation import cross_validate
from .early_stopping import EarlyStopping
from .losses import make_loss
from .optimizers import make_optimizer
from .trainer import train_network

__all__ = [
    "Checkpoint",
    "CurveCallback",
    "EarlyStopping",
    "TrainingCallback",
    "TrainingCheckpoint",
    "cross_validate",
    "make_loss",
    "make_optimizer",
    "train_network",
]
