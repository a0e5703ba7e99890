"""Every variant of conf/paper down to its run file, DeepSpeed's JSON and the exact command.

The models are stand-ins of one file each: nothing is downloaded, no weights are read.
"""

import base64
import json
import sys
from pathlib import Path
from types import SimpleNamespace

import pytest
from kedro.framework.session import KedroSession
from kedro.framework.startup import bootstrap_project

from shoplm import launch
from shoplm.lm.deepspeed_config import deepspeed_config
from shoplm.lm.launching import prepare_runs
from shoplm.lm.run import TrainingRun
from shoplm.pipelines.continual_pretrain.nodes import plan_runs

ROOT = Path(__file__).parents[2]
MIXTURES = ["ecom_only", "general_only", "mixed", "separate"]
LENGTH = 2048
BLOCKS = {"ecom_only": 9_000, "general_only": 20_000, "mixed": 8_200, "separate": 8_300}


@pytest.fixture(scope="module")
def paper():
    bootstrap_project(ROOT)
    with KedroSession.create(ROOT, env="paper") as session:
        yield session.load_context()


@pytest.fixture(scope="module")
def planned(paper, tmp_path_factory):
    """By variant: run file, training run and launch settings."""
    folder = tmp_path_factory.mktemp("paper")

    def stand_in(name: str) -> Path:
        (folder / name).mkdir()
        (folder / name / "content").write_text(name)
        return folder / name

    def blocks(name: str, n_blocks: int) -> SimpleNamespace:
        meta = SimpleNamespace(n_blocks=n_blocks, sequence_length=LENGTH)
        return SimpleNamespace(directory=stand_in(name), meta=meta)

    other = paper.config_loader["catalog"]["other_base_models"]["models"]
    runs = plan_runs(
        {name: blocks(name, n_blocks) for name, n_blocks in BLOCKS.items()},
        {"shop_en": blocks("shop_en", 8)},
        stand_in("bloom_3b"),
        {name: (lambda name=name: stand_in(name)) for name in other},
        paper.params["continual_pretrain"],
    )
    files = prepare_runs(runs, folder / "runs")
    return {
        run.variant: (file, TrainingRun.read(file), settings)
        for file, (run, settings) in zip(files.values(), runs, strict=True)
    }


def test_the_four_mixtures_for_both_sizes(planned, paper):
    assert sorted(planned) == sorted([*MIXTURES, *(f"{name}_7b1" for name in MIXTURES)])
    catalog = paper.config_loader["catalog"]
    assert catalog["base_model"]["hub"] == "bigscience/bloom-3b"
    assert catalog["other_base_models"]["models"]["bloom_7b1"] == {"hub": "bigscience/bloom-7b1"}
    for name, (_, run, settings) in planned.items():
        large = name.endswith("_7b1")
        assert run.base_model.name == ("bloom_7b1" if large else "bloom_3b")
        assert run.blocks.name == name.removesuffix("_7b1")
        assert settings.processes == (4 if large else 2)


def test_all_train_on_as_many_tokens_of_as_long_sequences(planned, paper):
    assert paper.params["data_mixing"].packing.sequence_length == LENGTH
    lengths = {run.training.tokens // run.training.batch_tokens for _, run, _ in planned.values()}
    assert lengths == {min(BLOCKS.values()) * LENGTH // 1_048_576}


def test_deepspeed_is_given_the_papers_optimizer(planned):
    for name, (_, run, settings) in planned.items():
        config = deepspeed_config(run.training, settings.processes, LENGTH)
        json.dumps(config)
        adamw = config["optimizer"]["params"]
        assert config["optimizer"]["type"] == "AdamW", name
        assert (adamw["betas"], adamw["weight_decay"]) == ([0.9, 0.95], 0.1)
        assert config["bf16"]["enabled"] and config["gradient_clipping"] == 1.0
        assert config["zero_optimization"]["stage"] >= 1
        blocks = (
            config["train_micro_batch_size_per_gpu"]
            * config["gradient_accumulation_steps"]
            * settings.processes
        )
        assert blocks * LENGTH == run.training.batch_tokens == 512 * LENGTH


def test_the_exact_command(planned, monkeypatch):
    monkeypatch.delenv("CUDA_VISIBLE_DEVICES", raising=False)
    for file, run, settings in planned.values():
        devices = [0, 1, 2, 3] if run.variant.endswith("_7b1") else [0, 1]
        world = base64.urlsafe_b64encode(json.dumps({"localhost": devices}).encode()).decode()
        assert launch.command("shoplm.lm.train", [file], settings, port=29_501) == [
            sys.executable, "-m", "deepspeed.launcher.launch", f"--world_info={world}",
            "--master_port=29501", "--no_local_rank", "--module", "shoplm.lm.train", str(file),
        ]  # fmt: skip
