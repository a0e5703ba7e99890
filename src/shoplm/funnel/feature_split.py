"""Which features depend on the region: distances between the regions' distributions.

SEQ+MD (arXiv 2408.13357, section 3.1) sends features whose distribution differs by country through
a mask of the country, and all others past it. A feature's distance is the largest over pairs of
regions, so that one region that differs is enough.
"""

from __future__ import annotations

from dataclasses import dataclass
from itertools import combinations
from typing import TYPE_CHECKING, get_args

import numpy as np
import pandas as pd
from scipy.spatial.distance import jensenshannon
from scipy.stats import wasserstein_distance

from shoplm.funnel.settings import Distance, FeatureSplitSettings
from shoplm.variants import suggest

if TYPE_CHECKING:
    from shoplm.funnel.log.folder import FunnelLog

MOST_ROWS = 400_000
"""Training rows that are looked at, spread evenly."""
DISTANCES = ["feature", "distance", "region_a", "region_b", "value"]


@dataclass(frozen=True)
class FeatureSplit:
    """What was measured, and what follows from it."""

    distances: pd.DataFrame
    """feature, distance (js, wasserstein), region_a, region_b, value: a row a pair of regions."""
    features: pd.DataFrame
    """feature, distance, maximum, region_a, region_b, threshold, dependent, overridden: a row a
    feature, by the distance that decides, in the log's order. Without a pair of regions that can be
    compared the maximum is 0 and regions are null."""

    @property
    def dependent(self) -> list[str]:
        """Names of the features that depend on the region."""
        return self.features.loc[self.features["dependent"], "feature"].tolist()


def split_features(log: FunnelLog, settings: FeatureSplitSettings) -> FeatureSplit:
    """Measure every numeric feature on training rows, by both distances, and split them.

    Raises:
        ValueError: an override names what is no numeric feature of the log.
    """
    train = log.rows("train")
    step = max(1, -(-(train.stop - train.start) // MOST_ROWS))
    region = np.asarray(log.region[train][::step])
    counts = np.bincount(region, minlength=len(log.regions))
    compared = np.flatnonzero(counts >= settings.min_rows)
    values = log.numeric[train]
    rows = []
    for column, feature in enumerate(log.numeric_names):
        taken = np.asarray(values[::step, column])
        by_region = {int(r): taken[region == r] for r in compared}
        for distance, measured in _between(taken, by_region, settings.bins).items():
            rows += [
                (feature, distance, log.regions[a], log.regions[b], value)
                for (a, b), value in measured.items()
            ]
    distances = pd.DataFrame(rows, columns=DISTANCES)
    return FeatureSplit(distances, decide(distances, log.numeric_names, settings))


def decide(
    distances: pd.DataFrame, features: list[str], settings: FeatureSplitSettings
) -> pd.DataFrame:
    """Which features are dependent, by what was measured; another threshold needs no new measuring.

    Returns: `FeatureSplit.features`.

    Raises:
        ValueError: an override names none of the features.
    """
    for role in ("dependent", "invariant"):
        for name in getattr(settings, role):
            if name not in features:
                raise ValueError(
                    f"feature_split.{role}: {name!r} is no numeric feature; "
                    f"{suggest(name, features)}"
                )
    chosen = distances[distances["distance"] == settings.distance]
    largest = chosen.loc[chosen.groupby("feature")["value"].idxmax()].set_index("feature")
    table = largest.reindex(features)
    maximum = table["value"].fillna(0.0).to_numpy(float)
    by_hand = [*settings.dependent, *settings.invariant]
    dependent = [
        name in settings.dependent or (value > settings.threshold and name not in by_hand)
        for name, value in zip(features, maximum, strict=True)
    ]
    return pd.DataFrame(
        {
            "feature": features,
            "distance": settings.distance,
            "maximum": maximum,
            "region_a": table["region_a"].to_numpy(object),
            "region_b": table["region_b"].to_numpy(object),
            "threshold": settings.threshold,
            "dependent": np.array(dependent, dtype=bool),
            "overridden": np.array([name in by_hand for name in features], dtype=bool),
        }
    )


def jensen_shannon(a: np.ndarray, b: np.ndarray, edges: np.ndarray) -> float:
    """√JSD in bits of two samples counted in bins, from 0 (alike) to 1 (nothing in common).

    Args:
        a: one sample.
        b: the other.
        edges: inner edges of the bins, ascending; a value at an edge is in the bin above.
    """
    counts = [np.bincount(np.searchsorted(edges, x, "right"), minlength=len(edges) + 1)
              for x in (a, b)]  # fmt: skip
    return float(np.nan_to_num(jensenshannon(*counts, base=2)))


def quantile_edges(values: np.ndarray, bins: int) -> np.ndarray:
    """Inner edges of bins with as many values each as ties let them; one a value if few differ."""
    different = np.unique(values)
    if len(different) <= bins:
        return different[1:]
    edges = np.quantile(values, np.linspace(0, 1, bins + 1)[1:-1], method="inverted_cdf")
    return np.unique(edges[edges > different[0]])


def _between(
    values: np.ndarray, by_region: dict[int, np.ndarray], bins: int
) -> dict[str, dict[tuple[int, int], float]]:
    edges = quantile_edges(values, bins)
    found: dict[str, dict[tuple[int, int], float]] = {name: {} for name in get_args(Distance)}
    for a, b in combinations(by_region, 2):
        found["js"][a, b] = jensen_shannon(by_region[a], by_region[b], edges)
        found["wasserstein"][a, b] = float(wasserstein_distance(by_region[a], by_region[b]))
    return found
