"""What logs of shown lists have in common: scales that follow from the region, ordered labels.

Some features mean the same everywhere but are measured on another scale in every region. Their
latent value drives behaviour; what a log shows is that value times a factor that follows from the
region's own features, so a mapping from region features can undo it (SEQ+MD, arXiv 2408.13357).
"""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

import numpy as np
import pandas as pd

Scales = Mapping[str, tuple[str, float]]
"""By feature whose scale differs by region: value = latent × (region feature) ** exponent."""
Effects = Mapping[str, Mapping[str, float]]
"""By task: effect of a feature's latent value (in standard deviations) on its logit."""


def spread_regions(
    names: list[str], spreads: Mapping[str, float], rng: np.random.Generator
) -> pd.DataFrame:
    """region, and features from e^-spread to e^spread, each in an order of its own."""
    spread = np.linspace(-1, 1, len(names))  # regions differ even where there are only two
    features = {name: np.exp(most * rng.permutation(spread)) for name, most in spreads.items()}
    return pd.DataFrame({"region": names} | features)


def scale_by_region(
    values: dict[str, np.ndarray], scales: Scales, regions: pd.DataFrame, region: np.ndarray
) -> None:
    """Put what a log shows in the place of latent values.

    Args:
        values: (rows,) by feature, changed in place.
        scales: what is scaled, and by what.
        regions: a row a region.
        region: (rows,) place of each row's region.
    """
    for name, (source, exponent) in scales.items():
        values[name] = values[name] * regions[source].to_numpy()[region] ** exponent


def draw_labels(
    latent: Mapping[str, np.ndarray],
    effects: Effects,
    rates: Mapping[str, float],
    leanings: Mapping[str, np.ndarray],
    rng: np.random.Generator,
) -> dict[str, np.ndarray]:
    """Labels 0 and 1 by task; each is possible only where the one before it happened.

    Args:
        latent: (rows,) standardised, by feature.
        effects: by task, in order.
        rates: of each task, the share of the rows that reach it.
        leanings: (rows,) by task, what else its logit has.
        rng: draws what happens.
    """
    labels: dict[str, np.ndarray] = {}
    reached: np.ndarray | None = None
    for task, weights in effects.items():
        logit = sum(weight * latent[name] for name, weight in weights.items()) + leanings[task]
        bias = _bias_for(logit if reached is None else logit[reached], rates[task])
        happened = rng.random(len(logit)) < 1 / (1 + np.exp(-(logit + bias)))
        reached = happened if reached is None else reached & happened
        labels[task] = reached.astype(np.int8)
    return labels


def describe_truth(
    scales: Scales, unshifted: tuple[str, ...], effects: Effects, regions: pd.DataFrame
) -> dict[str, Any]:
    """Keys: shifted_features, unshifted_features, scales, effects, regions."""
    return {
        "shifted_features": sorted(scales),
        "unshifted_features": sorted(unshifted),
        "scales": {name: {"region_feature": s, "exponent": e} for name, (s, e) in scales.items()},
        "effects": effects,
        "regions": regions.to_dict(orient="records"),
    }


def standardise(values: np.ndarray) -> np.ndarray:
    """Mean 0 and deviation 1."""
    return (values - values.mean()) / (values.std() or 1.0)


def _bias_for(logit: np.ndarray, rate: float) -> float:
    """The constant that makes the mean probability of these logits `rate`."""
    low, high = -20.0, 20.0
    for _ in range(50):
        middle = (low + high) / 2
        mean = (1 / (1 + np.exp(-(logit + middle)))).mean() if len(logit) else rate
        low, high = (middle, high) if mean < rate else (low, middle)
    return (low + high) / 2
