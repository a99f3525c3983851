"""Parameters of deposit beyond every case's."""

from __future__ import annotations

from pydantic import Field

from casebook.config.schema import CaseParameters, Parameters


class SampleParameters(Parameters):
    """Size of the generated file."""

    clients: int = Field(default=11_162, ge=200)
    seed: int = Field(default=1, ge=0)


class DepositParameters(CaseParameters):
    """The top key `deposit`."""

    sample: SampleParameters = SampleParameters()


PARAMETERS = DepositParameters
