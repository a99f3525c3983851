"""Which predictions some outcomes are of: those of a named file, or those that hold the outcomes' keys."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

import pandas as pd

from casebook.column_types.parsing import InvalidTableError

if TYPE_CHECKING:
    from collections.abc import Callable, Mapping, Sequence

SHOWN = 5


@dataclass(frozen=True)
class KeptPredictions:
    """The predictions of one file by one version.

    Attributes:
        name: of both together, as `act_test.csv-1a2b3c4d-version-3`.
        file: name of the predicted file.
        digest: of its content.
        at: when they were made; later ones sort behind.
        version: of the model that made them.
        test: its scores on its test rows.
        read: reads their `row`, `key`, `day` and answers; of some keys alone, where such are given.
        classes: labels of the answered classes by number; none where these are the numbers.
    """

    name: str
    file: str
    digest: str
    at: str
    version: int
    test: Mapping[str, float]
    read: Callable[[pd.Index | None], pd.DataFrame]
    classes: tuple[str | int, ...] = ()


def choose_predictions(
    kept: Sequence[KeptPredictions], file: str, version: int, has_keys: bool
) -> list[KeptPredictions]:
    """Choose the predictions among which the outcomes' rows are looked for.

    Args:
        kept: of all files and versions, the oldest first.
        file: name of a predicted file, or the beginning of a `name`; nothing for all.
        version: of the model; 0 for all.
        has_keys: whether rows have keys; without, a number alone tells nothing of the file.

    Raises:
        InvalidTableError: there are none, rows without keys are of several files, or classes are numbered differently.
    """
    chosen = [each for each in kept if not file or _is_of(each, file)]
    if not chosen:
        raise InvalidTableError(f"monitor.file={file}: it was not predicted; predicted were {_list_names(kept)}")
    of_version = [each for each in chosen if version in {0, each.version}]
    if not of_version:
        there = ", ".join(sorted({str(each.version) for each in chosen}))
        raise InvalidTableError(f"monitor.version={version} predicted none of these rows; versions {there} did")
    if not has_keys and len({each.digest for each in of_version}) > 1:
        raise InvalidTableError(
            f"rows of this case have no key but their number in a file, and several files were predicted: say with "
            f"monitor.file whose outcomes these are, one of {_list_names(of_version)}"
        )
    _refuse_turned_classes(of_version)
    return of_version


def gather_predictions(chosen: Sequence[KeptPredictions], metric: str, keys: pd.Index | None) -> pd.DataFrame:
    """Read predictions, those of some keys alone where such are given.

    Returns:
        `row`, `key`, `day`, the answers, the `test` score of the model that made them, and `digest` and `order` of the
        file that they are of, the newest with the highest number.

    Raises:
        InvalidTableError: a model has no test score of that metric.
    """
    for each in chosen:
        if each.test.get(metric) is None:
            known = ", ".join(each.test) or "none"
            raise InvalidTableError(
                f"monitor.metric: version {each.version}, which predicted {each.file}, has no test score {metric}; it "
                f"has {known}"
            )
    tables = [number_classes(each.read(keys), each.classes) for each in chosen]
    # A case whose task has changed gave other answers before.
    alike = [place for place, table in enumerate(tables) if set(table) == set(tables[-1])]
    return pd.concat(
        [
            tables[place].assign(test=float(chosen[place].test[metric]), digest=chosen[place].digest, order=place)
            for place in alike
        ],
        ignore_index=True,
    )


def number_classes(answers: pd.DataFrame, classes: Sequence[str | int]) -> pd.DataFrame:
    """Put class numbers in the place of labels, as scores are computed of them."""
    if not classes or "class" not in answers:
        return answers
    numbers = {str(label): number for number, label in enumerate(classes)}
    names = {f"probability_{label}": f"probability_{number}" for label, number in numbers.items()}
    return answers.assign(**{"class": answers["class"].astype("str").map(numbers)}).rename(columns=names)


def _refuse_turned_classes(kept: Sequence[KeptPredictions]) -> None:
    """Refuse predictions of models that number the same classes in another order."""
    newest = kept[-1]
    for each in kept:
        if each.classes != newest.classes and set(each.classes) == set(newest.classes):
            orders = " and ".join(f"{', '.join(map(str, k.classes))} (version {k.version})" for k in (each, newest))
            raise InvalidTableError(
                f"the models that predicted number their classes differently, {orders}: say with monitor.version whose "
                "predictions the outcomes are of"
            )


def _is_of(kept: KeptPredictions, file: str) -> bool:
    """Return whether predictions are of a file that a user named; a part of a folder by its path in it."""
    given, own = f"/{file}", f"/{kept.file}"
    return given.endswith(own) or own.endswith(given) or kept.name.startswith(file)


def _list_names(kept: Sequence[KeptPredictions]) -> str:
    names = [each.name for each in reversed(kept)]
    return f"{', '.join(names[:SHOWN])}{' ...' * (len(names) > SHOWN)}"
