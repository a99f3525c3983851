"""Every environment and variant resolves, and pipelines, catalog and parameters fit together."""

from __future__ import annotations

import logging
import tarfile
from functools import cache
from io import StringIO
from pathlib import Path
from typing import TYPE_CHECKING, Any

import click
import pytest
import yaml
from kedro.config import OmegaConfigLoader
from kedro.framework.cli.utils import _split_params
from kedro.framework.project import pipelines as kedro_pipelines
from kedro.io import DataCatalog
from rich.console import Console
from rich.logging import RichHandler

from casebook.caching.session import CasebookSession
from casebook.cases.registry import CASES, PYTHON_CASES, find_case
from casebook.config import loader
from casebook.config.loader import list_case_patterns
from casebook.config.resolve import InvalidParametersError, resolve_case, resolve_parameters
from casebook.config.schema import EncoderParameters
from casebook.config.tree import flatten, overlay, unflatten
from casebook.pipeline_registry import register_pipelines
from casebook.settings import CONFIG_LOADER_ARGS
from casebook.stages import BACKGROUND, CACHED

if TYPE_CHECKING:
    from kedro.pipeline import Pipeline

JOBS = ("study", "predict", "monitor", "update")
CONF = Path(__file__).parents[1] / "conf"
ENVIRONMENTS = [
    "base",
    *sorted(folder.name for folder in CONF.iterdir() if folder.is_dir() and folder.name not in {"base", "local"}),
]
VARIANTS = [
    (case, variant)
    for case in CASES
    for variant in sorted(file.stem for file in (CONF / "base" / case / "variants").glob("*.yml"))
]
LEDGER = {case: yaml.safe_load((CONF / "base" / case / "published.yml").read_text()) for case in CASES}
# Variants of which figures were published; others are our own.
PUBLISHED = [
    (case, variant) for case, variant in VARIANTS if any("/" in name for name in LEDGER[case].get(variant, {}))
]
# What a published variant states; the other blocks are not part of what was published.
TEXTS = {f"{part}_texts" for part in ("train", "validation", "test")}
STATED = ("split", "preprocessing", "training")
UNTOUCHED = ("duplicates", "leaks")
# Leaves of no effect, which a published variant may leave out.
NOTHING = {
    ".split.stratify": False, ".preprocessing.onehot_width": 0,
    ".split.validation_on": "held_out", ".split.test_days": 0, ".split.validation_days": 0,
    ".preprocessing.modality": "columns", ".preprocessing.columns": [], ".preprocessing.drop_first": False,
    ".preprocessing.nearest_lower_within": {}, ".preprocessing.target_prior_rows": 1.0,
    ".training.class_weights": "none", ".preprocessing.skewed": "keep", ".preprocessing.time_index": "keep",
    ".training.network.piecewise_linear_edges": "quantiles", ".training.network.piecewise_linear_keep_numbers": False,
    ".training.target_scale": "none", ".training.refit": False,
    ".training.quantile": 0.5,
    ".training.preset": "default", ".training.ensemble.networks": 1, ".training.time_budget": 0.0,
    ".training.ensemble.reference": False,
    ".training.network.piecewise_linear_bins": 0, ".training.network.ensemble_size": 1,
    ".training.network.convolutions": [], ".training.network.convolution_dropout": 0.0,
    ".training.network.augment.shift": 0.0, ".training.network.augment.rotate": 0.0,
    **{f".training.network.encoder.{name}": value for name, value in EncoderParameters().model_dump().items()},
}  # fmt: skip
# Section 1 of the published experiments: hidden widths, scaling, epochs.
REDHAT_TABLE = {
    "raw_256": ([256], "none", 3), "raw_256x2": ([256, 256], "none", 3),
    "raw_512": ([512], "none", 3), "raw_512x2": ([512, 512], "none", 3),
    "scaled_512": ([512], "standard", 3), "scaled_512x2": ([512, 512], "standard", 3),
    "scaled_1024x2": ([1024, 1024], "standard", 3), "scaled_512x2_long": ([512, 512], "standard", 15),
}  # fmt: skip


@cache
def load(environment: str, command_line: str = "") -> tuple[OmegaConfigLoader, dict[str, Any]]:
    """Load an environment as `kedro run --env ... --params ...` does -> loader, parameters on the command line."""
    given = _split_params(None, None, command_line) if command_line else {}
    loader = OmegaConfigLoader(str(CONF), env=environment, runtime_params=given, **CONFIG_LOADER_ARGS)
    if command_line:
        # As a run does: the other cases take a second to read.
        loader.config_patterns |= list_case_patterns("redhat")
    return loader, given


@cache
def resolve(environment: str, command_line: str = "") -> dict[str, Any]:
    loader, given = load(environment, command_line)
    return resolve_parameters(loader["parameters"] if command_line else configured(environment), given)


@cache
def configured(environment: str) -> dict[str, Any]:
    """Read an environment's parameters once; not to be changed."""
    return load(environment)[0]["parameters"]


def resolve_variant(environment: str, case: str, variant: str) -> dict[str, Any]:
    """Resolve one case as `--params case.variant=...` does, without reading all files again."""
    given = {"variant": variant}
    return resolve_case(case, overlay(configured(environment)[case], given), given)


def leaves(tree: Any, name: str = "") -> dict[str, Any]:  # noqa: ANN401 - a tree or a leaf
    """Flatten a tree to dotted names."""
    if not isinstance(tree, dict) or not tree:
        return {name: tree}
    return {key: value for part, below in tree.items() for key, value in leaves(below, f"{name}.{part}").items()}


def pipelines() -> dict[str, Pipeline]:
    return register_pipelines()


@pytest.mark.parametrize("environment", ENVIRONMENTS)
def test_every_environment_resolves_for_every_case(environment: str) -> None:
    assert set(resolve(environment)) == set(CASES)


@pytest.mark.parametrize("environment", ENVIRONMENTS)
@pytest.mark.parametrize(("case", "variant"), VARIANTS)
def test_every_variant_resolves_in_every_environment(environment: str, case: str, variant: str) -> None:
    assert resolve_variant(environment, case, variant)["variant"] == variant


@pytest.mark.parametrize("environment", ENVIRONMENTS)
def test_every_parameter_that_a_pipeline_takes_exists(environment: str) -> None:
    known = {name.removeprefix(".") for name in _blocks(resolve(environment))}
    for pipeline in pipelines().values():
        taken = {name.removeprefix("params:") for name in pipeline.inputs() if name.startswith("params:")}
        assert taken
        assert taken <= known


def _blocks(tree: Any, name: str = "") -> set[str]:  # noqa: ANN401 - a tree or a leaf
    below = (
        set.union(set(), *(_blocks(value, f"{name}.{key}") for key, value in tree.items()))
        if isinstance(tree, dict)
        else set()
    )
    return {name} | below


@pytest.mark.parametrize("environment", ENVIRONMENTS)
def test_every_dataset_of_every_pipeline_is_in_the_catalog(environment: str) -> None:
    loader, _ = load(environment)
    catalog = DataCatalog.from_config(loader["catalog"])
    run = {"reference_model", "fold_settings", "test_rows"}
    study = {"winner_network", "winner_preprocessor", "winner_threshold"}
    in_memory_of = {"study": study, "predict": set(), "monitor": set(), "_default__": run,
                    "update": {"old_rows", "update_settings"}}  # fmt: skip
    for name, pipeline in pipelines().items():
        names = {each for each in pipeline.datasets() if not each.startswith("params:")}
        kinds = {each: type(catalog.get(each)).__name__ for each in names}
        in_memory = {each for each, kind in kinds.items() if kind == "MemoryDataset"}
        (case,) = {str(node.namespace) for node in pipeline.nodes}
        found = {each.removeprefix(f"{case}.") for each in in_memory} - TEXTS
        assert found == in_memory_of.get(name.partition("_")[2], run)


@pytest.mark.parametrize("environment", ENVIRONMENTS)
def test_every_dataset_says_in_which_layer_it_is(environment: str) -> None:
    entries = {name: entry for name, entry in load(environment)[0]["catalog"].items() if not name.startswith("_")}
    assert [name for name, entry in entries.items() if not entry["metadata"]["kedro-viz"]["layer"]] == []


@pytest.mark.parametrize(
    ("pipeline", "case"),
    [("__default__", "redhat"), ("pima", "pima"), ("rossmann_study", "rossmann"), ("somebody_elses", "")],
)
def test_a_run_reads_the_configuration_of_its_case_alone(pipeline: str, case: str) -> None:
    session = CasebookSession("1", "casebook", CONF.parent, save_on_close=False, conf_source=str(CONF))
    session.case = find_case(pipeline)
    assert session.case == case
    loader = session._get_config_loader()
    assert set(loader["parameters"]) == ({case} if case else set(CASES))
    named = {name.partition(".")[0] for name in loader["catalog"] if not name.startswith("{case}")}
    # A declared case needs no entries of its own.
    assert named == ({case} if case else set(CASES)) & set(PYTHON_CASES)


def test_only_the_pipelines_of_the_case_that_runs_are_made(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(kedro_pipelines, "_requested_pipelines", ["pima_study"])
    assert set(register_pipelines()) == {"pima", *(f"pima_{job}" for job in JOBS)}
    monkeypatch.setattr(kedro_pipelines, "_requested_pipelines", ["redhatt"])
    assert set(register_pipelines()) == {"__default__", *CASES, *(f"{case}_{job}" for case in CASES for job in JOBS)}


def test_each_case_has_a_pipeline_of_its_name_and_the_first_is_the_default() -> None:
    found = pipelines()
    later = [f"{case}_{job}" for case in CASES for job in JOBS]
    assert set(found) == {"__default__", *CASES, *later}
    assert found["__default__"].nodes == found[CASES[0]].nodes


def test_every_node_has_one_stage_and_the_namespace_of_its_case() -> None:
    for name, pipeline in pipelines().items():
        for node in pipeline.nodes:
            assert len(node.tags - {BACKGROUND, CACHED}) == 1
            assert node.namespace == (CASES[0] if name == "__default__" else name.split("_")[0])


def test_the_test_environment_is_small_and_otherwise_the_default() -> None:
    base, small = (leaves(resolve(environment)["redhat"]) for environment in ("base", "test"))
    differing = {name for name in base if base[name] != small.get(name) and not name.startswith(".variants")}
    assert differing == {
        ".sample.people", ".sample.activities", ".training.epochs", ".training.network.hidden", ".reference.max_iter",
        ".evaluation.importance_rows", ".evaluation.importance_repeats",
        ".study.trials", ".study.first", ".study.seeds",
    }  # fmt: skip


@pytest.mark.parametrize(
    ("text", "block", "expected"),
    [
        ("redhat.training.epochs=7", "training", {"epochs": 7}),
        ("redhat.training.optimizer.learning_rate=1e-3", "training", {"optimizer": {"learning_rate": 0.001}}),
        ("redhat.training.network.hidden=512x256", "training", {"network": {"hidden": [512, 256]}}),
        ("redhat.training.network.hidden=32", "training", {"network": {"hidden": [32]}}),
        ("redhat.training.metrics=auc+accuracy", "training", {"metrics": ["auc", "accuracy"]}),
        ("redhat.training.metrics=auc,redhat.training.epochs=2", "training", {"metrics": ["auc"], "epochs": 2}),
        ("redhat.training.early_stopping.restore_best=false", "training", {"early_stopping": {"restore_best": False}}),
        (
            "redhat.preprocessing.clip.people_char_38=0.01x0.99",
            "preprocessing",
            {"clip": {"people_char_38": [0.01, 0.99]}},
        ),
        (
            "redhat.preprocessing.encoding.people_group_1=onehot",
            "preprocessing",
            {"encoding": {"people_group_1": "onehot"}},
        ),
        ("redhat.training.optimizer.options.beta_1=0.8", "training", {"optimizer": {"options": {"beta_1": 0.8}}}),
        ("redhat.split.strategy=group", "split", {"strategy": "group"}),
        ("redhat.sample.people=1000", "sample", {"people": 1000}),
    ],
)
def test_every_kind_of_leaf_can_be_given_as_kedro_reads_the_command_line(
    text: str, block: str, expected: dict[str, Any]
) -> None:
    found = resolve("base", text)["redhat"][block]
    assert overlay(found, expected) == found
    assert found != resolve("base")["redhat"][block]


def test_the_command_line_wins_over_the_variant_that_it_chooses() -> None:
    training = resolve("test", "redhat.variant=scaled_512x2,redhat.training.epochs=1")["redhat"]["training"]
    assert (training["epochs"], training["network"]["hidden"], training["batch_size"]) == (1, [512, 512], 64)


def test_a_part_of_the_tree_in_conf_local_leaves_the_rest_and_the_command_line_wins(tmp_path: Path) -> None:
    (tmp_path / "base").symlink_to(CONF / "base")
    (tmp_path / "local" / "redhat").mkdir(parents=True)
    local = {"redhat": {"training": {"epochs": 4, "batch_size": 32}}}
    (tmp_path / "local" / "redhat" / "parameters.yml").write_text(yaml.safe_dump(local))
    given = {"redhat": {"training": {"epochs": 1}}}
    loader = OmegaConfigLoader(str(tmp_path), env="local", runtime_params=given, **CONFIG_LOADER_ARGS)
    training = resolve_parameters(loader["parameters"], given)["redhat"]["training"]
    base = resolve("base")["redhat"]["training"]
    assert training == {**base, "epochs": 1, "batch_size": 32}


@pytest.mark.parametrize(("case", "variant"), VARIANTS)
def test_a_file_of_a_variant_holds_the_variant_of_its_name_and_nothing_else(case: str, variant: str) -> None:
    said = yaml.safe_load((CONF / "base" / case / "variants" / f"{variant}.yml").read_text())
    assert [*said] == [case]
    assert [*said[case]] == ["variants"]
    assert [*said[case]["variants"]] == [variant]
    assert said[case]["variants"][variant] == configured("base")[case]["variants"][variant]


@pytest.mark.parametrize("case", CASES)
def test_a_case_states_only_what_differs_from_the_defaults(case: str) -> None:
    tree = yaml.safe_load((CONF / "base" / case / "parameters.yml").read_text())[case]
    stated = {name: value for name, value in flatten(tree).items() if not name.startswith("study.space.")}
    resolved = resolve_case(case, tree, {})
    needless = []
    for name in stated.keys() - {"task", "target"}:
        without = unflatten({key: value for key, value in flatten(tree).items() if key != name})
        try:
            needless += [name] if resolve_case(case, without, {}) == resolved else []
        except InvalidParametersError:
            continue
    assert needless == []


def test_a_variant_of_ones_own_may_lie_in_a_file_of_the_local_environment(tmp_path: Path) -> None:
    (tmp_path / "base").symlink_to(CONF / "base")
    (tmp_path / "local" / "pima" / "variants").mkdir(parents=True)
    mine = {"pima": {"variants": {"mine": {"training": {"epochs": 3}}}}}
    (tmp_path / "local" / "pima" / "variants" / "mine.yml").write_text(yaml.safe_dump(mine))
    found = OmegaConfigLoader(str(tmp_path), env="local", **CONFIG_LOADER_ARGS)["parameters"]["pima"]
    assert sorted(found["variants"]) == ["folds", "mine", "net_8_16_8"]
    assert resolve_case("pima", found, {"variant": "mine"})["training"]["epochs"] == 3


def test_variants_are_read_from_an_archive_as_kedro_package_makes_it(tmp_path: Path) -> None:
    with tarfile.open(tmp_path / "conf-casebook.tar.gz", "w:gz") as archive:
        archive.add(CONF / "base" / "pima", "conf/base/pima")
        archive.add(CONF / "test" / "pima", "conf/test/pima")
    loader = OmegaConfigLoader(str(tmp_path / "conf-casebook.tar.gz"), env="test", **CONFIG_LOADER_ARGS)
    assert sorted(loader["parameters"]["pima"]["variants"]) == ["folds", "net_8_16_8"]


@pytest.mark.parametrize(("case", "variant"), PUBLISHED)
def test_new_defaults_never_change_a_published_variant(case: str, variant: str) -> None:
    whole = configured("base")[case]
    expected = resolve_variant("base", case, variant)
    stated = whole["variants"][variant]
    # Every default that a variant may state is taken away: what still resolves, and to the same, was stated.
    bare = {
        block: {name: values for name, values in whole.get(block, {}).items() if (block, name) == ("split", "keys")}
        for block in STATED
    }
    kept = {name: values for name, values in whole.items() if name not in {*UNTOUCHED, "folds"}}
    without = resolve_case(case, {**kept, **bare, "variant": variant}, {})
    found = effective(without)
    assert found == effective(expected)
    # Of these the code's own defaults do nothing.
    assert {name: without[name] for name in UNTOUCHED} == {name: expected[name] for name in UNTOUCHED}
    assert without["folds"]["count"] == expected["folds"]["count"]
    # And what it leaves out has no effect on the network.
    unsaid = found.keys() - leaves({block: stated.get(block, {}) for block in STATED}).keys()
    assert {name: found[name] for name in unsaid} == {name: NOTHING.get(name, "stated") for name in unsaid}


def effective(tree: dict[str, Any]) -> dict[str, Any]:
    """Give the leaves of the stated blocks, less those that the split or the inputs of the case never look at."""
    strategy, preprocessor = tree["split"]["strategy"], tree["preprocessing"]
    idle = [".split.keys"]
    idle += [] if strategy == "time" else [".split.test_days", ".split.validation_days"]
    idle += [".split.test_share"] if strategy in {"given", "time", "none"} else []
    idle += [".training.network.embedding"] if preprocessor.get("encoding", {}) == {} else []
    found = leaves({block: tree[block] for block in STATED})
    return {name: value for name, value in found.items() if not name.startswith(tuple(idle))}


def test_every_row_of_the_ledger_is_a_variant() -> None:
    rows = [(case, variant) for case in CASES for variant in LEDGER[case]]
    assert [row for row in rows if row not in VARIANTS] == []
    assert {case for case, _ in PUBLISHED} == set(CASES)


@pytest.mark.parametrize("variant", REDHAT_TABLE)
def test_the_published_networks_are_those_of_the_table(variant: str) -> None:
    found = resolve_variant("base", "redhat", variant)
    training = found["training"]
    stated = (training["network"]["hidden"], found["preprocessing"]["scaling"], training["epochs"])
    assert stated == REDHAT_TABLE[variant]
    assert training["batch_size"] == 64
    assert training["optimizer"]["name"] == "adam"
    assert training["optimizer"]["learning_rate"] == 0.001
    assert training["network"]["activation"] == "relu"
    assert training["early_stopping"]["patience"] == 0
    assert found["split"] == {**found["split"], "strategy": "row", "test_share": 0.2, "validation_share": 0.1}


def test_the_default_is_the_honest_setting() -> None:
    assert resolve("base")["redhat"]["variant"] == "default"
    assert resolve("base")["redhat"]["split"]["strategy"] == "person"


def test_kedro_telemetry_is_refused() -> None:
    assert yaml.safe_load((CONF.parent / ".telemetry").read_text()) == {"consent": False}


def test_a_log_line_is_shown_as_it_is_whatever_it_names() -> None:
    said = yaml.safe_load((CONF / "logging.yml").read_text())["handlers"]["rich"]
    paper = StringIO()
    # Kedro's handler reads marks unless it is told otherwise.
    options = {"markup": True, **{name: value for name, value in said.items() if name != "class"}}
    handler = RichHandler(console=Console(file=paper, width=80), **options)
    handler.emit(logging.makeLogRecord({"msg": "batch 1, %s: told", "args": ("in[/x] [y].csv",), "levelname": "INFO"}))
    assert "INFO     batch 1, in[/x] [y].csv: told" in paper.getvalue()


@pytest.mark.parametrize("named", [False, True], ids=["the project's file", "a file that the user names"])
def test_logging_is_the_configurations_unless_the_user_names_another(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, named: bool
) -> None:
    source = tmp_path / "conf"
    source.mkdir()
    (source / "logging.yml").write_text("version: 1\n")
    (tmp_path / "notes").mkdir()
    with tarfile.open(tmp_path / "conf-casebook.tar.gz", "w:gz") as archive:
        archive.add(source, "conf")
    configured: list[object] = []
    monkeypatch.setattr(loader.LOGGING, "configure", configured.append)
    monkeypatch.delenv("KEDRO_LOGGING_CONFIG", raising=False)
    if named:
        monkeypatch.setenv("KEDRO_LOGGING_CONFIG", "mine.yml")
    monkeypatch.chdir(tmp_path)
    # Kedro has read this one.
    loader.configure_logging(str(source))
    assert configured == []
    monkeypatch.chdir(tmp_path / "notes")
    for place in (source, tmp_path / "conf-casebook.tar.gz", tmp_path / "notes"):
        loader.configure_logging(str(place))
    assert configured == ([] if named else [{"version": 1}, {"version": 1}])


def test_a_configuration_that_is_not_there_is_refused_by_its_place(tmp_path: Path) -> None:
    with pytest.raises(click.ClickException, match=f"there is no configuration in {tmp_path}/conf: name its folder"):
        CasebookSession("1", "casebook", tmp_path)
