"""The OpenAPI description of a request, from the columns that the model takes."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from casebook.column_types.kinds import COLUMN_TYPES

if TYPE_CHECKING:
    from casebook.model_registry.champion import Champion
    from casebook.serving.requests import RequestSchema


def describe_invocations(champion: Champion, accepted: RequestSchema) -> dict[str, Any]:
    """Build the OpenAPI operation of `/invocations`: request body, response and errors."""
    row = {
        "type": "object",
        "properties": {name: COLUMN_TYPES[kind].json_schema for name, kind in accepted.kinds.items()},
        "required": champion.required,
        "additionalProperties": False,
    }
    rows = {"type": "array", "items": row, "minItems": 1}
    columns = {
        name: {"type": "array", "items": COLUMN_TYPES[kind].json_schema} for name, kind in accepted.kinds.items()
    }
    forms = {
        "dataframe_records": rows,
        "instances": rows,
        "inputs": {"type": "object", "properties": columns, "required": champion.required},
        "dataframe_split": {
            "type": "object",
            "properties": {
                "columns": {"type": "array", "items": {"type": "string"}},
                "data": {"type": "array", "items": {"type": "array"}},
            },
            "required": ["columns", "data"],
        },
    }
    params = {"type": "object", "properties": {"threshold": {"type": "number", "minimum": 0, "maximum": 1}}}
    further = {"params": params} if accepted.takes_threshold else {}
    wanted = [
        {"type": "object", "properties": {form: schema, **further}, "required": [form]}
        for form, schema in forms.items()
    ]
    return {
        "requestBody": {"required": True, "content": {"application/json": {"schema": {"oneOf": wanted}}}},
        "responses": {
            "200": _answer("an answer a row, and the model that gave it", {"predictions": "array", "model": "object"}),
            "400": _answer("what is wrong, and with which rows and columns", {"error": "string", "rows": "array"}),
            "413": _answer("the request is too large", {"error": "string", "rows": "array"}),
        },
    }


def _answer(description: str, parts: dict[str, str]) -> dict[str, Any]:
    schema = {"type": "object", "properties": {name: {"type": kind} for name, kind in parts.items()}}
    return {"description": description, "content": {"application/json": {"schema": schema}}}
