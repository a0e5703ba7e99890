"""What a training run of a funnel model is: its settings and its run file, without torch."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path
from typing import Any, Literal

from pydantic import Field, model_validator

from shoplm.funnel.models.settings import ModelSettings
from shoplm.launch.run_file import VariantRun
from shoplm.variants import Settings

PROGRAM = "shoplm.funnel.train"
METRICS = "metrics.jsonl"
COSTS = "costs.json"
PREDICTIONS = "predictions.parquet"
MODEL = "model"
CHECKPOINTS = "checkpoints"

WITHOUT_EFFECT = frozenset({"checkpoint_minutes", "checkpoint_steps", "batch_rows"})
"""Training settings with which a run may go on as the same one."""


class ValidationSettings(Settings):
    """What is measured on the last training dates, to choose the number of passes."""

    every: float = Field(0.5, gt=0)
    """Passes from one measurement to the next; another is made at the end."""
    metric: Literal["log_loss", "auc", "ndcg@10"] = "auc"
    """By whose mean over tasks the passes are chosen; tasks for which it is not defined on the
    validation side are left out of it."""
    patience: int = Field(3, ge=1)
    """Training stops when so many measurements in a row have brought nothing better."""


class TrainingSettings(Settings):
    """How models that learn by gradients are trained: AdamW at a constant rate.

    Models of a funnel overfit after about one pass. So the number of passes is chosen on the
    validation side, never on the test, and then training starts afresh with it on all rows before
    the test (`refit`), the last dates of which say most about it.
    """

    learning_rate: float = Field(1e-3, gt=0)
    """Constant."""
    weight_decay: float = Field(1e-5, ge=0)
    """Decoupled, on matrices."""
    betas: tuple[float, float] = (0.9, 0.999)
    """Decay of the two moments."""
    clipping: float | None = Field(None, gt=0)
    """Largest global norm of the gradient."""
    batch_size: int = Field(1_024, ge=1)
    """Rows of a step."""
    max_passes: float = Field(4.0, gt=0)
    """Passes over the training side at most."""
    validation: ValidationSettings | None = ValidationSettings()
    """How the passes are chosen; null: `max_passes` are made, once, of all that `refit` allows."""
    refit: bool = True
    """Train afresh on training and validation side with the passes that were chosen; otherwise the
    best weights are kept as they are. Trees have no passes: they are fitted once, to both sides.
    Vocabularies and scales stay those of the training side; regions that the validation side shows
    first are learned."""
    batch_rows: int = Field(16_384, ge=1)
    """Rows that are scored at a time."""
    checkpoint_minutes: float = Field(10.0, ge=0)
    """From one checkpoint, from which a killed run resumes, to the next; 0 makes one a step."""
    checkpoint_steps: int | None = Field(None, ge=1)
    """One is made every so many steps too."""

    def identity(self) -> dict[str, Any]:
        """The settings that make the run the one that it is."""
        return self.model_dump(mode="json", exclude=set(WITHOUT_EFFECT))


class FunnelRun(VariantRun):
    """The content of a run file; results go to the folder that it lies in."""

    PATHS = ("data", "initial")

    variant: str
    """Name of what is trained, copied into every row of results."""
    seed: int = 0
    """Of first weights, order and dropout."""
    data: Path
    """Data folder, see `shoplm.funnel.log`."""
    model: ModelSettings
    """Which model."""
    training: TrainingSettings = TrainingSettings()
    """How it is trained."""
    tasks: tuple[str, ...] = ()
    """Tasks that it learns, in the data's order; none: all. Others are left empty in the
    predictions."""
    dependent: tuple[str, ...] = ()
    """Numeric features that depend on the region (see `shoplm.funnel.feature_split`): what MD
    maps."""
    initial: Path | None = None
    """Folder of the same model of fewer tasks, the first ones, whose weights it starts from."""
    frozen: bool = False
    """Whether those weights stay as they are, so that only what the further tasks bring learns: of
    SEQ their token MLPs and their rows of the head."""

    @model_validator(mode="after")
    def _has_what_it_freezes(self) -> FunnelRun:
        if self.frozen and self.initial is None:
            raise ValueError("frozen: there is no `initial` model whose weights could stay")
        return self

    def identity(self, digest: Callable[[Path], str]) -> dict[str, Any]:
        """What makes this run the one that it is: its name, its settings and the bytes it reads.

        Neither where its inputs lie nor settings without effect count.

        Args:
            digest: of a directory's content, such as `shoplm.variants.fingerprint`.
        """
        return {
            **self.model_dump(mode="json", exclude={"training", *self.PATHS}),
            "training": self.training.identity(),
            **{name: path and digest(path) for name, path in self.paths().items()},
        }
