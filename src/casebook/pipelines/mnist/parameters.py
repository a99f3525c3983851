"""Parameters of MNIST beyond every case's."""

from __future__ import annotations

from pydantic import Field

from casebook.config.schema import CaseParameters, ImagePreprocessingParameters, Parameters


class SampleParameters(Parameters):
    """Size of the generated file: images of each part."""

    train: int = Field(default=4_000, ge=100)
    test: int = Field(default=1_000, ge=50)
    seed: int = Field(default=1, ge=0)


class MnistParameters(CaseParameters):
    """The top key `mnist`."""

    sample: SampleParameters = SampleParameters()
    preprocessing: ImagePreprocessingParameters = ImagePreprocessingParameters()


PARAMETERS = MnistParameters
