"""One self-contained HTML page for a run, a study, a monitor, or a comparison of runs."""
