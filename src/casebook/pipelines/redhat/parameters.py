"""Parameters of Red Hat beyond every case's."""

from __future__ import annotations

from pydantic import Field

from casebook.config.schema import CaseParameters, Parameters, TabularPreprocessingParameters, UnknownKeys


class SampleParameters(Parameters):
    """Size of the generated files: people in all, labelled activities."""

    people: int = Field(default=20_000, ge=200)
    activities: int = Field(default=200_000, ge=1000)
    seed: int = Field(default=1, ge=0)


class RedhatParameters(CaseParameters):
    """The top key `redhat`."""

    sample: SampleParameters = SampleParameters()
    preprocessing: TabularPreprocessingParameters = TabularPreprocessingParameters()
    unknown_people: UnknownKeys = "refuse"


PARAMETERS = RedhatParameters
