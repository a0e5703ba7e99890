"""Models trained on mixtures: what is planned, what is refused, what a run leaves."""

import json
import re
import shutil
from dataclasses import replace
from pathlib import Path

import numpy as np
import pandas as pd
import pytest
from kedro.io import DataCatalog, MemoryDataset
from kedro.runner import SequentialRunner
from kedro_datasets.pandas import CSVDataset, ParquetDataset
from kedro_datasets.plotly import JSONDataset
from kedro_datasets.text import TextDataset
from pydantic import ValidationError

from shoplm.corpus.packing import BlocksMeta, PackedBlocks
from shoplm.corpus.tokenising import Vocabulary
from shoplm.datasets import ModelDirectoriesDataset, ModelDirectoryDataset, PackedBlocksDataset
from shoplm.pipelines.continual_pretrain import create_pipeline
from shoplm.pipelines.continual_pretrain.nodes import plan_runs
from shoplm.pipelines.continual_pretrain.params import ContinualPretrainParams

LENGTH = 16
METRICS = ["variant", "seed", "step", "tokens", "split", "metric", "value"]
LOSSES = ["variant", "seed", "step", "tokens", "split", "document", "n_targets", "loss"]


def make_params(runs: Path, **more) -> ContinualPretrainParams:
    values = {
        "seeds": [0, 3],
        "runs": runs,
        "pretraining": {
            "mixture": "mixed",
            "training": {
                "batch_tokens": 4 * LENGTH, "micro_batch": 2, "precision": "fp32",
                "optimizer": {"learning_rate": 0.01}, "evaluations": 2, "keep": [0.5],
            },
            "launch": {"threads": 1},
        },
        "variants": {"mixed": {}, "alone": {"mixture": "separate"}},
        "comparisons": [["mixed", "alone"]],
        "bootstrap": {"samples": 99},
    }  # fmt: skip
    return ContinualPretrainParams.model_validate(values | more)


def make_blocks(vocabulary: Vocabulary, n_blocks: int, seed: int) -> PackedBlocks:
    """Blocks of two documents each, of random tokens."""
    tokens = np.random.default_rng(seed).integers(5, 100, (n_blocks, LENGTH)).astype(np.uint16)
    lengths = np.tile([10, LENGTH - 10], n_blocks).astype(np.int32)
    meta = BlocksMeta(
        sequence_length=LENGTH, n_blocks=n_blocks, n_tokens=tokens.size, n_documents=len(lengths),
        n_cut=0, fill=1.0, eos_id=vocabulary.eos_id, vocabulary_size=vocabulary.size,
        tokenizer=vocabulary.fingerprint, seed=0,
    )  # fmt: skip
    return PackedBlocks(
        tokens, lengths, np.arange(0, 2 * n_blocks + 1, 2), np.arange(2 * n_blocks), meta
    )


@pytest.fixture(scope="module")
def catalog(tmp_path_factory, tokenizer_directory):
    """All inputs of the pipeline; `mixed` has more blocks than `separate`."""
    from transformers import AutoTokenizer

    from shoplm.lm.bloom import write_bloom
    from shoplm.lm.settings import BloomSettings

    folder = tmp_path_factory.mktemp("pretraining")
    tokenizer = AutoTokenizer.from_pretrained(tokenizer_directory)
    shape = BloomSettings(hidden_size=16, layers=1, heads=2)
    write_bloom(folder / "base_model", tokenizer, shape, seed=0)
    vocabulary = Vocabulary.open(folder / "base_model")
    blocks = {name: PackedBlocksDataset(path=str(folder / name)) for name in ("packed", "held_out")}
    blocks["packed"].save(
        {"mixed": make_blocks(vocabulary, 20, 1), "separate": make_blocks(vocabulary, 17, 2)}
    )
    blocks["held_out"].save(
        {"shop_en": make_blocks(vocabulary, 2, 3), "general_zh": make_blocks(vocabulary, 1, 4)}
    )
    params = make_params(folder / "runs")
    documents = pd.DataFrame(
        [
            {"split": split, "document": number, "document_id": f"d{number}", "component": number}
            for split, held in blocks["held_out"].load().items()
            for number in sorted(set(held.documents.tolist()))
        ]
    )
    csv, figures = ("pretrain_metrics", "pretrain_comparison"), ("pretraining", "perplexity")
    return DataCatalog(
        {
            "packed_blocks": blocks["packed"],
            "held_out_blocks": blocks["held_out"],
            "held_out_documents": MemoryDataset(documents),
            "base_model": ModelDirectoryDataset(path=str(folder / "base_model")),
            "other_base_models": MemoryDataset({}),
            "params:continual_pretrain": MemoryDataset(params),
            "pretrained_models": ModelDirectoriesDataset(path=str(folder / "pretrained")),
            "pretrain_checkpoints": ModelDirectoriesDataset(path=str(folder / "checkpoints")),
            "document_losses": ParquetDataset(filepath=str(folder / "losses.parquet")),
            "pretraining_page": TextDataset(filepath=str(folder / "page.html")),
            **{name: CSVDataset(filepath=str(folder / f"{name}.csv")) for name in csv},
            **{f"{name}_figure": JSONDataset(filepath=str(folder / name)) for name in figures},
        }
    )


@pytest.fixture(scope="module")
def trained(catalog):
    """The catalog after a run."""
    SequentialRunner().run(create_pipeline(), catalog)
    return catalog


def plan(catalog, **changes):
    names = ["packed_blocks", "held_out_blocks", "base_model", "other_base_models"]
    inputs = {name: catalog.load(name) for name in names}
    inputs["params"] = catalog.load("params:continual_pretrain")
    return plan_runs(**inputs | changes)


def test_all_of_a_seed_come_before_the_next_and_have_one_budget(catalog):
    runs = [run for run, _ in plan(catalog)]
    assert [(run.variant, run.seed) for run in runs] == [
        ("mixed", 0), ("alone", 0), ("mixed", 3), ("alone", 3),
    ]  # fmt: skip
    assert {run.training.tokens for run in runs} == {17 * LENGTH}
    assert [run.blocks.name for run in runs] == ["mixed", "separate"] * 2
    assert all(set(run.held_out) == {"shop_en", "general_zh"} for run in runs)


def test_a_variant_may_start_from_another_model_which_is_fetched_once(
    catalog, tmp_path, tokenizer_directory
):
    fetched = []
    others = {
        "large": lambda: fetched.append("large") or tokenizer_directory,
        "unused": lambda: fetched.append("unused"),
    }
    variants = {"mixed": {}, "a": {"base_model": "large"}, "b": {"base_model": "large"}}
    params = make_params(tmp_path, variants=variants, comparisons=[])
    starts = {
        run.variant: run.base_model
        for run, _ in plan(catalog, params=params, other_base_models=others)
    }
    assert starts == {"mixed": catalog.load("base_model"), "a": tokenizer_directory,
                      "b": tokenizer_directory}  # fmt: skip
    assert fetched == ["large"]


@pytest.mark.parametrize(
    ("variant", "words"),
    [
        ({"mixture": "mixd"}, r"'v': mixture 'mixd' is not in packed_blocks.*mixed, separate"),
        ({"base_model": "bloom"}, r"'v': base_model 'bloom' is not in other_base.*has nothing"),
        ({"training": {"tokens": 64_000}}, "v: the schedule is longer than the data.*64000.*320"),
        ({"training": {"batch_tokens": 24}}, "v: batch_tokens: 24 is no multiple"),
        ({"training": {"tokens": 8}}, "v: there is no step to make"),
        (
            {"launch": {"launcher": "torchrun", "processes": 3}},
            "v: batch_tokens: 64 are 4 blocks of 16, which 3 processes cannot share",
        ),
        (
            {"launch": {"launcher": "torchrun", "processes": 4, "hosts": 2, "rendezvous": "a:1"}},
            "v: batch_tokens.*which 8 processes",
        ),
        (
            {"launch": {"launcher": "deepspeed", "hostfile": "/nowhere/hosts"}},
            "/nowhere/hosts: no such hostfile",
        ),
    ],
)
def test_what_a_variant_cannot_have_is_refused_before_anything_runs(catalog, variant, words):
    runs = catalog.load("params:continual_pretrain").runs.with_name("refused")
    params = make_params(runs, variants={"v": variant}, comparisons=[])
    with pytest.raises((ValueError, FileNotFoundError), match=f"(?s){words}"):
        plan(catalog, params=params)
    assert not runs.exists()


def test_each_host_of_a_hostfile_runs_as_many_processes(catalog, tmp_path):
    hostfile = tmp_path / "hosts"
    launch = {"launcher": "deepspeed", "processes": 2, "hostfile": str(hostfile)}
    params = make_params(tmp_path / "runs", variants={"v": {"launch": launch}}, comparisons=[])
    hostfile.write_text("# both\na slots=4\n\nb slots=2\n")
    plan(catalog, params=params)  # four blocks of a batch for four processes
    hostfile.write_text("a slots=2\nb slots=2\nc slots=2\n")
    with pytest.raises(ValueError, match=r"v: batch_tokens.*which 6 processes"):
        plan(catalog, params=params)


def test_without_held_out_text_nothing_can_be_measured(catalog):
    with pytest.raises(ValueError, match="held_out_blocks: no held-out text"):
        plan(catalog, held_out_blocks={})


@pytest.mark.parametrize(
    ("overrides", "words"),
    [
        ({"variants": {}}, "name at least one"),
        ({"variants": {"mixed": None}, "comparisons": []}, "name at least one"),
        ({"variants": {"a/b": {}}}, "a/b.*should match pattern"),
        ({"variants": {"v": {"mixtur": "m"}}}, "'v'.*'mixtur'.*'mixture'"),
        ({"variants": {"v": {"training": {"passes": 0}}}}, "'v'.*training.passes"),
        ({"comparisons": [["mixed", "seperate"]]}, r"comparisons.*'seperate'.*alone"),
        ({"seeds": []}, "seeds"),
        ({"seeds": [1, 1]}, "names a seed twice"),
        ({"pretraining": {}}, "mixture"),
    ],
)
def test_wrong_parameters_are_refused_by_name(overrides, words):
    with pytest.raises(ValidationError, match=f"(?s){words}"):
        make_params(Path("runs"), **overrides)


def test_a_model_a_variant_and_seed(trained):
    from transformers import AutoModelForCausalLM

    models, kept = trained.load("pretrained_models"), trained.load("pretrain_checkpoints")
    assert set(models) == {"mixed/seed-0", "mixed/seed-3", "alone/seed-0", "alone/seed-3"}
    assert len(kept) == 4 and {name.rsplit("/", 1)[0] for name in kept} == set(models)
    # two of four steps, of four whole blocks each
    assert {name.rsplit("/", 1)[1] for name in kept} == {f"tokens-{2 * 4 * LENGTH}"}
    first, second, half = (
        AutoModelForCausalLM.from_pretrained(path).state_dict()
        for path in (models["mixed/seed-0"], models["mixed/seed-3"], *list(kept.values())[:1])
    )
    weight = "transformer.word_embeddings.weight"
    assert (first[weight] != second[weight]).any() and (first[weight] != half[weight]).any()


def test_metrics_are_one_tidy_table(trained):
    table = trained.load("pretrain_metrics")
    assert list(table.columns) == METRICS
    assert not table.duplicated(METRICS[:-1]).any() and table["value"].notna().all()
    by_split = table.groupby("split")["metric"].agg(set).to_dict()
    held_out = {"loss", "perplexity"}
    assert by_split.pop("train") >= {"loss", "learning_rate", "gradient_norm", "memory_gb"}
    assert by_split == {"shop_en": held_out, "general_zh": held_out}
    measured = table[(table["split"] == "shop_en") & (table["metric"] == "loss")]
    assert set(measured.groupby(["variant", "seed"])["step"].agg(tuple)) == {(0, 2, 4)}
    # one base model, so one loss before the first step
    assert measured.loc[measured["step"] == 0, "value"].nunique() == 1
    train = table[(table["split"] == "train") & (table["metric"] == "loss")]
    assert train.loc[train["step"] == 1].groupby("variant")["value"].nunique().eq(2).all()


def test_document_losses_add_up_to_the_metrics(trained):
    losses, metrics = trained.load("document_losses"), trained.load("pretrain_metrics")
    assert list(losses.columns) == LOSSES
    keys = ["variant", "seed", "step", "split"]
    sums = losses.groupby(keys)[["loss", "n_targets"]].sum()
    stated = metrics[metrics["metric"] == "loss"].set_index(keys)["value"].reindex(sums.index)
    assert len(sums) == 2 * 2 * 3 * 2  # variants, seeds, measured models, splits
    np.testing.assert_allclose(sums["loss"] / sums["n_targets"], stated, rtol=1e-5)


def test_the_comparison_has_every_variant_and_the_pair(trained):
    table = trained.load("pretrain_comparison")
    assert {"mixed", "alone", "base"} <= set(table["variant"])
    assert {"base", "alone"} <= set(table["against"].dropna())
    assert {"shop_en", "general_zh"} <= set(table["split"])
    assert "<html" in trained.load("pretraining_page")


def test_what_is_trained_is_not_trained_again(trained):
    def state():
        runs = trained.load("params:continual_pretrain").runs
        return {path: path.stat().st_mtime_ns for path in runs.rglob("*") if path.is_file()}

    before, metrics = state(), trained.load("pretrain_metrics")
    SequentialRunner().run(create_pipeline(), trained)
    assert state() == before
    pd.testing.assert_frame_equal(trained.load("pretrain_metrics"), metrics)
    assert len(trained.load("pretrained_models")) == 4


def rewritten(blocks: dict[str, PackedBlocks], name: str) -> dict[str, PackedBlocks]:
    """The same, but one of them says that another tokenizer wrote it."""
    meta = replace(blocks[name].meta, tokenizer="fedcba9876543210")
    return blocks | {name: replace(blocks[name], meta=meta)}


def test_blocks_of_another_tokenizer_are_refused_before_anything_runs(catalog):
    packed, held_out = catalog.load("packed_blocks"), catalog.load("held_out_blocks")
    words = "'alone': the blocks of mixture 'separate' were.*fedcba9876543210.*'base_model' is"
    with pytest.raises(ValueError, match=words):
        plan(catalog, packed_blocks=rewritten(packed, "separate"))
    with pytest.raises(ValueError, match="'mixed': the blocks of held-out split 'general_zh'"):
        plan(catalog, held_out_blocks=rewritten(held_out, "general_zh"))


def test_a_base_model_of_another_tokenizer_is_refused_before_anything_runs(
    catalog, tmp_path, tokenizer_directory
):
    other = shutil.copytree(tokenizer_directory, tmp_path / "other")
    definition = json.loads((other / "tokenizer.json").read_text())
    definition["model"]["merges"].pop()
    (other / "tokenizer.json").write_text(json.dumps(definition))
    variants = {"mixed": {}, "large": {"base_model": "large"}}
    params = make_params(tmp_path / "runs", variants=variants, comparisons=[])
    with pytest.raises(
        ValueError, match=r"variant 'large': the blocks of mixture 'mixed'.*'large'"
    ):
        plan(catalog, params=params, other_base_models={"large": lambda: other})


def test_the_contract_of_names():
    pipeline = create_pipeline()
    assert pipeline.all_outputs() >= {
        "pretrained_models", "pretrain_checkpoints", "pretrain_metrics",
    }  # fmt: skip
    assert {node.namespace for node in pipeline.nodes} == {"continual_pretrain"}
    assert all(re.fullmatch(r"[a-z_]+", name.split(":")[0]) for name in pipeline.inputs())
