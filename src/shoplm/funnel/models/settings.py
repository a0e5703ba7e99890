"""Settings of the models, without torch."""

from __future__ import annotations

from typing import Annotated, Literal

from pydantic import Field

from shoplm.variants import Settings

Width = Annotated[int, Field(ge=1)]


class InputSettings(Settings):
    """How features become one vector."""

    embedding: Width = 16
    """Width of an embedding: of each category, the region and the platform."""
    region: Literal["both", "embedding", "features", "none"] = "both"
    """What a model reads of the region, with MD in front or without, so that both know the same: an
    embedding of its number, what describes it, or both. A one-hot is left to the embedding."""
    platform: bool = True
    """Whether a model reads the platform."""


class MDSettings(Settings):
    """The multi-distribution module (arXiv 2408.13357)."""

    mask_widths: tuple[Width, ...] = (32,)
    """Hidden layers from what describes the region to the mask."""
    activation: Literal["exp", "twice_sigmoid", "sigmoid", "tanh", "identity"] = "exp"
    """Of the mask. The paper's is not known; `exp` undoes scales that differ by region."""
    widths: tuple[Width, ...] = Field((64,), min_length=1)
    """Layers over the masked features; the last is what the model reads."""


class NeuralSettings(Settings):
    """What all models that learn by gradients have in common.

    Widths of the baselines are those of torch-rechub's examples, so that rates compare.
    """

    model: str
    """Names the model."""
    md: bool = False
    """Whether MD stands in front; it turns itself off where there is one region only."""
    md_module: MDSettings = MDSettings()
    """MD itself."""
    inputs: InputSettings = InputSettings()
    """How features become one vector."""
    dropout: float = Field(0.0, ge=0, lt=1)
    """Of every hidden layer."""
    task_weights: tuple[Annotated[float, Field(ge=0)], ...] = ()
    """Of the tasks' losses, in the order of the tasks; none: all 1."""


class SEQSettings(NeuralSettings):
    """Tasks as a sequence (arXiv 2408.13357)."""

    model: Literal["seq"] = "seq"
    """Names the model."""
    md: bool = True
    """Whether MD stands in front; it turns itself off where there is one region only."""
    bottom: tuple[Width, ...] = ()
    """Layers under the first token; none: the input itself is the first token. For many features:
    tokens are as wide as the last of these, or as the input."""
    token_widths: tuple[Width, ...] = ()
    """Hidden layers of the MLPs that make the other tokens, before the last one, which is as wide
    as the first token."""
    tokens: Literal["parallel", "chained"] = "parallel"
    """A token is made of the first one, or of the one before it."""
    hidden: Width = 32
    """Width of the recurrent state."""
    layers: Width = 1
    """Recurrent layers, shared by the tasks."""
    head: Literal["per_task", "shared"] = "per_task"
    """A linear layer a task over the recurrent state, or the same for all."""
    regulariser: Literal["product", "hinge", "none"] = "product"
    """What keeps the probabilities from rising along the tasks: nothing can, with the product; the
    hinge makes it costly."""
    hinge_weight: float = Field(1.0, ge=0)
    """Of the hinge in the loss."""


class TowerSettings(NeuralSettings):
    """What models with a tower a task have in common."""

    tower: tuple[Width, ...] = (8,)
    """Hidden layers of each task's tower; none: a linear layer."""


class SharedBottomSettings(TowerSettings):
    """One bottom under a tower a task (Caruana 1997)."""

    model: Literal["shared_bottom"] = "shared_bottom"
    """Names the model."""
    bottom: tuple[Width, ...] = Field((117,), min_length=1)
    """Layers that all tasks share."""


class MMoESettings(TowerSettings):
    """Multi-gate mixture of experts (KDD 2018)."""

    model: Literal["mmoe"] = "mmoe"
    """Names the model."""
    experts: Width = 8
    """Experts that all tasks share."""
    expert: tuple[Width, ...] = Field((16,), min_length=1)
    """Layers of an expert."""


class PLESettings(TowerSettings):
    """Progressive layered extraction (RecSys 2020)."""

    model: Literal["ple"] = "ple"
    """Names the model."""
    levels: Width = 1
    """Extraction networks one over the other; one is CGC."""
    shared_experts: Width = 1
    """Experts of a level that all tasks share."""
    task_experts: Width = 2
    """Experts of a level that are one task's own."""
    expert: tuple[Width, ...] = Field((16,), min_length=1)
    """Layers of an expert."""


class AdaTTSettings(TowerSettings):
    """Adaptive task-to-task fusion (KDD 2023), without shared experts (AdaTT-sp)."""

    model: Literal["adatt"] = "adatt"
    """Names the model."""
    levels: Width = 2
    """Fusion levels one over the other."""
    task_experts: Width = 2
    """Native experts of a task in a level."""
    expert: tuple[Width, ...] = Field((16,), min_length=1)
    """Layers of an expert."""


class ESMMSettings(TowerSettings):
    """Entire-space model (SIGIR 2018)."""

    model: Literal["esmm"] = "esmm"
    """Names the model."""
    tower: tuple[Width, ...] = (16, 8)
    """Hidden layers of each task's tower, over the shared embeddings."""


class AITMSettings(TowerSettings):
    """Adaptive information transfer (KDD 2021)."""

    model: Literal["aitm"] = "aitm"
    """Names the model."""
    bottom: tuple[Width, ...] = Field((32, 16), min_length=1)
    """Layers of each task's bottom; the last is the width of what is transferred."""
    calibration_weight: float = Field(0.6, ge=0)
    """Of the behavioural expectation calibrator in the loss; the paper's alpha."""


class STARSettings(TowerSettings):
    """Star topology over regions (CIKM 2021)."""

    model: Literal["star"] = "star"
    """Names the model."""
    widths: tuple[Width, ...] = Field((64, 32), min_length=1)
    """Layers with a centre and a factor a region."""
    auxiliary: Width = 16
    """Width of the auxiliary network, which reads the region directly."""
    prior_rows: float = Field(16.0, gt=0)
    """Rows that all regions' mean and variance count for beside a region's own in a batch."""
    momentum: float = Field(0.1, gt=0, le=1)
    """Share of a batch in the running mean and variance."""


class SingleSettings(TowerSettings):
    """One network a task, nothing shared."""

    model: Literal["single"] = "single"
    """Names the model."""
    tower: tuple[Width, ...] = (64, 32)
    """Hidden layers of each network."""


class LogisticSettings(NeuralSettings):
    """Logistic regression, one a task."""

    model: Literal["logistic"] = "logistic"
    """Names the model."""


class GBMSettings(Settings):
    """Gradient boosting of trees, one model a task. MD cannot stand in front: trees have no
    gradients to give it."""

    model: Literal["gbm"] = "gbm"
    """Names the model."""
    library: Literal["scikit-learn", "lightgbm"] = "scikit-learn"
    """LightGBM is an optional extra; like all else it uses the threads of the process."""
    trees: Width = 200
    """Trees a task."""
    leaves: int = Field(31, ge=2)
    """Most leaves of a tree."""
    learning_rate: float = Field(0.05, gt=0)
    """Share of a tree's values that is added."""
    min_leaf_rows: Width = 20
    """Fewest rows of a leaf."""
    l2: float = Field(0.0, ge=0)
    """Penalty on leaf values."""
    categories: int = Field(254, ge=1, le=254)
    """Values of a category that are told apart, the most frequent; all others are one."""
    seed: int = 0
    """Of what the library draws."""


ModelSettings = Annotated[
    SEQSettings
    | SharedBottomSettings
    | MMoESettings
    | PLESettings
    | AdaTTSettings
    | ESMMSettings
    | AITMSettings
    | STARSettings
    | SingleSettings
    | LogisticSettings
    | GBMSettings,
    Field(discriminator="model"),
]
"""Settings of any model, told apart by `model`."""
