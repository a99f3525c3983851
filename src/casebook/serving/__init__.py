"""Answering raw rows over HTTP."""
