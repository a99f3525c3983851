"""Searching parameters with Optuna: spaces, samplers, storage, budgets and what a trial is judged by."""
