"""Studies of a case: what joins Kedro's preparation, Optuna's trials and MLflow's runs."""
