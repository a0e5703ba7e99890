"""What a training run of a recommender is: its settings and its run file, without torch."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path
from typing import Annotated, Any, Literal

from pydantic import Field, model_validator

from shoplm.launch.run_file import VariantRun
from shoplm.launch.zero import ZeroSettings
from shoplm.recsys.evaluation.settings import ProtocolSettings
from shoplm.recsys.models.settings_counts import (
    BlendSettings,
    FrozenTextSettings,
    ItemKNNSettings,
    LightGCNSettings,
    MarkovSettings,
    PopularitySettings,
    RecencySettings,
)
from shoplm.recsys.models.settings_neural import (
    ADISettings,
    BiTGCFSettings,
    GRU4RecSettings,
    MAMDRSettings,
    SASRecSettings,
)
from shoplm.recsys.models.settings_text import LLMRecSettings
from shoplm.variants import Settings

PROGRAM = "shoplm.recsys.train"
METRICS = "metrics.jsonl"
COSTS = "costs.json"
RANKS = "ranks.parquet"
MODEL = "model"
CHECKPOINTS = "checkpoints"
MINUTES = "minutes"
"""What stopped a run that may go on, in its marker."""

WITHOUT_EFFECT = frozenset({"minutes", "checkpoint_minutes", "checkpoint_steps"})
"""Training settings with which a run may go on as the same one."""

ModelSettings = Annotated[
    PopularitySettings
    | RecencySettings
    | MarkovSettings
    | ItemKNNSettings
    | FrozenTextSettings
    | BlendSettings
    | LightGCNSettings
    | GRU4RecSettings
    | SASRecSettings
    | ADISettings
    | BiTGCFSettings
    | MAMDRSettings
    | LLMRecSettings,
    Field(discriminator="model"),
]
"""Of one of the models; its field `model` says which."""


class ValidationSettings(Settings):
    """What is measured on the way, to keep the best weights and to stop in time."""

    every: float = Field(1.0, gt=0)
    """From one measurement to the next, in `unit`; another is made at the end."""
    unit: Literal["passes", "steps"] = "passes"
    """Of `every`."""
    cases: int = Field(2_000, ge=1)
    """Validation cases that are ranked, drawn at random; the same ones for all models."""
    protocol: Literal["sampled", "full"] = "full"
    """Against which candidates; the paper's is `sampled`."""
    history: Literal["kept", "excluded"] = "kept"
    """Whether what the user had is among them."""
    metric: Literal["recall@1", "recall@10", "ndcg@10"] = "ndcg@10"
    """The weights that are best by it are kept; the paper's is recall@1."""
    patience: int = Field(5, ge=1)
    """Training stops when so many measurements in a row have brought nothing better."""


class TrainingSettings(Settings):
    """How models that learn by gradients are trained: AdamW, the best weights kept.

    Embeddings with sparse gradients (`sparse` of some models) are stepped by SparseAdam, which
    touches the rows of a batch alone, without weight decay.
    """

    learning_rate: float = Field(1e-3, gt=0)
    """After the warm-up, constant."""
    weight_decay: float = Field(0.0, ge=0)
    """Decoupled, on matrices."""
    betas: tuple[float, float] = (0.9, 0.999)
    """Decay of the two moments."""
    warmup: float = Field(0.0, ge=0, lt=1)
    """Share of the most steps that there can be, over which the rate rises linearly from 0."""
    clipping: float | None = Field(None, gt=0)
    """Largest global norm of the gradient."""
    batch_size: int = Field(256, ge=1)
    """Rows of a step over all processes (a model's `examples` says what a row is), a few less where
    a pass is no multiple of it: batches of a pass are of like size."""
    targets_per_sequence: int | None = Field(None, ge=1)
    """prefixes: targets of each sequence in a pass, drawn anew for each; all of them (the paper) by
    default."""
    bucketing: bool = False
    """prefixes: rows of a batch have histories of like length, so that fewer places are padding."""
    max_passes: float | None = Field(20.0, gt=0)
    """Passes over the examples at most."""
    max_steps: int | None = Field(None, ge=1)
    """Steps at most."""
    minutes: float | None = Field(None, gt=0)
    """Time at most, measurements included, over all starts of the run. A run that it stops is
    measured and done, keeps its last checkpoint, and goes on from there if it is given more."""
    validation: ValidationSettings = ValidationSettings()
    """What is measured on the way."""
    precision: Literal["auto", "fp32", "bf16"] = "auto"
    """Type of activations and of products' inputs; `auto` is bf16 on a GPU that has it, else fp32.
    Weights, moments and scores are fp32."""
    zero: ZeroSettings | None = None
    """Train with DeepSpeed; without it plain PyTorch, data-parallel over several processes."""
    checkpoint_minutes: float = Field(10.0, ge=0)
    """From one checkpoint, from which a killed run resumes, to the next; 0 makes one a step."""
    checkpoint_steps: int | None = Field(None, ge=1)
    """One is made every so many steps too."""

    @model_validator(mode="after")
    def _ends(self) -> TrainingSettings:
        if self.max_passes is None and self.max_steps is None:
            raise ValueError("set max_passes or max_steps: without either there is no last step")
        return self

    def identity(self) -> dict[str, Any]:
        """The settings that make the run the one that it is."""
        return self.model_dump(mode="json", exclude=set(WITHOUT_EFFECT))


class RecommendationRun(VariantRun):
    """The content of a run file; results go to the folder that it lies in."""

    PATHS = ("data", "text", "backbone")

    variant: str
    """Name of what is trained, copied into every row of results."""
    seed: int = 0
    """Of first weights, order, negatives and dropout."""
    data: Path
    """Data folder, see `shoplm.recsys.data`."""
    split: Literal["leave_one_out", "temporal"] = "leave_one_out"
    """Which of its splits."""
    strategy: Literal["user", "domain"] = "domain"
    """One sequence a user over all domains, or one a user and domain; of training and histories."""
    domain: int | None = Field(None, ge=0)
    """Number of the only domain that is trained on and ranked."""
    model: ModelSettings
    """Which model."""
    training: TrainingSettings = TrainingSettings()
    """How it is trained, if it learns by gradients."""
    evaluation: ProtocolSettings = ProtocolSettings()
    """How the test cases are ranked."""
    text: Path | None = None
    """Folder of titles tokenised for the backbone, for models that read them."""
    backbone: Path | None = None
    """Hugging Face directory of their text model."""

    def identity(self, digest: Callable[[Path], str]) -> dict[str, Any]:
        """What makes this run the one that it is: its name, its settings and the bytes it reads.

        Neither where its inputs lie nor settings without effect count.

        Args:
            digest: of a directory's content, such as `shoplm.variants.fingerprint`.
        """
        return {
            **self.model_dump(mode="json", exclude={"training", *self.PATHS, "evaluation"}),
            "training": self.training.identity(),
            "evaluation": self.evaluation.model_dump(mode="json", exclude={"batch_users"}),
            **{name: path and digest(path) for name, path in self.paths().items()},
        }
