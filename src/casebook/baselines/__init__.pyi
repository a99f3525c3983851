from .gradient_boosting import fit_reference
from .linear import fit_logistic_images, fit_logistic_texts

__all__ = ["fit_logistic_images", "fit_logistic_texts", "fit_reference"]
