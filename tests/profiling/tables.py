import numpy as np
import pandas as pd


def make_table() -> pd.DataFrame:
    return pd.DataFrame(
        {
            "person": pd.Series(["ppl_1", "ppl_2", "ppl_3", "ppl_4"], dtype="str"),
            "kind": pd.Categorical(["b", None, "a", "b"], categories=["b", "a", "never"]),
            "day": pd.to_datetime(["2023-01-01", "2023-01-03", "2023-01-03", None]),
            "flag": [True, False, True, True],
            "number": [1.5, np.nan, 2.5, 1.5],
            "empty": pd.Series([None] * 4, dtype=object),
        }
    )
