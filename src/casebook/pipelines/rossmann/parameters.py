"""Parameters of Rossmann beyond every case's."""

from __future__ import annotations

from pydantic import Field

from casebook.config.schema import CaseParameters, Parameters, UnknownKeys


class SampleParameters(Parameters):
    """Size of the generated files: stores, and days up to 2015-07-31."""

    stores: int = Field(default=120, ge=10, le=1115)
    days: int = Field(default=942, ge=120, le=942)
    seed: int = Field(default=1, ge=0)


class RossmannParameters(CaseParameters):
    """The top key `rossmann`."""

    sample: SampleParameters = SampleParameters()
    unknown_stores: UnknownKeys = "refuse"


PARAMETERS = RossmannParameters
