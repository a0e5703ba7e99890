"""What every kedro command pays for: modules that registering all pipelines imports."""

import json
import subprocess
import sys
from pathlib import Path

ROOT = Path(__file__).parents[1]

HEAVY = {
    "deepspeed",
    "duckdb",
    "huggingface_hub",
    "ibis",
    "mlflow",
    "numpy",
    "openai",
    "pandas",
    "plotly",
    "pyarrow",
    "safetensors",
    "scipy",
    "tokenizers",
    "torch",
    "transformers",
}

REGISTER = """
import json, sys
from kedro.framework.project import pipelines, settings
from kedro.framework.startup import bootstrap_project
bootstrap_project({root!r})
settings.HOOKS
print(json.dumps([sorted(pipelines), sorted(sys.modules)]))
"""


def test_registering_all_pipelines_imports_nothing_heavy():
    done = subprocess.run(
        [sys.executable, "-c", REGISTER.format(root=str(ROOT))],
        cwd=ROOT,
        capture_output=True,
        text=True,
        check=True,
    )
    names, modules = json.loads(done.stdout.splitlines()[-1])
    assert {"__default__", "demo", "demo_shop", "base_model", "data_mixing"} <= set(names)
    assert "shoplm.hooks" in modules and "shoplm.pipelines.data_mixing.nodes" in modules
    assert HEAVY.isdisjoint(modules)


def test_datasets_are_imported_one_by_one():
    program = """
import sys
import shoplm.datasets
assert "pandas" not in sys.modules
shoplm.datasets.ModelDirectoryDataset
assert not {"pandas", "ibis", "torch"} & set(sys.modules)
try:
    shoplm.datasets.NoDataset
except AttributeError as error:
    print(error)
"""
    done = subprocess.run(
        [sys.executable, "-c", program], capture_output=True, text=True, check=True
    )
    assert "no attribute 'NoDataset'" in done.stdout
