"""Settings under which the trees of these tests are grown: few, small, quick."""

from casebook.config.schema import BoostedTreesParameters


def reference_parameters(**given: float | str) -> BoostedTreesParameters:
    defaults = {
        "max_rows": 500, "max_iter": 10, "learning_rate": 0.3, "max_leaf_nodes": 8, "min_samples_leaf": 5,
        "subsample": 0.8, "patience": 5, "seed": 1,
    }  # fmt: skip
    return BoostedTreesParameters(**{**defaults, **given})
