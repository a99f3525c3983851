"""Categories with an order: numbered ones, ranges, grades, and the scales that people use."""

from __future__ import annotations

import re
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from collections.abc import Iterable, Sequence

MIN_LEVELS, MAX_LEVELS = 3, 60
NUMBERED = re.compile(r"[(\[]?\s*(\d+)\s*[.):=_-]+\s*(?=\D)")
# A number with what units and signs stand around it: "$10,000", "18 years", "< 1", "65+".
AMOUNT = re.compile(r"(?<![\w.])\$?(\d[\d,]*\.?\d*)\s*[kK%+]?")
RANGE_WORDS = re.compile(
    r"(?i)(?:under|over|below|above|less|more|than|up|to|and|or|at|least|most|years?|yrs?|months?|days?|weeks?|hours?|"
    r"minutes?|older|younger|lower|higher|from|between|usd|eur|times?|cm|mm|km|kg|m|k|g|inf|employees|people|"
    r"lt|le|gt|ge|mph|/(?:h|hr|hour|min|day|week|month|year|m2)|(?<=0)s\b|[\s$€£%+,.<>≤≥=()\[\]\-\u2013_:]|\d)+"
)
BELOW = re.compile(r"(?i)^\s*(?:<|≤|l[te]\b|under|below|less|up to|at most|younger)")
ABOVE = re.compile(
    r"(?i)(?:\+\s*\w*$|^\s*(?:>|≥|g[te]\b|over|above|more|at least)|(?:or|and) (?:more|older|over|above|higher)$)"
)
GRADE_NAMES = {
    "grade",
    "class",
    "rating",
    "level",
    "tier",
    "band",
    "rank",
    "stage",
    "quality",
    "risk",
    "category",
    "subgrade",
}
LETTER_AND_DIGIT = re.compile(r"[A-Z]\d")
# Levels in order; what stands together in one level is another word for the same.
SCALES = [
    (
        "very poor, terrible, awful|poor, bad, po|fair, fa|below average|"
        "typical, average, normal, acceptable, ok, ta|above average|good, gd|very good|premium, great|"
        "excellent, ex|very excellent, outstanding|ideal, perfect"
    ),
    (
        "none, zero, no|very low, minimal, very little|low, little, lo|medium low, moderately low|"
        "medium, moderate, mid, middle, med, average, normal|medium high, moderately high|high, hi|very high|"
        "extreme, extremely high"
    ),
    (
        "xxs, 2xs|xs, extra small, very small, tiny|s, small, sm|m, medium, med|l, large, big, lg|"
        "xl, extra large, very large|xxl, 2xl, huge|xxxl, 3xl"
    ),
    (
        "none, no|slight, minimal, very mild, gentle, gtl|mild, minor|moderate, mod, some|"
        "severe, sev, marked, major, serious|very severe, critical, extreme, worst|fatal, killed"
    ),
    (
        "never|almost never, hardly ever, very rarely|rarely, seldom, once|occasionally, sometimes|regularly|"
        "often, frequently|very often, usually, mostly|almost always|always"
    ),
    (
        "strongly disagree, disagree strongly, fully disagree|disagree|slightly disagree, somewhat disagree|"
        "neutral, neither, neither agree nor disagree, undecided|slightly agree, somewhat agree|agree|"
        "strongly agree, agree strongly, fully agree"
    ),
    "very dissatisfied|dissatisfied|slightly dissatisfied|neutral|slightly satisfied|satisfied|very satisfied",
    "very unlikely|unlikely|neutral, neither|likely|very likely",
    ("not at all|a little, little|somewhat, some|moderately|quite a bit, a lot|very much, a great deal|extremely"),
    "much worse|worse|same, no change, unchanged, average|better, some, improved|much better, marked",
    "too little, too few, too low|about right, just right, right amount|too much, too many, too high",
    "not, not important|notvery, not very, not very important|somewhat, somewhat important|very, very important",
    ("extremely liberal|liberal|slightly liberal|moderate|slightly conservative|conservative|extremely conservative"),
    (
        "no school, none, illiterate|primary, elementary, grade school, basic, below secondary|"
        "middle school, lower secondary|some high school|"
        "secondary, high school, upper secondary, hs, high school graduate|some college, some post secondary|"
        "associate, associates degree, vocational|"
        "college, university, bachelor, bachelors, undergraduate, college graduate|master, masters, graduate|"
        "doctor, doctorate, phd"
    ),
    "infant, baby|child|teen, adolescent, juvenile|young, young adult|adult|old, senior, elderly",
    "yesterday, morning|noon, afternoon|evening|night",
    "first, 1st|second, 2nd|third, 3rd|fourth, 4th|fifth, 5th",
    "very slow|slow|medium, normal|fast, quick|very fast",
    "cold, freezing|cool|mild|warm|hot",
    "i3|i2|i1|si2|si1|vs2|vs1|vvs2|vvs1|if|fl",
    (
        "asst prof, asstprof, assistprof, assistant professor|assocprof, associate professor|"
        "prof, professor, full professor"
    ),
    "junior|intermediate, mid level|senior|lead, principal",
    "trainee, apprentice|employee|manager|director|executive",
    "bronze|silver|gold|platinum|diamond",
    "half fin, unf, unfinished|rfn, rough finished|fin, finished",
    "month to month, monthly|quarterly|one year, annual, yearly|two year, biennial",
]


def find_order(labels: Iterable[str], name: str) -> tuple[list[str], str]:
    """Put a column's labels in order -> them, the least first, and why; both empty where they have none.

    Args:
        labels: distinct values.
        name: of the column.
    """
    texts = list(labels)
    if not MIN_LEVELS <= len(texts) <= MAX_LEVELS:
        return [], ""
    named = bool(GRADE_NAMES & set(split_name(name)))
    if named and all(LETTER_AND_DIGIT.fullmatch(text) for text in texts):
        # New rows may have those that are missing here.
        return _list_grades(texts), "grades"
    for ranks, why in (
        (_rank_numbered(texts), "numbered"),
        (_rank_ranges(texts), "ranges"),
        (_rank_by_scale(texts), "words of a scale"),
        (_rank_letters(texts, named), "grades"),
    ):
        if ranks and len(set(ranks)) == len(texts):
            return [text for _, text in sorted(zip(ranks, texts, strict=True))], why
    return [], ""


def _list_grades(texts: Sequence[str]) -> list[str]:
    """List all grades from the first letter to the last, with every digit that one of them has: A1, A2, B1, B2."""
    letters = range(min(ord(text[0]) for text in texts), max(ord(text[0]) for text in texts) + 1)
    return [f"{chr(letter)}{digit}" for letter in letters for digit in sorted({text[1] for text in texts})]


def _rank_numbered(texts: Sequence[str]) -> list[float]:
    """Rank labels like `1. Never Married` by the number in front of them."""
    found = [NUMBERED.match(text) for text in texts]
    return [float(match[1]) for match in found if match] if all(found) else []


def _rank_ranges(texts: Sequence[str]) -> list[float]:
    """Rank labels like `18-24`, `65+`, `<18` by where they begin; one that is open below comes before its number."""
    codes = all(text.isdecimal() for text in texts)
    if codes or not all(RANGE_WORDS.fullmatch(text) for text in texts):
        return []
    ranks = []
    for text in texts:
        amounts = [float(amount.replace(",", "")) for amount in AMOUNT.findall(text)]
        if not amounts:
            return []
        ranks.append(amounts[0] - 0.5 if BELOW.search(text) else amounts[0] + 0.5 * bool(ABOVE.search(text)))
    return ranks


def _rank_by_scale(texts: Sequence[str]) -> list[float]:
    """Rank labels by the one scale that has them all."""
    words = [_simplify(text) for text in texts]
    for scale in SCALES:
        levels = [[word.strip() for word in level.split(",")] for level in scale.split("|")]
        ranks = {word: float(rank) for rank, level in enumerate(levels) for word in level}
        if all(word in ranks for word in words):
            return [ranks[word] for word in words]
    return []


def _rank_letters(texts: Sequence[str], named: bool) -> list[float]:
    """Rank letters without a gap, where the column is named like a grade or they do not begin with A."""
    if not all(len(text) == 1 and text.isalpha() and text.isupper() for text in texts):
        return []
    places = [float(ord(text)) for text in texts]
    gapless = max(places) - min(places) == len(texts) - 1
    return places if gapless and len(texts) > MIN_LEVELS and (named or min(places) > ord("A")) else []


def _simplify(text: str) -> str:
    return " ".join(re.sub(r"[^a-z0-9]+", " ", text.lower().replace("'", "")).split())


def split_name(name: str) -> list[str]:
    """Split a column's name into lower-case words: `idNum`, `subject_id`, `fnlwgt`."""
    return re.findall(r"[a-z]+|\d+", re.sub(r"([a-z0-9])([A-Z])", r"\1 \2", name).lower())
