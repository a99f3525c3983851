"""Four employees as the raw file is read: every value text."""

import pandas as pd
import pytest


@pytest.fixture
def raw_employees() -> pd.DataFrame:
    table = {
        "satisfaction_level": ["0.38", "0.8", "0.11", "0.72"],
        "last_evaluation": ["0.53", "0.86", "0.88", "1"],
        "number_project": ["2", "5", "7", "4"],
        "average_montly_hours": ["157", "262", "272", "223"],
        "time_spend_company": ["3", "6", "4", "5"],
        "Work_accident": ["0", "1", "0", "0"],
        "left": ["1", "0", "1", "0"],
        "promotion_last_5years": ["0", "0", "1", "0"],
        "department": ["sales", "IT", "RandD", "support"],
        "salary": ["low", "medium", "medium", "high"],
    }
    return pd.DataFrame({name: pd.Categorical(values) for name, values in table.items()})
