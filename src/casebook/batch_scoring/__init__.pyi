from .raw_block import RawBlock
from .scorer import ScoredBlock, ScoredRows, score_block

__all__ = ["RawBlock", "ScoredBlock", "ScoredRows", "score_block"]
