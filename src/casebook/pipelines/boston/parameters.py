"""Parameters of Boston beyond every case's."""

from __future__ import annotations

from pydantic import Field

from casebook.config.schema import CaseParameters, Parameters


class SampleParameters(Parameters):
    """Size of the generated file: houses."""

    rows: int = Field(default=506, ge=100)
    seed: int = Field(default=1, ge=0)


class BostonParameters(CaseParameters):
    """The top key `boston`."""

    sample: SampleParameters = SampleParameters()


PARAMETERS = BostonParameters
