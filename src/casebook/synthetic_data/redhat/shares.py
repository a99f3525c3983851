"""Measured shares of the original files' categories and sizes, rounded; no row of theirs is kept.

Shares are in thousandths. "Ordinary" is every person outside the huge group, "huge" the people of the huge group; a
category that one side lacks has the share 0 there. Categories stand in order of falling engagement: the further
in front, the more of the boolean columns are true.
"""

from typing import NamedTuple

PEOPLE, ACTIVITIES, TEST_ACTIVITIES = 189_118, 2_197_291, 498_687
LABELLED_PEOPLE_SHARE = 0.8
OUTCOME_SHARE = 0.443954

HUGE_GROUP = 17_304
HUGE_GROUP_SHARE = 0.4088
ORDINARY_GROUPS_PER_PERSON = 34_223 / 189_118
# Group sizes fall like floor(rank ** -1 / 1.32): 60 % of the groups hold one person; none holds over 1.2 %.
GROUP_SIZE_EXPONENT, LARGEST_GROUP_SHARE = 1.32, 0.012
LARGEST_PERSON, LARGEST_GROUP, LARGEST_ACTIVITY = 398_238, 51_462, {"act1_": 420_056, "act2_": 4_808_759}


class Shares(NamedTuple):
    """One categorical people column: thousandths by category and its correlation with engagement (-1..1)."""

    types: tuple[int, ...]
    ordinary: tuple[int, ...]
    huge: tuple[int, ...]
    loading: float


# Columns that all people of an ordinary group share.
GROUP_COLUMNS: dict[str, Shares] = {
    "char_6": Shares(
        types=(1, 6, 2, 7, 4, 3, 5),
        ordinary=(456, 16, 43, 0, 148, 259, 78),
        huge=(208, 0, 49, 22, 329, 274, 118),
        loading=0.5,
    ),
    "char_7": Shares(
        types=(12, 2, 4, 23, 7, 14, 10, 25, 5, 16, 3, 1, 19, 8, 11, 6, 9, 17, 20, 13, 24, 15, 22, 21, 18),
        ordinary=(65, 71, 53, 27, 34, 32, 29, 7, 23, 32, 27, 119, 30, 101, 72, 19, 93, 30, 18, 16, 24, 22, 22, 5, 29),
        huge=(33, 41, 51, 0, 45, 44, 0, 0, 18, 68, 16, 0, 26, 120, 50, 30, 103, 53, 36, 87, 60, 37, 30, 14, 38),
        loading=0.5,
    ),
    "char_8": Shares(
        types=(2, 4, 7, 5, 8, 3, 1, 6),
        ordinary=(479, 85, 33, 35, 33, 209, 73, 53),
        huge=(119, 35, 18, 20, 30, 686, 56, 36),
        loading=0.75,
    ),
    "char_9": Shares(
        types=(2, 9, 4, 7, 5, 8, 3, 1, 6),
        ordinary=(388, 56, 95, 35, 38, 48, 240, 51, 49),
        huge=(95, 16, 37, 17, 21, 41, 696, 42, 35),
        loading=0.75,
    ),
}
# char_9 follows char_8: the correlation of what lies behind them.
CHAR_8_TO_CHAR_9 = 0.998

# Columns of the person alone, among those who are neither "undisclosed" nor "first" (see UNDISCLOSED and FIRST).
PERSON_COLUMNS: dict[str, dict[int, int]] = {
    "char_3": {
        2: 1109, 3: 94, 4: 2326, 5: 1158, 6: 874, 7: 849, 8: 244, 9: 442, 10: 149, 11: 913, 12: 132, 13: 34, 14: 20,
        15: 465, 16: 36, 17: 107, 18: 110, 19: 359, 20: 96, 21: 149, 22: 8, 23: 14, 24: 56, 25: 6, 26: 55, 27: 9,
        28: 56, 29: 49, 30: 34, 31: 22, 32: 8, 33: 5, 34: 3, 35: 3, 36: 2, 37: 2, 38: 2, 39: 3, 41: 2, 42: 1, 44: 1,
    },
    "char_4": {
        2: 1261, 3: 313, 4: 287, 5: 1193, 6: 3721, 7: 1098, 8: 622, 9: 191, 10: 164, 11: 34, 12: 191, 13: 63, 14: 34,
        15: 420, 16: 122, 17: 19, 18: 56, 19: 41, 20: 16, 21: 63, 22: 61, 23: 23, 24: 6,
    },
    "char_5": {2: 1831, 3: 913, 4: 2357, 5: 2393, 6: 761, 7: 824, 8: 922},
}  # fmt: skip
# char_3, char_4 and char_5 have one category for "undisclosed" and one for "first", always together.
UNDISCLOSED, FIRST = {"char_3": 40, "char_4": 25, "char_5": 9}, {"char_3": 1, "char_4": 1, "char_5": 1}
UNDISCLOSED_SHARE = {"ordinary": 0.3238, "huge": 0.4165}  # "ordinary": among those of char_1 "type 2"
FIRST_SHARE = 0.0438  # of the ordinary people only
CHAR_1_FIRST_SHARE = 0.1364  # char_1 "type 1", of the ordinary people only; char_2 is "type 1" for the same people

BOOLEANS = tuple(f"char_{number}" for number in range(10, 38))
BOOLEAN_SHARES = {
    "ordinary": (367, 318, 347, 527, 379, 398, 412, 428, 278, 419, 339, 418, 430, 437,
                 284, 468, 243, 343, 423, 247, 298, 400, 417, 315, 516, 306, 498, 420),
    "huge": (83, 68, 86, 131, 88, 84, 94, 95, 57, 90, 70, 92, 90, 98,
             55, 125, 58, 86, 95, 55, 75, 103, 93, 78, 125, 72, 120, 90),
}  # fmt: skip
BOOLEAN_LOADING = 0.93
TWIN_BOOLEANS = ("char_21", "char_28")  # nearly always equal

# char_38: share of zeros, then the quantiles of the rest at these probabilities.
CHAR_38_ZERO_SHARE = {"ordinary": 0.021, "huge": 0.506}
CHAR_38_PROBABILITIES = (0.0, 0.05, 0.1, 0.2, 0.3, 0.4, 0.5, 0.6, 0.7, 0.8, 0.9, 0.95, 1.0)
CHAR_38_QUANTILES = {
    "ordinary": (4, 51, 55, 63, 70, 75, 80, 84, 89, 93, 97, 98, 100),
    "huge": (1, 3, 7, 13, 18, 23, 27, 31, 35, 39, 44, 46, 68),
}
CHAR_38_LOADING = 0.55

# Calendars: thousandths by quarter or month from the first day on, and by weekday from Monday on.
FIRST_PERSON_DAY, FIRST_ACTIVITY_DAY, LAST_DAY = "2020-05-18", "2022-07-17", "2023-08-31"
PEOPLE_BY_QUARTER = (18, 22, 24, 30, 28, 29, 42, 54, 79, 105, 167, 151, 169, 84)
PEOPLE_BY_WEEKDAY = (30, 157, 186, 197, 215, 169, 46)
ACTIVITIES_BY_MONTH = (24, 61, 103, 125, 108, 42, 80, 98, 83, 58, 40, 70, 56, 52)
ACTIVITIES_BY_WEEKDAY = (30, 126, 178, 206, 217, 173, 69)
