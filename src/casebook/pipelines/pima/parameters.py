"""Parameters of Pima beyond every case's."""

from __future__ import annotations

from pydantic import Field

from casebook.config.schema import CaseParameters, Parameters


class SampleParameters(Parameters):
    """Size of the generated file: patients."""

    rows: int = Field(default=768, ge=100)
    seed: int = Field(default=1, ge=0)


class PimaParameters(CaseParameters):
    """The top key `pima`."""

    sample: SampleParameters = SampleParameters()


PARAMETERS = PimaParameters
