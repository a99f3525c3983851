"""What Pima's parameters have beyond every case's."""

from __future__ import annotations

from pydantic import Field

from casebook.config.schema import CaseParameters, Parameters


class SampleParameters(Parameters):
    """Size of the generated file: patients."""

    rows: int = Field(ge=100)
    seed: int = Field(ge=0)


class PimaParameters(CaseParameters):
    """The top key `pima`."""

    sample: SampleParameters


PARAMETERS = PimaParameters
