"""The models of the comparison, made by name; a model's module is imported when it is asked for."""

from __future__ import annotations

from importlib import import_module
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from shoplm.funnel.models.base import FunnelModel
    from shoplm.funnel.models.description import Description
    from shoplm.funnel.models.gbm import GradientBoosting

MODELS = {
    "seq": "seq.SEQ",
    "shared_bottom": "shared_bottom.SharedBottom",
    "mmoe": "mmoe.MMoE",
    "ple": "ple.PLE",
    "adatt": "adatt.AdaTT",
    "esmm": "esmm.ESMM",
    "aitm": "aitm.AITM",
    "star": "star.STAR",
    "single": "single.Single",
    "logistic": "logistic.Logistic",
    "gbm": "gbm.GradientBoosting",
}
"""Module and class below this package, by the `model` of the settings."""


def build(settings: Any, description: Description) -> FunnelModel | GradientBoosting:
    """A model by the `model` of its settings, not trained; ask its `is_trained` how it learns.

    Weights are drawn from torch's default generator, which the caller seeds.

    Raises:
        ValueError: the settings do not fit the data.
    """
    module, name = MODELS[settings.model].split(".")
    return getattr(import_module(f"{__name__}.{module}"), name)(settings, description)
