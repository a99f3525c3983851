"""Draws keep the shares they are given."""

from __future__ import annotations

import numpy as np
import pytest

from casebook.synthetic_data.redhat.draws import cut_shares, draw_types, mix_latent, rank_uniformly, split_total


def test_ranks_rise_with_the_latent_value_and_weigh_units_by_their_people() -> None:
    ranks = rank_uniformly(np.array([3.0, -1.0, 0.0]), np.array([1, 2, 1]))
    assert ranks.tolist() == [0.875, 0.25, 0.625]


def test_the_top_ranks_get_the_first_type() -> None:
    assert cut_shares(np.array([0.1, 0.45, 0.55, 0.9]), (7, 2), (1, 1)).tolist() == [2, 2, 7, 7]


def test_a_type_of_share_0_is_never_drawn() -> None:
    drawn = draw_types({4: 0, 5: 3, 6: 0, 7: 1}, 4_000, np.random.default_rng(0))
    assert set(drawn.tolist()) == {5, 7}
    assert (drawn == 5).mean() == pytest.approx(0.75, abs=0.03)


def test_mixed_values_correlate_with_their_factor_by_the_loading() -> None:
    rng = np.random.default_rng(0)
    factor = rng.standard_normal(20_000)
    mixed = mix_latent(factor, -0.6, rng)
    assert np.corrcoef(factor, mixed)[0, 1] == pytest.approx(-0.6, abs=0.02)
    assert mixed.std() == pytest.approx(1, abs=0.02)


def test_a_total_is_split_without_rest_and_no_part_is_empty() -> None:
    parts = split_total(1_000, np.array([0.0, 1.0, 9.0]), np.random.default_rng(0))
    assert parts.sum() == 1_000
    assert parts[0] == 1
    assert parts[2] > 5 * parts[1]


def test_a_total_below_the_number_of_parts_is_refused() -> None:
    with pytest.raises(ValueError, match="cannot split 2 into 3 parts"):
        split_total(2, np.ones(3), np.random.default_rng(0))
