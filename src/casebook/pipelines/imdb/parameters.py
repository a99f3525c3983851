"""What IMDB's parameters have beyond every case's."""

from __future__ import annotations

from pydantic import Field

from casebook.config.schema import CaseParameters, Parameters, TextPreprocessingParameters


class SampleParameters(Parameters):
    """Size of the generated files: reviews of each part."""

    train: int = Field(ge=100)
    test: int = Field(ge=50)
    seed: int = Field(ge=0)


class ImdbParameters(CaseParameters):
    """The top key `imdb`."""

    sample: SampleParameters
    preprocessing: TextPreprocessingParameters


PARAMETERS = ImdbParameters
