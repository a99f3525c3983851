from .scorer import RawBlock, ScoredBlock, ScoredRows, score_block

__all__ = ["RawBlock", "ScoredBlock", "ScoredRows", "score_block"]
