import pandas as pd
import pytest
from kedro.io import DataCatalog, DatasetError, MemoryDataset
from kedro.runner import SequentialRunner

from shoplm.datasets import ModelDirectoryDataset
from shoplm.pipelines.base_model import create_pipeline
from shoplm.pipelines.base_model.params import BaseModelParams

TEXTS = pd.DataFrame(
    {
        "text": [f"{word} street runs down to harbour {i}" for i, word in enumerate("abcdefgh")]
        + [f"第{i}条街通往港口" for i in range(8)],
        "language": ["en"] * 8 + ["zh"] * 8,
    }
)
SMALL = {
    "tokenizer": {"vocabulary_size": 300},
    "bloom": {"hidden_size": 16, "layers": 1, "heads": 2},
}


@pytest.fixture
def run(tmp_path):
    """Run the pipeline over some texts; the model directory that it leaves."""

    def run(texts, **params):
        catalog = DataCatalog(
            {
                "general_text": MemoryDataset(texts),
                "params:base_model": MemoryDataset(
                    BaseModelParams.model_validate({**SMALL, **params})
                ),
                "base_tokenizer": ModelDirectoryDataset(
                    path=str(tmp_path / "base_tokenizer"), weights=False
                ),
                "base_model": ModelDirectoryDataset(path=str(tmp_path / "base_model")),
            }
        )
        SequentialRunner().run(create_pipeline(), catalog)
        return catalog.load("base_model")

    return run


def contents(directory):
    return {path.name: path.read_bytes() for path in directory.iterdir()}


def test_leaves_a_directory_that_depends_on_content_and_seed_alone(run):
    first = contents(run(TEXTS))
    assert {"config.json", "model.safetensors", "tokenizer.json"} <= set(first)
    assert not any(name.endswith((".bin", ".pt")) for name in first)
    assert contents(run(TEXTS.sample(frac=1, random_state=3))) == first
    other = contents(run(TEXTS, seed=1))
    assert other["model.safetensors"] != first["model.safetensors"]
    assert other["tokenizer.json"] == first["tokenizer.json"]


def test_failure_leaves_the_model_before_it(run, tmp_path):
    before = contents(run(TEXTS))
    with pytest.raises((DatasetError, ValueError), match="no text to train a tokenizer on"):
        run(TEXTS[:0])
    assert contents(tmp_path / "base_model") == before
