"""The YAML of a case, with the reason of each guess beside it, in 40 lines at most."""

from __future__ import annotations

import json
import re
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

from casebook.schema_inference.roles import MOSTLY_NULL_SHARE
from casebook.schema_inference.splits import describe_copies
from casebook.schema_inference.targets import write_rows

if TYPE_CHECKING:
    from collections.abc import Callable, Iterable, Mapping, Sequence

    from casebook.schema_inference.schema import Column, Schema

MAX_LINES = 40
# Of them for features; more stand side by side.
MOST_FEATURE_LINES = 10
MAX_CHARACTERS = 150
# A reason is cut no shorter.
MIN_COMMENT = 100
ANY_WIDTH = 1 << 20
PLAIN = re.compile(r"[A-Za-z_][\w ./()%+-]*", re.ASCII)
# A file with nulls has whole numbers with a fraction; a run reads them without.
WHOLE = re.compile(r"^(-?\d+)\.0+$")
# YAML 1.1 has more of them than PyYAML reads.
WORDS_OF_YAML = {"y", "n", "yes", "no", "on", "off", "true", "false", "null", "none", "~"}


@dataclass(frozen=True)
class Entry:
    """A line of the declaration.

    Attributes:
        kind: what packed entries are put together by.
        text: the YAML.
        comment: why.
    """

    kind: str
    text: str
    comment: str = ""

    def line(self, indent: int) -> str:
        """Write the line."""
        return write_line(" " * indent + self.text, self.comment)


def write_line(text: str, comment: str) -> str:
    """Write a line with a comment that is cut where it is long."""
    if not comment:
        return text
    room = max(MAX_CHARACTERS - len(text) - 3, MIN_COMMENT)
    return f"{text} # {comment if len(comment) <= room else comment[: room - 3] + '...'}"


def write_declaration(schema: Schema, case: str, files: Mapping[str, str], command: str) -> str:
    """Write a case's parameters.

    Args:
        schema: what was inferred.
        case: its name.
        files: how each table's file is found, by name of the table.
        command: that was typed.

    Returns:
        YAML of at most `MAX_LINES` lines.
    """
    head = [
        f"# Written by `{command}`. Each guess says why: change what is wrong, then `casebook check {case}`.",
        f"{case}:",
        write_line(f"  task: {schema.target.task}", schema.target.why),
        write_line(f"  target: {quote(schema.target.column.name)}", _describe_target(schema)),
        "  data:",
        "    tables:",
        *(entry.line(6) for entry in _list_tables(schema, files)),
    ]
    tail = [*_list_features(schema), *_list_split(schema)]
    entries = [entry for name, column in schema.columns.items() for entry in _describe_column(schema, name, column)]
    note = _list_mostly_null(schema)
    room = MAX_LINES - len(head) - len(tail) - len(note)
    heading = "not listed: numbers are number, all else is category"
    heading += "; LEAK? marks what is open and may come too late: role: leak closes it" * bool(schema.suspects)
    columns = _write_columns(entries, room, write_line("    columns:", heading))
    return "\n".join([*head, *note, *columns, *tail]) + "\n"


def quote(value: str) -> str:
    """Write a text so that YAML reads it as this text."""
    if PLAIN.fullmatch(value) and value == value.strip() and value.lower() not in WORDS_OF_YAML:
        return value
    return json.dumps(value, ensure_ascii=False)


def write_label(value: str) -> str:
    """Write a label: a whole number stays one, since that is how it is spelled."""
    return value if re.fullmatch(r"0|-?[1-9]\d{0,15}", value) else quote(value)


def write_list(values: Iterable[str]) -> str:
    """Write labels in a line."""
    return f"[{', '.join(map(write_label, values))}]"


def _describe_target(schema: Schema) -> str:
    column, said = schema.target.column, []
    if schema.target.nulls:
        said.append(f"{schema.target.nulls:,} rows are null and set aside")
    said += [f"SET ASIDE: {write_rows(schema.target.set_aside)}"] * bool(schema.target.set_aside)
    if schema.target.classes and len(schema.target.classes) <= 4:
        rows = dict(zip(column.texts, column.counts.tolist(), strict=True))
        said.append(", ".join(f"{label} {rows[label] / column.filled:.1%}" for label in schema.target.classes))
    if schema.target.rare:
        said.append(f"FEW ROWS: {write_rows(schema.target.rare)}")
    return "; ".join(said)


def _list_tables(schema: Schema, files: Mapping[str, str]) -> Iterable[Entry]:
    for table in schema.tables:
        said = [f"file: {quote(files[table.name])}"]
        dialect = table.dialect
        if dialect:
            said += [f"delimiter: {json.dumps(dialect.delimiter)}"] * (dialect.delimiter != ",")
            said += [f"encoding: {dialect.encoding}"] * (dialect.encoding != "utf-8")
            said += [f"decimal: {json.dumps(dialect.decimal)}"] * (dialect.decimal != ".")
            said += [f"header: false, names: {write_list(dialect.names)}"] if dialect.names else []
            said += [f"nulls: {write_list(dialect.nulls)}"] if dialect.nulls else []
        comment = f"{len(table):,} rows"
        join = schema.joins.get(table.name)
        if join:
            same = all(left == right for left, right in join.on.items())
            pairs = ", ".join(f"{quote(left)}: {quote(right)}" for left, right in join.on.items())
            said.append(f"join_on: {write_list(join.on)}" if same else f"join_on: {{{pairs}}}")
            said += [f"prefix: {join.prefix}"] if join.prefix else []
            said += ["unmatched: missing"] if join.unmatched else []
            comment += f"; {join.unmatched:,} rows have none there" if join.unmatched else "; every row has one"
        yield Entry("table", f"{table.name}: {{{', '.join(said)}}}", comment)


def _describe_column(schema: Schema, name: str, column: Column) -> Iterable[Entry]:
    """List the entry of a column whose role or type is not the default, or that is suspected."""
    suspect = next((suspect.evidence for suspect in schema.suspects if suspect.column == name), "")
    role, inferred = column.role, column.type
    said, why = [], role.why
    kind: str = role.role
    if role.role == "target":
        kind, why = "target", ""
        classes = [WHOLE.sub(r"\1", label) for label in schema.target.classes]
        said = [f"type: category, classes: {write_list(classes)}"] if classes else []
        said += ["others: missing"] if schema.target.set_aside else []
    elif role.role == "feature":
        kind, why = inferred.type, inferred.why
        if suspect or states_type(column):
            said = _write_type(column)
    else:
        said = [f"role: {role.role}"]
        said += _write_type(column) if role.role == "time" else []
        said += [f"test: {write_list(role.test)}"] if role.test else []
    if suspect:
        kind, why = "suspect", f"LEAK? {suspect}"
    if said:
        yield Entry(kind, f"{quote(name)}: {{{', '.join(said)}}}", why)


def states_type(column: Column) -> bool:
    """Return whether a declaration has to state a column's type, since a run would infer another."""
    return not column.type.is_default or (column.type.type == "category" and _reads_as_number(column))


def _reads_as_number(column: Column) -> bool:
    """Return whether a run would read codes as numbers: 00501."""
    parsed = column.data.parsed_numbers
    return bool(len(parsed)) and bool((parsed == parsed).all())


def declare_type(column: Column) -> dict[str, Any]:
    """Return what a declaration says of a column's type."""
    inferred = column.type
    said = {"type": inferred.type, "format": inferred.format, "order": list(inferred.order)}
    return {option: value for option, value in said.items() if value}


def _write_type(column: Column) -> list[str]:
    writers: dict[str, Callable[[Any], str]] = {"format": json.dumps, "order": write_list}
    return [f"{option}: {writers.get(option, str)(value)}" for option, value in declare_type(column).items()]


def _write_columns(entries: Sequence[Entry], room: int, heading: str) -> list[str]:
    """Write a column a line; where there is no room for that, several of a kind in one."""
    if not entries:
        return []
    if len(entries) + 1 <= room:
        return [heading, *(entry.line(6) for entry in entries)]
    of_kind = [[entry for entry in entries if entry.kind == kind] for kind in dict.fromkeys(e.kind for e in entries)]
    packed = [line for alike in of_kind for line in _pack(alike, MAX_CHARACTERS)]
    if len(packed) + 2 > room:
        packed = [line for alike in of_kind for line in _pack(alike, ANY_WIDTH)]
    return [heading.replace(":", ": {", 1), *packed, "    }"]


def _pack(entries: Sequence[Entry], width: int) -> list[str]:
    """Put entries of one kind side by side, the reason that they share behind them."""
    reasons = list(dict.fromkeys(entry.comment for entry in entries if entry.comment))
    suspects = entries[0].kind == "suspect"
    if suspects and width < ANY_WIDTH:
        return [write_line(f"      {entry.text},", entry.comment) for entry in entries]
    comment = "; ".join(reasons) if len(reasons) == 1 or suspects else entries[0].kind
    lines = [""]
    for entry in entries:
        if lines[-1] and len(lines[-1]) + len(entry.text) > width:
            lines.append("")
        lines[-1] += f"{entry.text}, "
    return [write_line(f"      {line.rstrip()}", comment) for line in lines]


def _list_features(schema: Schema) -> list[str]:
    """Declare the numbers in texts, and the parts of the time, which a split by it would take from the network."""
    name, features = schema.split.column, []
    if schema.split.strategy == "time" and schema.columns[name].type.is_date:
        said = f"{quote(f'{name}_parts')}: {{function: date_parts, of: [{quote(name)}]}}"
        features.append(Entry("date_parts", said, "the time itself is no feature, its month and weekday are"))
    for name, column in schema.columns.items():
        if column.type.decimal and column.role.role == "feature":
            options = f"options: {{decimal: {json.dumps(column.type.decimal)}}}"
            said = f"{quote(name)}: {{function: quantity, of: [{quote(name)}], {options}}}"
            features.append(Entry("quantity", said, f"{column.type.why}: {column.data.texts[0]}"))
    return _write_columns(features, MOST_FEATURE_LINES, "    features:")


def _list_split(schema: Schema) -> list[str]:
    split = schema.split
    said = [f"strategy: {split.strategy}", *(f"{key}: {value}" for key, value in split.settings.items())]
    of = f"{split.column}: " if split.column else ""
    lines = [write_line(f"  split: {{{', '.join(said)}}}", f"{of}{split.why}")]
    if split.duplicates != "keep":
        lines.append(write_line(f"  duplicates: {split.duplicates}", describe_copies(split)))
    return lines


def _list_mostly_null(schema: Schema) -> list[str]:
    names = [
        f"{name} {column.data.nulls / len(column.data):.0%}"
        for name, column in schema.columns.items()
        if column.role.role == "feature" and column.data.nulls > MOSTLY_NULL_SHARE * len(column.data)
    ]
    reason = f"mostly null, kept since that they are there may tell: {', '.join(names)}"
    return [write_line("   ", reason)] if names else []
