"""ScoringModel raw rows over HTTP."""
