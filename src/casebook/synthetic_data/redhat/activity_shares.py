"""Measured shares of the original activities' categories, rounded; no row of theirs is kept."""

from typing import NamedTuple

# Activities a person has are log-normal with this spread, but for the campaign below.
SPREAD_OF_ACTIVITIES = 1.3
HUGE_GROUP_ACTIVITY_SHARE = 0.285  # its people are less active than the others

# Thousandths of activity_category, "type 1" to "type 7", but for the campaign.
CATEGORIES = {"ordinary": (70, 484, 108, 104, 231, 2, 1), "huge": (101, 370, 147, 98, 280, 2, 2)}
# A campaign: a few people of the huge group hold a tenth of the labelled activities, all alike, on a few days. The
# original has three such people; more of them keep a held-out part from depending on where they fall.
CAMPAIGN_SHARE, CAMPAIGN_PEOPLE_SHARE, MIN_CAMPAIGN_PEOPLE, CAMPAIGN_DAYS = 0.1, 0.002, 30, 4
CAMPAIGN_CATEGORY, CAMPAIGN_TYPE = 3, 23


class Vocabulary(NamedTuple):
    """The char_10 of one category: the front types, their thousandths (empty: as the rest), and the rest.

    A type of rank r weighs (r + 2) ** -exponent * exp(-r / scale).
    """

    front: tuple[int, ...]
    shares: tuple[int, ...] = ()
    size: int = 0
    exponent: float = 1.0
    scale: float = 1.0


# By activity_category; "type 1" has no char_10. No type belongs to two categories.
VOCABULARIES = {
    2: Vocabulary(front=(1,), shares=(1000,)),
    3: Vocabulary(
        front=(2, 61, 52, 8, 3, 23, 55, 114, 515),
        shares=(501, 145, 79, 64, 59, 40, 35, 12, 10),
        size=700,
        exponent=1.6,
        scale=300.0,
    ),
    4: Vocabulary(front=(201, 297, 143, 230), size=4200, exponent=0.75, scale=900.0),
    5: Vocabulary(front=(452, 489, 433, 481, 450, 464, 400, 649, 899), size=2500, exponent=0.85, scale=600.0),
    6: Vocabulary(front=(110,), shares=(1000,)),
    7: Vocabulary(front=(194,), shares=(1000,)),
}
LARGEST_TYPE = 9_234

# char_1 to char_9 of the activities of category "type 1", in ten-thousandths.
TYPE_1_COLUMNS: dict[str, dict[int, int]] = {
    "char_1": {
        1: 965, 2: 2462, 3: 794, 4: 82, 5: 2160, 6: 145, 7: 460, 8: 117, 9: 79, 10: 473, 11: 140, 12: 987, 13: 98,
        14: 66, 15: 85, 16: 80, 17: 113, 18: 5, 19: 27, 20: 27, 21: 1, 22: 15, 23: 150, 24: 41, 25: 40, 26: 131,
        27: 12, 28: 42, 29: 88, 30: 39, 31: 5, 32: 9, 33: 2, 34: 4, 35: 9, 36: 22, 37: 1, 38: 1, 39: 2, 40: 9, 41: 14,
        42: 1, 43: 1, 44: 1, 45: 1, 49: 1, 50: 1, 52: 1,
    },
    "char_2": {
        1: 1409, 2: 3183, 3: 612, 4: 48, 5: 1965, 6: 340, 7: 138, 8: 319, 9: 172, 10: 435, 11: 13, 12: 198, 13: 119,
        14: 177, 15: 54, 16: 533, 17: 63, 18: 40, 19: 91, 20: 18, 21: 3, 22: 4, 23: 4, 24: 4, 25: 7, 26: 27, 27: 12,
        28: 1, 29: 10, 30: 1, 31: 1,
    },
    "char_3": {1: 2471, 2: 411, 3: 1226, 4: 1327, 5: 2248, 6: 1194, 7: 600, 8: 446, 9: 75, 10: 1, 11: 1},
    "char_4": {1: 1781, 2: 561, 3: 6246, 4: 883, 5: 341, 6: 187, 7: 1},
    "char_5": {1: 3074, 2: 1813, 3: 371, 4: 130, 5: 336, 6: 4277},
    "char_6": {1: 3067, 2: 3973, 3: 2850, 4: 74, 5: 36},
    "char_7": {1: 3315, 2: 2046, 3: 2828, 4: 528, 5: 477, 6: 650, 7: 122, 8: 34},
    "char_8": {
        1: 732, 2: 286, 3: 299, 4: 4939, 5: 755, 6: 646, 7: 473, 8: 407, 9: 440, 10: 228, 11: 206, 12: 101, 13: 156,
        14: 151, 15: 106, 16: 55, 17: 12, 18: 9,
    },
    "char_9": {
        1: 1569, 2: 855, 3: 360, 4: 515, 5: 683, 6: 843, 7: 382, 8: 1965, 9: 45, 10: 458, 11: 25, 12: 428, 13: 325,
        14: 151, 15: 474, 16: 312, 17: 502, 18: 91, 19: 17,
    },
}  # fmt: skip
