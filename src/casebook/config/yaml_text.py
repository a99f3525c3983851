"""Reading YAML as version 1.2 has it, for configuration files and for values of the command line alike.

PyYAML follows version 1.1, by which `010` is 8, `1:30` is 90 and `no` is false. Here they are 10 and two texts; a
number is written in digits, with `0x` or `0o` in front for other bases, and true and false are the only booleans.
"""

from __future__ import annotations

import re
from typing import TYPE_CHECKING, Any

import click
import yaml

if TYPE_CHECKING:
    from collections.abc import Mapping

NULL, BOOLEAN, INTEGER, FLOAT, MERGE = (
    f"tag:yaml.org,2002:{kind}" for kind in ("null", "bool", "int", "float", "merge")
)
# The core schema of YAML 1.2.2, section 10.3.2; merge keys are of version 1.1, and in use.
CORE_SCHEMA = (
    (NULL, r"~|null|Null|NULL|", ["~", "n", "N", ""]),
    (BOOLEAN, r"true|True|TRUE|false|False|FALSE", list("tTfF")),
    (INTEGER, r"[-+]?[0-9]+|0o[0-7]+|0x[0-9a-fA-F]+", list("-+0123456789")),
    (FLOAT, r"[-+]?(\.[0-9]+|[0-9]+(\.[0-9]*)?)([eE][-+]?[0-9]+)?|[-+]?\.(inf|Inf|INF)|\.(nan|NaN|NAN)",
     list("-+.0123456789")),
    (MERGE, r"<<", ["<"]),
)  # fmt: skip
BASES = {"0o": 8, "0x": 16}
NOTHING = "null"
SHOWN_CHARACTERS = 60


class ConfigurationError(click.ClickException):
    """A configuration file that cannot be read as it stands; the message names it, the line and the remedy."""


class DuplicateKeyError(yaml.MarkedYAMLError):
    """A key that a mapping has twice."""


class CoreLoader(getattr(yaml, "CSafeLoader", yaml.SafeLoader)):  # type: ignore[misc]  # libyaml may be missing
    """Loads plain values by the core schema of YAML 1.2, and refuses keys that a mapping has twice."""

    yaml_implicit_resolvers: dict[str, Any] = {}  # noqa: RUF012 - PyYAML's own attribute

    def construct_mapping(self, node: yaml.MappingNode, deep: bool = False) -> dict[Any, Any]:
        """Construct a mapping whose keys differ."""
        lines: dict[Any, int] = {}
        for key, _ in node.value:
            if key.tag == MERGE or not isinstance(key, yaml.ScalarNode):
                continue
            # As a text, which all keys become: 1 and "1" are the same.
            name = write_value(self.construct_object(key))
            if name in lines:
                told = f"the key {name} stands there already, in line {lines[name]}: keep one of them"
                raise DuplicateKeyError(problem=told, problem_mark=key.start_mark)
            lines[name] = key.start_mark.line + 1
        constructed: dict[Any, Any] = super().construct_mapping(node, deep=deep)
        return constructed


def _construct_integer(loader: yaml.SafeLoader, node: yaml.ScalarNode) -> int:
    text = loader.construct_scalar(node)
    return int(text[2:], BASES[text[:2]]) if text[:2] in BASES else int(text)


def _construct_float(loader: yaml.SafeLoader, node: yaml.ScalarNode) -> float:
    # Python writes infinity and NaN without the dot.
    return float(re.sub(r"\.(?=inf|nan)", "", loader.construct_scalar(node).lower()))


for _tag, _pattern, _first in CORE_SCHEMA:
    CoreLoader.add_implicit_resolver(_tag, re.compile(f"(?:{_pattern})$"), _first)
CoreLoader.add_constructor(INTEGER, _construct_integer)
CoreLoader.add_constructor(FLOAT, _construct_float)


class CoreDumper(yaml.SafeDumper):
    """Puts texts into quotes that version 1.1 or 1.2 would read as another value."""


CoreDumper.add_implicit_resolver(INTEGER, re.compile("0o[0-7]+$"), ["0"])


def write_yaml(tree: Mapping[str, Any]) -> str:
    """Write a tree so that `read_yaml` reads the same."""
    text: str = yaml.dump(dict(tree), Dumper=CoreDumper, sort_keys=False, allow_unicode=True)
    return text


def read_yaml(text: str, name: str) -> dict[str, Any]:
    """Read a configuration file's text.

    Args:
        text: of the file; an empty one holds nothing.
        name: of the file, for errors.

    Raises:
        ConfigurationError: it is no YAML, no mapping, or a mapping has a key twice; names file and line.
    """
    try:
        tree = yaml.load(text, CoreLoader)  # noqa: S506 - a safe loader
    except yaml.MarkedYAMLError as error:
        mark = error.problem_mark or error.context_mark
        place = f", line {mark.line + 1}" if mark else ""
        raise ConfigurationError(f"{name}{place}: {error.problem or error.context}") from None
    except yaml.YAMLError as error:
        raise ConfigurationError(f"{name}: {' '.join(str(error).split())}") from None
    if tree is None:
        return {}
    if not isinstance(tree, dict):
        held = repr(tree)
        shown = f"{held[:SHOWN_CHARACTERS]}{' ...' * (len(held) > SHOWN_CHARACTERS)}"
        raise ConfigurationError(f"{name}: it holds {shown} where keys and values are expected, as in `epochs: 5`")
    return tree


def read_value(text: str) -> Any:  # noqa: ANN401 - whatever can be written
    """Read a value of the command line; what is no YAML is the text itself."""
    try:
        value = yaml.load(text, CoreLoader)  # noqa: S506 - a safe loader
    except yaml.YAMLError:
        return text
    # A text without quotes is all of it: what YAML takes for a comment, an anchor or a tag, a file's name may hold.
    return text if isinstance(value, str) and not text.startswith(('"', "'")) else value


def write_value(value: Any) -> str:  # noqa: ANN401
    """Write a plain value as it is usually typed."""
    if value is None or isinstance(value, bool):
        return NOTHING if value is None else str(value).lower()
    return str(value)
