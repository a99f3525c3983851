"""What MNIST's parameters have beyond every case's."""

from __future__ import annotations

from pydantic import Field

from casebook.config.schema import CaseParameters, ImagePreprocessingParameters, Parameters


class SampleParameters(Parameters):
    """Size of the generated file: images of each part."""

    train: int = Field(ge=100)
    test: int = Field(ge=50)
    seed: int = Field(ge=0)


class MnistParameters(CaseParameters):
    """The top key `mnist`."""

    sample: SampleParameters
    preprocessing: ImagePreprocessingParameters


PARAMETERS = MnistParameters
