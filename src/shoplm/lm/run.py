"""What a training run is: its settings and its run file, without torch."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path
from typing import Any, Literal

from pydantic import Field, model_validator

from shoplm.launch.run_file import VariantRun, write_run
from shoplm.launch.zero import ZeroSettings
from shoplm.lm.lora import LoraSettings
from shoplm.variants import Settings

METRICS = "metrics.jsonl"
DOCUMENT_LOSSES = "document_losses.jsonl"
FINAL = Path("models/final")
MERGED = Path("models/merged")
CHECKPOINTS = "checkpoints"

WITHOUT_EFFECT = frozenset(
    {
        "micro_batch",
        "activation_checkpointing",
        "logits_per_chunk",
        "checkpoint_minutes",
        "checkpoint_steps",
        "log_steps",
    }
)
"""Training settings that results do not depend on: a run may go on with others."""


class OptimizerSettings(Settings):
    """AdamW; biases and norms are not decayed."""

    learning_rate: float = Field(5e-5, gt=0)
    """Peak of the schedule."""
    betas: tuple[float, float] = (0.9, 0.95)
    """Decay of the two moments."""
    epsilon: float = Field(1e-8, gt=0)
    """Added to the denominator."""
    weight_decay: float = Field(0.1, ge=0)
    """Decoupled, on weight matrices."""
    gradient_clipping: float = Field(1.0, gt=0)
    """Largest global norm of the gradient."""


class ScheduleSettings(Settings):
    """Learning rate as a share of its peak over the steps of a run."""

    kind: Literal["constant", "cosine", "warmup_stable_decay"] = "cosine"
    """After the warm-up: constant; half a cosine; constant, then linear decay."""
    warmup: float = Field(0.01, ge=0, lt=1)
    """Share of all steps over which the rate rises linearly from 0."""
    decay: float = Field(0.1, gt=0, le=1)
    """warmup_stable_decay: share of all steps that decay."""
    floor: float = Field(0.1, ge=0, le=1)
    """cosine, warmup_stable_decay: the last rate, as a share of the peak."""

    @model_validator(mode="after")
    def _fits(self) -> ScheduleSettings:
        if self.kind == "warmup_stable_decay" and self.warmup + self.decay > 1:
            raise ValueError(
                f"warmup ({self.warmup}) and decay ({self.decay}) are more than the whole run"
            )
        return self


class TrainingSettings(Settings):
    """Next-token training on packed blocks."""

    tokens: int | None = Field(None, ge=1)
    """Length of the run in token places (blocks times their length), rounded down to whole
    batches; the default is what `passes` passes over the blocks give."""
    passes: float = Field(1.0, gt=0)
    """The blocks may be seen this often at most."""
    batch_tokens: int = Field(524_288, ge=1)
    """Token places in one optimizer step over all processes: a multiple of the block length,
    reached by accumulation."""
    micro_batch: int = Field(4, ge=1)
    """Blocks that one process sends through the model at a time, at most. Results do not depend on
    it, unless the model has dropout, which is drawn anew for each; a run may go on with another."""
    precision: Literal["fp32", "bf16"] = "bf16"
    """Type of activations and of the products' inputs; master weights and moments are fp32."""
    activation_checkpointing: bool = False
    """Recompute each layer's activations in the backward pass."""
    attention: (
        Literal["eager", "sdpa", "flex_attention", "flash_attention_2", "flash_attention_3"] | None
    ) = None
    """transformers' `attn_implementation`, for architectures other than BLOOM, which has an
    attention of its own here; the default is transformers' own choice."""
    zero: ZeroSettings | None = None
    """Train with DeepSpeed; without it plain PyTorch, data-parallel over several processes."""
    optimizer: OptimizerSettings = OptimizerSettings()
    """AdamW."""
    schedule: ScheduleSettings = ScheduleSettings()
    """Learning rate over the run."""
    evaluations: int = Field(4, ge=1)
    """Measurements on held-out text at equal distances, the last at the end; one more is made
    before the first step."""
    keep: list[float] = [0.25, 0.5, 0.75]
    """Shares of the run at which the model is kept for the checkpoint curve, beside the end."""
    checkpoint_minutes: float = Field(10.0, ge=0)
    """From one checkpoint, from which a killed run resumes, to the next; 0 makes one a step."""
    checkpoint_steps: int | None = Field(None, ge=1)
    """One is made every so many steps too."""
    log_steps: int = Field(1, ge=1)
    """Steps between two rows of training loss, rate, gradient norm and speed."""
    logits_per_chunk: int = Field(1 << 24, ge=1)
    """Logits that the loss holds at a time (their rows times the vocabulary)."""

    @model_validator(mode="after")
    def _shares(self) -> TrainingSettings:
        for share in self.keep:
            if not 0 < share <= 1:
                raise ValueError(f"keep: {share} is not a share of the run, above 0 and at most 1")
        return self

    def identity(self) -> dict[str, Any]:
        """The settings that results depend on."""
        return self.model_dump(mode="json", exclude=set(WITHOUT_EFFECT))


class TrainingRun(VariantRun):
    """The content of a run file; results go to the folder that it lies in."""

    variant: str
    """Name of what is trained, copied into every row of results."""
    seed: int = 0
    """Of the order of blocks and of dropout."""
    base_model: Path
    """Hugging Face directory with configuration, tokenizer and safetensors."""
    blocks: Path
    """Directory of packed blocks: four .npy files and meta.json; prompts.npy masks prompts."""
    held_out: dict[str, Path] = {}
    """Directories of packed blocks by split name; only losses are taken on them."""
    training: TrainingSettings = TrainingSettings()
    """How to train."""
    adapter: LoraSettings | None = None
    """Train an adapter on the frozen model instead of the whole; models are adapters then."""
    merge: bool = False
    """Write the model with the adapter merged into it too."""

    @model_validator(mode="after")
    def _has_what_to_merge(self) -> TrainingRun:
        if self.merge and self.adapter is None:
            raise ValueError("merge needs an adapter: without one the final model is whole")
        return self

    def identity(self, digest: Callable[[Path], str]) -> dict[str, Any]:
        """What makes this run the one that it is: its name, its settings and the bytes it reads.

        Neither where its inputs lie nor settings without effect count.

        Args:
            digest: of a directory's content, such as `shoplm.variants.fingerprint`.
        """
        tuned = {}
        if self.adapter is not None:
            tuned = {"adapter": self.adapter.model_dump(mode="json"), "merge": self.merge}
        return {
            "variant": self.variant,
            "seed": self.seed,
            "training": self.training.identity(),
            "base_model": digest(self.base_model),
            "blocks": digest(self.blocks),
            "held_out": {split: digest(path) for split, path in self.held_out.items()},
            **tuned,
        }

    def write(self, directory: Path) -> Path:
        """Write the run file into `directory` and return its path; paths become absolute."""
        run = self.model_copy(
            update={
                "base_model": self.base_model.resolve(),
                "blocks": self.blocks.resolve(),
                "held_out": {name: path.resolve() for name, path in self.held_out.items()},
            }
        )
        return write_run(run, directory)
