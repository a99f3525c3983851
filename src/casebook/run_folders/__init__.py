"""A folder for each run: found by the run's id, taken over from, resumed, and removed by a stated rule."""
