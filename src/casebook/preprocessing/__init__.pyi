from .images import ImagePreprocessor
from .modality import Preprocessor
from .tabular import TabularPreprocessor
from .texts import TextPreprocessor

__all__ = ["ImagePreprocessor", "Preprocessor", "TabularPreprocessor", "TextPreprocessor"]
