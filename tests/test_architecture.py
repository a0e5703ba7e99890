"""Rules of the house: who imports whom, and what a catalog entry, parameter and node must have."""

import re
import subprocess
import sys
import typing
from pathlib import Path

import pytest
from kedro.framework.project import pipelines
from kedro.framework.session import KedroSession
from kedro.framework.startup import bootstrap_project
from pydantic import BaseModel

import shoplm.datasets

ROOT = Path(__file__).parents[1]
ENVIRONMENTS = sorted({path.name for path in (ROOT / "conf").iterdir() if path.is_dir()} - {"base"})
LAYERS = {"raw", "intermediate", "primary", "feature", "model_input", "models", "model_output"}
LAYERS |= {"reporting"}
READ_BY_HOOKS = {"tracking"}


@pytest.fixture(scope="module")
def registered():
    bootstrap_project(ROOT)
    return dict(pipelines)


@pytest.fixture(scope="module")
def nodes(registered):
    return [node for pipeline in registered.values() for node in pipeline.nodes]


@pytest.fixture(scope="module", params=ENVIRONMENTS)
def config(request):
    bootstrap_project(ROOT)
    with KedroSession.create(ROOT, env=request.param) as session:
        yield session.load_context()


def test_imports_follow_the_contracts():
    # a process of its own: the linter sets up logging anew, which closes the stream of absl
    linter = Path(sys.executable).with_name("lint-imports")
    done = subprocess.run([linter, "--no-cache"], cwd=ROOT, capture_output=True, text=True)
    assert done.returncode == 0, done.stdout + done.stderr


def test_no_utils_module():
    names = {path.stem for path in (ROOT / "src").rglob("*.py")}
    assert names.isdisjoint({"util", "utils", "helpers", "misc", "common"})


def test_catalog_entries_have_a_layer_and_a_use(config, registered):
    used = set().union(*(pipeline.datasets() for pipeline in registered.values()))
    entries = {k: v for k, v in config.config_loader["catalog"].items() if not k.startswith("_")}
    layers = {name: _layer(entry) for name, entry in entries.items()}
    assert {name: layer for name, layer in layers.items() if layer not in LAYERS} == {}
    patterns = {n: re.compile(re.sub(r"\\{\w+\\}", ".+", re.escape(n))) for n in entries}
    assert {n for n, pattern in patterns.items() if not any(map(pattern.fullmatch, used))} == set()


def _layer(entry: dict) -> str | None:
    return entry.get("metadata", {}).get("kedro-viz", {}).get("layer")


def test_every_dataset_of_a_pipeline_is_in_the_catalog(config, registered):
    used = set().union(*(pipeline.datasets() for pipeline in registered.values()))
    data = {name for name in used if not name.startswith("params:") and name != "parameters"}
    catalog = config.catalog
    assert {name for name in data if name not in catalog} == set()


def test_files_lie_below_the_data_folder_of_their_environment(config):
    data = config.config_loader["globals"]["data"]
    for name, entry in config.config_loader["catalog"].items():
        place = entry.get("filepath") or entry.get("path")
        if place and _layer(entry) != "raw":
            assert str(place).startswith((f"{data}/0", str(ROOT / data))), f"{name}: {place}"


def test_parameters_are_used_and_valid(config, registered):
    used = set().union(*(pipeline.inputs() for pipeline in registered.values()))
    tops = {name.removeprefix("params:").split(".")[0] for name in used if "params:" in name}
    assert set(config.config_loader["parameters"]) <= tops | READ_BY_HOOKS
    assert tops <= set(config.params)
    for name in tops:  # kedro has validated them against the hints of the nodes
        assert isinstance(config.params[name], BaseModel), name


def test_nodes_are_named_after_documented_functions(nodes):
    for node in nodes:
        assert node.namespace, node.name
        assert node.name == f"{node.namespace}.{node.func.__name__}"
        assert (node.func.__doc__ or "").strip().endswith("."), f"{node.name} has no docstring"
        assert re.fullmatch(r"[a-z]+(_[a-z]+)+", node.func.__name__), node.name


def test_every_setting_is_documented(nodes):
    models: set[type[BaseModel]] = set()
    for node in nodes:
        for hint in typing.get_type_hints(node.func).values():
            models |= _settings(hint)
    assert models
    missing = {
        f"{model.__name__}.{name}"
        for model in models
        for name, field in model.model_fields.items()
        if not field.description
    }
    assert missing == set()


def _settings(hint: object) -> set[type[BaseModel]]:
    """The pydantic models in a type hint, and in the fields of those."""
    if isinstance(hint, type) and issubclass(hint, BaseModel):
        inner = (_settings(field.annotation) for field in hint.model_fields.values())
        return {hint}.union(*inner)
    return set().union(*map(_settings, typing.get_args(hint)))


def test_all_datasets_of_our_own_can_be_named():
    for name in shoplm.datasets.__all__:
        assert getattr(shoplm.datasets, name).__name__ == name


def test_a_tracked_run_leaves_figures_and_reports(config):
    entries = config.config_loader["catalog"].values()
    assert {"metrics", "artefact"} <= {e.get("metadata", {}).get("tracking") for e in entries}
