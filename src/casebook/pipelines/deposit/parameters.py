"""What deposit's parameters have beyond every case's."""

from __future__ import annotations

from pydantic import Field

from casebook.config.schema import CaseParameters, Parameters


class SampleParameters(Parameters):
    """Size of the generated file."""

    clients: int = Field(ge=200)
    seed: int = Field(ge=0)


class DepositParameters(CaseParameters):
    """The top key `deposit`."""

    sample: SampleParameters


PARAMETERS = DepositParameters
