"""Samples that several tests read; none of them changes one."""

from __future__ import annotations

import pytest

from casebook.synthetic_data.redhat import Sample, generate_sample


@pytest.fixture(scope="session")
def sample() -> Sample:
    return generate_sample(people=8_000, activities=80_000, seed=3)
