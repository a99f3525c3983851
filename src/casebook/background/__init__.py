"""Nodes computed in the background process of a run: profiles, figures, the fit of the reference."""
