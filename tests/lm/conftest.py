"""A small model and packed blocks to train it on."""

from __future__ import annotations

import json
import shutil
from dataclasses import dataclass
from pathlib import Path

import numpy as np
import pytest

import shoplm
from shoplm.lm.run import DOCUMENT_LOSSES, METRICS, TrainingRun, TrainingSettings

LENGTH = 32


@dataclass(frozen=True)
class TrainingInputs:
    """Directories of a model and of blocks, and runs on them."""

    base_model: Path
    blocks: Path
    held_out: Path
    adapter: dict | None = None

    def write(
        self, directory: Path, variant: str = "mixed", merge: bool = False, **training
    ) -> Path:
        """A run file: 24 blocks of 32 tokens, 2 of them a step."""
        directory.mkdir(parents=True, exist_ok=True)
        given = {"batch_tokens": 2 * LENGTH, "micro_batch": 2, "precision": "fp32", "keep": []}
        given |= {"evaluations": 2, "checkpoint_steps": 4} | training
        given.setdefault("optimizer", {"learning_rate": 1e-2})
        run = TrainingRun(
            variant=variant,
            base_model=self.base_model,
            blocks=self.blocks,
            held_out={"shop_en": self.held_out},
            training=TrainingSettings.model_validate(given),
            adapter=self.adapter,
            merge=merge,
        )
        return run.write(directory)


def write_blocks(directory: Path, documents: list[np.ndarray], tokenizer: str, eos: int) -> Path:
    """Pack documents into blocks in their order, none cut."""
    from shoplm.corpus.packing import BlocksMeta, PackedBlocks

    rows, offsets, room = [], [0], 0
    for number, document in enumerate(documents):
        if len(document) > room:
            rows.append(np.full(LENGTH, eos, np.uint16))
            offsets.append(number)
            room = LENGTH
        rows[-1][LENGTH - room : LENGTH - room + len(document)] = document
        offsets[-1] = number + 1
        room -= len(document)
    lengths = np.array([len(d) for d in documents], np.int32)
    n_tokens = int(lengths.sum())
    meta = BlocksMeta(
        LENGTH, len(rows), n_tokens, len(documents), 0, n_tokens / (LENGTH * len(rows)), eos, 400,
        tokenizer, 0,
    )  # fmt: skip
    numbers = np.arange(len(documents))
    PackedBlocks(np.stack(rows), lengths, np.array(offsets), numbers, meta).save(directory)
    return directory


@pytest.fixture(scope="session")
def training_inputs(tmp_path_factory, tokenizer_directory):
    """A BLOOM of 30,000 parameters, and documents that count up, by a step of their own."""
    from transformers import AutoTokenizer

    from shoplm.lm.bloom import write_bloom
    from shoplm.lm.loading import tokenizer_fingerprint
    from shoplm.lm.settings import BloomSettings

    root = tmp_path_factory.mktemp("training")
    settings = BloomSettings(hidden_size=32, layers=2, heads=4)
    write_bloom(root / "model", AutoTokenizer.from_pretrained(tokenizer_directory), settings, 0)
    tokenizer = tokenizer_fingerprint(root / "model")
    rng = np.random.default_rng(0)

    def documents(n: int) -> list[np.ndarray]:
        starts, by, sizes = rng.integers(2, 200, n), rng.integers(1, 4, n), rng.integers(5, 15, n)
        return [
            np.r_[s + b * np.arange(k), 1].astype(np.uint16)
            for s, b, k in zip(starts, by, sizes, strict=True)
        ]

    return TrainingInputs(
        root / "model",
        write_blocks(root / "blocks", documents(60), tokenizer, 1),
        write_blocks(root / "held_out", documents(13), tokenizer, 1),
    )


@pytest.fixture(scope="session")
def sft_inputs(training_inputs, tmp_path_factory):
    """The same with a third of each document for its prompt, and an adapter to train."""
    root = tmp_path_factory.mktemp("sft")
    places = []
    for blocks in (training_inputs.blocks, training_inputs.held_out):
        places.append(shutil.copytree(blocks, root / blocks.name))
        lengths = np.load(blocks / "lengths.npy")
        np.save(places[-1] / "prompts.npy", (lengths // 3).astype(np.int32))
    return TrainingInputs(training_inputs.base_model, *places, {"rank": 4, "alpha": 8})


@pytest.fixture
def tiny_bloom():
    """Weights wide enough for logits of size one, as a trained model has."""
    import torch
    from packed_rows import VOCABULARY
    from transformers import BloomConfig, BloomForCausalLM

    torch.manual_seed(0)
    shape = {"vocab_size": VOCABULARY, "hidden_size": 48, "n_layer": 2, "n_head": 4}
    return BloomForCausalLM(BloomConfig(**shape, initializer_range=0.1))


@pytest.fixture(scope="package", autouse=True)
def _one_thread():
    """Tensors are tiny here, and children are given one thread too."""
    import torch

    before = torch.get_num_threads()
    torch.set_num_threads(1)
    yield
    torch.set_num_threads(before)


@pytest.fixture(autouse=True)
def _importable(monkeypatch):
    """Children import this shoplm."""
    monkeypatch.setenv("PYTHONPATH", str(Path(shoplm.__file__).parents[1]))
    monkeypatch.delenv("OMP_NUM_THREADS", raising=False)
    monkeypatch.setenv("CUDA_VISIBLE_DEVICES", "")


def read_rows(run_file: Path, name: str = METRICS) -> list[dict]:
    """Rows of results beside a run file."""
    return [json.loads(line) for line in (run_file.parent / name).read_text().splitlines()]


def losses(run_file: Path, split: str = "train") -> dict[int, float]:
    """Loss by step."""
    rows = read_rows(run_file)
    return {r["step"]: r["value"] for r in rows if (r["split"], r["metric"]) == (split, "loss")}


@pytest.fixture
def results():
    """Readers of what a run left."""

    class Results:
        rows = staticmethod(read_rows)
        losses = staticmethod(losses)

        @staticmethod
        def documents(run_file: Path) -> list[dict]:
            return read_rows(run_file, DOCUMENT_LOSSES)

    return Results
