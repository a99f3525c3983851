"""Parameters of attrition beyond every case's."""

from __future__ import annotations

from pydantic import Field

from casebook.config.schema import CaseParameters, Parameters


class SampleParameters(Parameters):
    """Size of the generated file: employees in all, a fifth of whom are exact copies."""

    employees: int = Field(default=14_999, ge=200)
    seed: int = Field(default=1, ge=0)


class AttritionParameters(CaseParameters):
    """The top key `attrition`."""

    sample: SampleParameters = SampleParameters()


PARAMETERS = AttritionParameters
