"""Whichever inputs a case has - columns, images or texts: restore their preparation, put it before a network."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from casebook.learning.column_inputs import column_inputs
from casebook.learning.images import ImagePreparation, image_inputs
from casebook.learning.preparation import Preparation
from casebook.learning.texts import TextPreparation, text_inputs

if TYPE_CHECKING:
    from collections.abc import Mapping

    from casebook.parameters import NetworkParameters

AnyPreparation = Preparation | ImagePreparation | TextPreparation
KINDS: dict[str, type[Any]] = {"columns": Preparation, "images": ImagePreparation, "texts": TextPreparation}
FRONTS: dict[type[Any], Any] = {
    Preparation: column_inputs,
    ImagePreparation: image_inputs,
    TextPreparation: text_inputs,
}


def describe_preparation(preparation: AnyPreparation) -> dict[str, Any]:
    """Give any fitted preparation as plain values that JSON can hold, with its `kind`."""
    kind = next(name for name, made in KINDS.items() if isinstance(preparation, made))
    return {"kind": kind, **preparation.to_dict()}


def restore_preparation(values: Mapping[str, Any]) -> AnyPreparation:
    """Rebuild a preparation from `describe_preparation`."""
    restored: AnyPreparation = KINDS[values["kind"]].from_dict({k: v for k, v in values.items() if k != "kind"})
    return restored


def network_inputs(preparation: AnyPreparation, parameters: NetworkParameters) -> tuple[dict[str, Any], Any]:
    """Build what stands before the hidden layers.

    Returns:
        Keras inputs by the names of the prepared arrays, and the tensor (rows, width) that goes on.
    """
    inputs, values = FRONTS[type(preparation)](preparation, parameters)
    return inputs, values
