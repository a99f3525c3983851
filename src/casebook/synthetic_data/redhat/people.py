"""Generation of people: their groups, the columns of a group and those of each person."""

from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from casebook.synthetic_data.redhat import shares
from casebook.synthetic_data.redhat.calendars import draw_person_days
from casebook.synthetic_data.redhat.draws import Floats, Integers, cut_shares, draw_types, mix_latent, rank_uniformly

HUGE = 0  # the index of the huge group


@dataclass(frozen=True)
class People:
    """Drawn people, one place a person.

    Attributes:
        group: Index of the group; 0 is the huge one, the others follow without gaps.
        day: Days since the first day of the people's calendar.
        columns: char_1 to char_38 as numbers: the N of "type N", 0 or 1 for booleans, char_38 itself.
    """

    group: Integers
    day: Integers
    columns: dict[str, Integers]


def draw_people(count: int, rng: np.random.Generator) -> People:
    """Draw people; an ordinary group is one unit of the shared columns, so is each person of the huge group."""
    group = _draw_groups(count, rng)
    codes, unit = np.unique(np.where(group == HUGE, -1 - np.arange(count), group), return_inverse=True)
    weights = np.bincount(unit)
    ordinary, huge = (_draw_shared(side, weights[here], rng) for side, here in _sides(codes < 0))
    # Codes below 0, the people of the huge group, come first.
    columns = {name: np.concatenate([huge[name], ordinary[name]])[unit] for name in ordinary}
    own = _draw_own(group == HUGE, rng)
    return People(group=group, day=draw_person_days(count, rng), columns=own | columns)


def _sides(huge: NDArray[np.bool_]) -> tuple[tuple[str, NDArray[np.bool_]], tuple[str, NDArray[np.bool_]]]:
    return ("ordinary", ~huge), ("huge", huge)


def _draw_groups(count: int, rng: np.random.Generator) -> Integers:
    """Assign each person to a group; the sizes of the ordinary groups fall like a power of their rank."""
    huge = round(count * shares.HUGE_GROUP_SHARE)
    groups = round(count * shares.ORDINARY_GROUPS_PER_PERSON)
    quantiles = (np.arange(groups) + 0.5) / groups
    sizes = np.floor(quantiles ** (-1 / shares.GROUP_SIZE_EXPONENT))
    sizes = np.minimum(sizes, max(2.0, shares.LARGEST_GROUP_SHARE * (count - huge)))
    # The larger groups take up what is missing or too much; the many small ones keep their sizes.
    large = sizes >= np.quantile(sizes, 0.9)
    factor = (count - huge - sizes[~large].sum()) / sizes[large].sum()
    members = np.diff(np.rint(np.cumsum(np.where(large, factor, 1.0) * sizes)), prepend=0.0).astype(np.int64)
    return rng.permutation(np.repeat(np.arange(groups + 1), np.r_[huge, members]))


def _draw_shared(side: str, weights: Integers, rng: np.random.Generator) -> dict[str, Integers]:
    """Draw char_6 to char_38 of the units of one side; engagement, a normal factor, ties them together."""
    engagement = rng.standard_normal(len(weights))
    points = rank_uniformly(mix_latent(engagement, shares.CHAR_38_LOADING, rng), weights)
    zero = points < shares.CHAR_38_ZERO_SHARE[side]
    columns = _draw_shared_types(side, engagement, weights, rng)
    columns |= _draw_booleans(side, engagement, zero, weights, rng)
    rest = (points - shares.CHAR_38_ZERO_SHARE[side]) / (1 - shares.CHAR_38_ZERO_SHARE[side])
    values = np.interp(rest, shares.CHAR_38_PROBABILITIES, shares.CHAR_38_QUANTILES[side])
    columns["char_38"] = np.where(zero, 0, np.rint(values)).astype(np.int64)
    return columns


def _draw_shared_types(
    side: str, engagement: Floats, weights: Integers, rng: np.random.Generator
) -> dict[str, Integers]:
    latents = {name: mix_latent(engagement, column.loading, rng) for name, column in shares.GROUP_COLUMNS.items()}
    latents["char_9"] = mix_latent(latents["char_8"], shares.CHAR_8_TO_CHAR_9, rng)
    columns = {}
    for name, column in shares.GROUP_COLUMNS.items():
        part = column.ordinary if side == "ordinary" else column.huge
        columns[name] = cut_shares(rank_uniformly(latents[name], weights), column.types, part)
    return columns


def _draw_booleans(
    side: str, engagement: Floats, zero: NDArray[np.bool_], weights: Integers, rng: np.random.Generator
) -> dict[str, Integers]:
    """Draw char_10 to char_37; none is true where char_38 is zero."""
    latents = {name: mix_latent(engagement, shares.BOOLEAN_LOADING, rng) for name in shares.BOOLEANS}
    first, second = shares.TWIN_BOOLEANS
    latents[second] = mix_latent(latents[first], 0.999, rng)
    columns = {}
    for name, share in zip(shares.BOOLEANS, shares.BOOLEAN_SHARES[side], strict=True):
        ranks = rank_uniformly(np.where(zero, -np.inf, latents[name]), weights)
        columns[name] = (ranks > 1 - share / 1000).astype(np.int64)
    return columns


def _draw_own(huge: NDArray[np.bool_], rng: np.random.Generator) -> dict[str, Integers]:
    """Draw char_1 to char_5, which people of one group do not share."""
    count = len(huge)
    new = ~huge & (rng.random(count) < shares.CHAR_1_FIRST_SHARE)
    undisclosed_share = np.where(huge, shares.UNDISCLOSED_SHARE["huge"], shares.UNDISCLOSED_SHARE["ordinary"])
    undisclosed = ~new & (rng.random(count) < undisclosed_share)
    first = ~huge & ~undisclosed & (rng.random(count) < shares.FIRST_SHARE / (1 - undisclosed[~huge].mean()))
    columns = {"char_1": np.where(new, 1, 2), "char_2": np.where(huge, 2, np.where(new, 1, 3))}
    for name, table in shares.PERSON_COLUMNS.items():
        own = draw_types(table, count, rng)
        columns[name] = np.select([undisclosed, first], [shares.UNDISCLOSED[name], shares.FIRST[name]], own)
    return columns
