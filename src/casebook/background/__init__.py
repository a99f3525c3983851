"""Nodes computed in a process beside the run: profiles, figures, the fit of the reference."""
