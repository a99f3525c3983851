"""Parameters of IMDB beyond every case's."""

from __future__ import annotations

from pydantic import Field

from casebook.config.schema import CaseParameters, Parameters, TextPreprocessingParameters


class SampleParameters(Parameters):
    """Size of the generated files: reviews of each part."""

    train: int = Field(default=4_000, ge=100)
    test: int = Field(default=2_000, ge=50)
    seed: int = Field(default=1, ge=0)


class ImdbParameters(CaseParameters):
    """The top key `imdb`."""

    sample: SampleParameters = SampleParameters()
    preprocessing: TextPreprocessingParameters = TextPreprocessingParameters()


PARAMETERS = ImdbParameters
