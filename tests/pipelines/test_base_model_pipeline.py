import pandas as pd
import pytest
from kedro.io import DataCatalog, DatasetError, MemoryDataset
from kedro.runner import SequentialRunner

from shoplm.datasets import ModelDirectoryDataset, PackedBlocksDataset
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
    "held_out": {"share": 0.2, "seed": 1},
    "packing": {"sequence_length": 32},
    "training": {
        "tokens": 10**6, "passes": 4, "batch_tokens": 64, "precision": "fp32", "evaluations": 2,
        "keep": [], "optimizer": {"learning_rate": 0.03},
    },
}  # fmt: skip


@pytest.fixture
def run(tmp_path):
    """Run the pipeline over some texts; the catalog that it leaves."""

    def run(texts, **params):
        values = {**SMALL, "runs": tmp_path / "runs", **params}
        catalog = DataCatalog(
            {
                "general_text": MemoryDataset(texts),
                "params:base_model": MemoryDataset(BaseModelParams.model_validate(values)),
                "base_tokenizer": ModelDirectoryDataset(
                    path=str(tmp_path / "base_tokenizer"), weights=False
                ),
                "initial_model": ModelDirectoryDataset(path=str(tmp_path / "initial_model")),
                "base_blocks": PackedBlocksDataset(path=str(tmp_path / "base_blocks")),
                "base_metrics": MemoryDataset(),
                "base_model": ModelDirectoryDataset(path=str(tmp_path / "base_model")),
            }
        )
        SequentialRunner().run(create_pipeline(), catalog)
        return catalog

    return run


def contents(directory):
    return {path.name: path.read_bytes() for path in directory.iterdir()}


def test_pretrains_a_model_that_content_and_seed_alone_decide(run, tmp_path):
    catalog = run(TEXTS)
    model = contents(catalog.load("base_model"))
    assert {"config.json", "model.safetensors", "tokenizer.json"} <= set(model)
    assert not any(name.endswith((".bin", ".pt")) for name in model)
    drawn = contents(tmp_path / "initial_model")
    assert drawn["config.json"] == model["config.json"]
    assert drawn["model.safetensors"] != model["model.safetensors"]

    blocks = catalog.load("base_blocks")
    assert set(blocks) == {"general", "general_en", "general_zh"}
    metrics = catalog.load("base_metrics")
    losses = metrics[metrics["metric"] == "loss"].set_index("split")
    assert losses.loc["train", "value"].iloc[-1] < 0.9 * losses.loc["train", "value"].iloc[0]
    steps = metrics["step"].max()
    assert steps == 4 * blocks["general"].meta.n_blocks // 2  # all that the passes give
    for split in ("general_en", "general_zh"):
        assert set(losses.loc[split, "step"]) == {0, steps // 2, steps}

    launched = (tmp_path / "runs/launch.log").read_text()
    assert contents(run(TEXTS.sample(frac=1, random_state=3)).load("base_model")) == model
    assert (tmp_path / "runs/launch.log").read_text() == launched  # the same run is not made again
    other = contents(run(TEXTS, seed=1).load("base_model"))
    assert other["model.safetensors"] != model["model.safetensors"]
    assert other["tokenizer.json"] == model["tokenizer.json"]

    before = contents(tmp_path / "base_model")
    with pytest.raises((DatasetError, ValueError), match="no text to train a tokenizer on"):
        run(TEXTS[:0])
    assert contents(tmp_path / "base_model") == before
