"""What a declared case knows of its rows: raw columns with their types, and the features made of them, as plain data.

It goes into a logged model as JSON, so that the model needs no code of the case but functions that it registers.
"""

from __future__ import annotations

from dataclasses import asdict, dataclass, field, fields, replace
from functools import cached_property, partial
from typing import TYPE_CHECKING, Any

import pandas as pd

from casebook.preprocessing.feature_functions import list_computable
from casebook.preprocessing.lags import History, read_options
from casebook.preprocessing.registered_functions import find_functions

if TYPE_CHECKING:
    from collections.abc import Callable, Collection, Mapping

    from casebook.column_types.kinds import Kind
    from casebook.preprocessing.feature_functions import FeatureSources
    from casebook.preprocessing.registered_functions import RowFunction

Label = str | int


@dataclass(frozen=True)
class Feature:
    """A feature: a registered function of raw columns or of features before it.

    A name that a column and a feature have is the column's.
    """

    function: str
    of: tuple[str, ...]
    options: dict[str, Any] = field(default_factory=dict)


@dataclass(frozen=True)
class RowSchema:
    """Columns and features of a declared case.

    Attributes:
        columns: of a joined raw row, without the target, with their types.
        features: by name, each after those that it is made of.
        carried: columns that go along to the feature table and are no features: the target, keys of a split.
        classes: labels of the target by class number, as they are written; none for a regression, nor where they are
            the class numbers themselves.
        own: the case whose own functions features are made by; empty where it registers none.
        history: the rows that lags look back at; none without lags, and where all rows are at hand.
    """

    columns: dict[str, Kind]
    features: dict[str, Feature]
    carried: tuple[str, ...] = ()
    classes: tuple[Label, ...] = ()
    own: str = ""
    history: History | None = field(default=None, compare=False, repr=False)

    def __getstate__(self) -> dict[str, Any]:
        """Return what is pickled: the fields, without the functions that were found for them."""
        return {each.name: getattr(self, each.name) for each in fields(self)}

    @property
    def looks_back(self) -> bool:
        """Return whether a feature is made of other rows too."""
        return any(self.functions[feature.function].of_rows for feature in self.features.values())

    def keep_history(self, rows: pd.DataFrame) -> History | None:
        """Keep what lags need of typed rows; none where there are no lags."""
        lags = [feature.options for feature in self.features.values() if self.functions[feature.function].of_rows]
        if not lags:
            return None
        return History.of(rows, *read_options(lags[0]), list(dict.fromkeys(each["value"] for each in lags)))

    def with_history(self, history: History | None) -> RowSchema:
        """Return the schema, looking back at other rows."""
        return replace(self, history=history)

    @cached_property
    def sources(self) -> FeatureSources:
        """Of each feature all raw columns that it is made of."""
        return trace_sources(self.features, self.columns)

    @cached_property
    def functions(self) -> Mapping[str, RowFunction]:
        """The functions that features may be made by."""
        return find_functions(self.own)

    def engineer_features(self, joined_rows: pd.DataFrame) -> pd.DataFrame:
        """Compute the features of typed rows, as far as what they are made of is there.

        Returns:
            The features in their order, and the carried columns that are there; the index of the rows.
        """
        made: dict[str, pd.Series] = {}
        names = list_computable(self.sources, joined_rows.columns)
        for name in names:
            if name not in made:
                feature = self.features[name]
                of_rows = self.functions[feature.function].of_rows
                if of_rows is not None:
                    made[name] = of_rows(joined_rows, self.history, **feature.options)
                    continue
                inputs = [joined_rows[of] if of in self.columns else made[of] for of in feature.of]
                made |= self._make(name, inputs)
        made = {name: made[name] for name in names}
        carried = {name: joined_rows[name] for name in self.carried if name in joined_rows and name not in made}
        return pd.DataFrame({**made, **carried}, index=joined_rows.index, copy=False)

    @cached_property
    def value_features(self) -> dict[str, Callable[[Any], Any]] | None:
        """What makes each feature of the plain value of its one raw column; none where one has no scalar form."""
        made: dict[str, Callable[[Any], Any]] = {}
        for name, feature in self.features.items():
            of_values = self.functions[feature.function].of_values
            if of_values is None or len(feature.of) > 1:
                return None
            own = partial(of_values, **feature.options) if feature.options else of_values
            before = None if feature.of[0] in self.columns else made[feature.of[0]]
            made[name] = own if before is None else partial(_apply_both, before, own)
        return {name: make for name, make in made.items() if self.features[name].function != "as_is"}

    def _make(self, name: str, inputs: list[pd.Series]) -> dict[str, pd.Series]:
        """Compute a feature, and those that the same function makes of the same inputs in one go."""
        feature = self.features[name]
        function = self.functions[feature.function]
        if function.of_columns_at_once is None:
            return {name: function.of_columns(*inputs, **feature.options)}  # type: ignore[misc]  # it is none of rows
        alike = [
            each
            for each, other in self.features.items()
            if (other.function, other.of) == (feature.function, feature.of)
        ]
        columns = function.of_columns_at_once(*inputs, [self.features[each].options for each in alike])
        return dict(zip(alike, columns, strict=True))

    def to_dict(self) -> dict[str, Any]:
        """Return plain values that JSON can hold, without the history."""
        described = asdict(replace(self, history=None))
        del described["history"]
        return described

    @classmethod
    def from_dict(cls, values: Mapping[str, Any]) -> RowSchema:
        """Rebuild a schema."""
        features = {
            name: Feature(each["function"], tuple(each["of"]), each["options"])
            for name, each in values["features"].items()
        }
        own = values.get("own", "")
        return cls(dict(values["columns"]), features, tuple(values["carried"]), tuple(values["classes"]), own)


def trace_sources(features: Mapping[str, Feature], columns: Collection[str]) -> FeatureSources:
    """Return of each feature all raw columns that it is made of.

    Args:
        features: each after those that it is made of.
        columns: raw ones; what is neither one of them nor a feature is one too.
    """
    found: dict[str, tuple[str, ...]] = {}
    for name, feature in features.items():
        raw = [each for of in feature.of for each in ((of,) if of in columns else found.get(of, (of,)))]
        found[name] = tuple(dict.fromkeys(raw))
    return found


def _apply_both(first: Callable[[Any], Any], second: Callable[[Any], Any], value: Any) -> Any:  # noqa: ANN401
    return second(first(value))
