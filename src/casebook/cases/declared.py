"""Cases declared in YAML alone: found by scanning the configuration, and built from their `data` block."""

from __future__ import annotations

import os
from dataclasses import dataclass
from functools import cache, cached_property
from pathlib import Path
from typing import TYPE_CHECKING, Any

from casebook.column_types.intervals import write_range
from casebook.config.paths import conf_source, project_root, raw_folder
from casebook.config.tree import overlay

if TYPE_CHECKING:
    from collections.abc import Collection, Mapping

    from kedro.pipeline import Pipeline

    from casebook.cases.registry import Case, NewRows
    from casebook.config.schema.table_declaration import DataParameters

BASE, LOCAL, PARAMETERS = "base", "local", "parameters.yml"
# The checked parameters of the declared cases that this process runs: variant and command line are in them.
_RESOLVED: dict[str, Mapping[str, Any]] = {}


@dataclass(frozen=True)
class Declaration:
    """A declared case.

    Attributes:
        name: the one word of the case.
        tree: its parameters.
    """

    name: str
    tree: Mapping[str, Any]

    @property
    def tables(self) -> list[str]:
        """The names of its tables, the one of the rows first."""
        return list(self.tree["data"]["tables"])

    @cached_property
    def data(self) -> DataParameters:
        """The checked block."""
        # Pydantic is not needed to list pipelines.
        from casebook.config.schema.table_declaration import DataParameters

        return DataParameters.model_validate(self.tree["data"])


def keep_resolved(parameters: Mapping[str, Mapping[str, Any]]) -> None:
    """Let the declared cases of this process be what its checked parameters say."""
    _RESOLVED.update({case: tree for case, tree in parameters.items() if tree.get("data")})


def resolved_tree(case: str) -> Mapping[str, Any] | None:
    """Return the checked parameters of a declared case that this process runs; None of any other."""
    return _RESOLVED.get(case)


def read_declaration(case: str) -> Declaration:
    """Return a case's declaration: this run's parameters, else what the configuration says without a variant.

    Raises:
        ValueError: there is none.
    """
    if case in _RESOLVED:
        return Declaration(case, _RESOLVED[case])
    usual = (BASE, os.environ.get("KEDRO_ENV", LOCAL))
    files = [file for file in list_files(conf_source()) if file.case == case]
    # Last those that only a command with --env sees.
    others = sorted({file.environment for file in files} - set(usual))
    tree: dict[str, Any] = {}
    for environment in (*usual, *others):
        if environment in usual or not tree.get("data"):
            for file in files:
                if file.environment == environment:
                    tree = overlay(tree, file.read().get(case) or {})
    if not isinstance(tree.get("data"), dict):
        raise ValueError(f"{case} has no block data in {conf_source()}/{BASE}/{case}/parameters.yml")
    return Declaration(case, tree)


def find_declared(others: Collection[str] = ()) -> tuple[str, ...]:
    """List the declared cases of all environments: folders whose parameters hold a block `data` below their name.

    Args:
        others: names that are not looked at, of cases in Python.
    """
    found = [file.case for file in list_files(conf_source()) if file.case not in others and file.declares()]
    return tuple(dict.fromkeys(found))


def load_declared(name: str) -> Case:
    """Build a case from its declaration."""
    from casebook.cases.registry import Case
    from casebook.cases.samples import SAMPLES

    declaration = read_declaration(name)
    data, new_rows = declaration.tree["data"], describe_new_rows(declaration)
    first = declaration.tables[0]
    target = str(declaration.tree.get("target", "target"))
    files = [name_file(name, table["file"]) for table in data["tables"].values()]
    said = (data.get("columns") or {}).get(target) or {}
    decimal = str(data["tables"][first].get("decimal") or ".")

    def create_pipeline() -> Pipeline:
        from casebook.stages.declared import create_declared_pipeline

        return create_declared_pipeline(name, declaration.tables)

    return Case(
        name=name,
        files=tuple(files),
        optional_files=tuple({name_file(name, new_rows.file)} - set(files)),
        feature_sources=None,
        create_pipeline=create_pipeline,
        write_sample=SAMPLES[name].write if name in SAMPLES else None,
        fetch=str(data.get("fetch", "")),
        labelled=f"raw_{first}",
        new_rows=new_rows,
        target_kind=write_range(
            "number" if decimal == "." else f"number:{decimal}", said.get("minimum"), said.get("maximum")
        ),
    )


def describe_new_rows(declaration: Declaration) -> NewRows:
    """Say what is scored, by the block `data.new_rows` and the roles of columns."""
    from casebook.cases.registry import NewRows

    data, task = declaration.tree["data"], declaration.tree.get("task")
    first, *others = data["tables"].values()
    said, columns = data.get("new_rows") or {}, data.get("columns") or {}
    said_roles = {column: each.get("role") for column, each in columns.items() if isinstance(each, dict)}
    roles = {role: column for column, role in said_roles.items() if isinstance(role, str)}
    key = said.get("key") or roles.get("key", "")
    answer = said.get("answer") or ("prediction" if task == "regression" else "class")
    lookup = others[0] if len(others) == 1 else {}
    join_key = find_single_key(lookup)
    day = said.get("day") or roles.get("time", "")
    return NewRows(
        said.get("file") or first["file"],
        {key or "row": "key", str(declaration.tree.get("target", "target")): answer},
        key=key,
        day=day,
        day_kind=_kind_of_days(columns.get(day)),
        lookup_table=lookup["file"] if join_key else "",
        join_key=join_key,
        prefix=lookup.get("prefix", "") if join_key else "",
    )


def _kind_of_days(said: object) -> str:
    """Return what the days of a column are read by; nothing where it is declared as something else."""
    column = said if isinstance(said, dict) else {}
    named = str(column.get("type") or "date")
    form = f":{column['format']}" if column.get("format") else ""
    return f"{named}{form}" if named in {"date", "datetime"} else ""


def find_single_key(table: Mapping[str, Any]) -> str:
    """Return the one column, of the same name in both, by which a table is joined that has a partner for each row.

    Returns:
        Nothing where it is another join. Such a table the scorer joins, which indexes it once.
    """
    join_on = table.get("join_on") or []
    names = [join_on] if isinstance(join_on, str) else list(join_on)
    renamed = isinstance(join_on, dict) and any(left != right for left, right in join_on.items())
    single = len(names) == 1 and not renamed and table.get("unmatched") != "missing"
    return str(names[0]) if single else ""


def find_file(case: str, name: str) -> Path:
    """Find a raw file: in the case's raw folder, below the project, or where an absolute path says.

    Returns:
        Its place; in the raw folder where there is none.
    """
    given = Path(name).expanduser()
    places = [raw_folder(case) / given, project_root() / given]
    return next((place for place in places if place.exists()), places[0])


def name_file(case: str, name: str) -> str:
    """Name a raw file as it is looked for: within the case's raw folder, or with its whole path."""
    place, folder = find_file(case, name), raw_folder(case)
    return str(place.relative_to(folder)) if place.is_relative_to(folder) else str(place)


@dataclass(frozen=True)
class ParameterFile:
    """A file `<environment>/<case>/parameters.yml` of the configuration.

    Attributes:
        environment: its name.
        case: the name of its folder.
        text: what it holds.
    """

    environment: str
    case: str
    text: str

    def declares(self) -> bool:
        """Return whether it holds a block `data` below its case's name."""
        # Most files are told without parsing them.
        tree = self.read().get(self.case) if "data:" in self.text else None
        return isinstance(tree, dict) and isinstance(tree.get("data"), dict)

    def read(self) -> dict[str, Any]:
        """Parse it; nothing where it is no YAML."""
        return _parse(self.text)


def list_files(source: str) -> list[ParameterFile]:
    """Read the parameter files of cases by name, from a folder or from an archive made by `kedro package`."""
    place = Path(source)
    if place.is_file():
        return list(_read_archive(place, place.stat().st_mtime_ns))
    paths = sorted(place.glob(f"*/*/{PARAMETERS}"))
    return [ParameterFile(path.parts[-3], path.parts[-2], path.read_text(encoding="utf-8")) for path in paths]


@cache
def _read_archive(place: Path, _time: int) -> tuple[ParameterFile, ...]:
    import tarfile

    if not tarfile.is_tarfile(place):
        return ()
    with tarfile.open(place) as packed:
        names = sorted(name for name in packed.getnames() if name.endswith(f"/{PARAMETERS}") and name.count("/") == 3)
        contents = [(name.split("/"), packed.extractfile(name)) for name in names]
        return tuple(ParameterFile(p[-3], p[-2], file.read().decode()) for p, file in contents if file)


@cache
def _parse(text: str) -> dict[str, Any]:
    # The help of the commands lists no case, and needs no YAML.
    from casebook.config.yaml_text import ConfigurationError, read_yaml

    try:
        return read_yaml(text, PARAMETERS)
    except ConfigurationError:
        # The configuration's loader, which reads it again, says what is wrong with it.
        return {}
