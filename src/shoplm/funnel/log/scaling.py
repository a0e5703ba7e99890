"""Numeric features: which can be used, and their robust scale over the training rows."""

from __future__ import annotations

from dataclasses import asdict, dataclass

import numpy as np


@dataclass(frozen=True)
class Scale:
    """x → (f(x) − median) / spread, where f is the identity or sign(x)·log(1 + |x|)."""

    name: str
    median: float
    spread: float
    """Interquartile range of the training rows, or their standard deviation where that is 0."""
    logarithm: bool
    missing: bool
    """Whether a training row has none; it gets 0, and a flag of its own among the features."""

    def apply(self, values: np.ndarray, clip: float | None) -> np.ndarray:
        """Scaled values, (n,) float32; what is missing becomes 0."""
        values = np.where(is_missing(values), np.nan, values)
        if self.logarithm:
            values = signed_log(values)
        scaled = (values - self.median) / self.spread
        if clip is not None:
            scaled = np.clip(scaled, -clip, clip)
        return np.nan_to_num(scaled, nan=0.0).astype(np.float32)

    def as_dict(self) -> dict:
        """For JSON."""
        return asdict(self)


def is_missing(values: np.ndarray) -> np.ndarray:
    """Whether there is no number: NaN or ±∞."""
    return ~np.isfinite(values)


def signed_log(values: np.ndarray) -> np.ndarray:
    """sign(x)·log(1 + |x|)."""
    return np.sign(values) * np.log1p(np.abs(values))


def fit_scale(
    values: np.ndarray, train: np.ndarray, name: str, logarithm: bool, warnings: list[str]
) -> Scale | tuple[str, str]:
    """The scale of a numeric feature, or the reason and detail for which it cannot be used.

    Training rows alone decide. What they have not taught is said: ±∞ elsewhere, which counts as
    missing, and what is missing elsewhere while each of them has a value.

    Args:
        values: (n,) of all rows, NaN where there is none.
        train: (n,) bool.
        name: of the feature.
        logarithm: whether it is read as its signed logarithm.
        warnings: what is said is added.
    """
    x, others = values[train], values[~train]
    infinite = np.isinf(x).sum()
    if infinite:
        return "infinite", f"{infinite:,} of {len(x):,} training rows"
    some = ~np.isnan(x)
    if not some.any():
        return "all_null", "all training rows"
    missing, x = not some.all(), x[some]
    if logarithm:
        x = signed_log(x)
    q1, median, q3 = np.quantile(x, [0.25, 0.5, 0.75])
    spread = q3 - q1 if q3 > q1 else x.std()
    # the deviation of equal values may be above 0, and that of values close by may be 0
    if x.min() == x.max() or spread == 0:
        return "constant", f"{values[train][some][0]:g} on all training rows"
    if infinite := np.isinf(others).sum():
        warnings.append(
            f"feature {name!r}: infinite on {infinite:,} rows of validation and test, which count "
            "as missing"
        )
    unseen = np.isnan(others).sum()
    if unseen and not missing:
        warnings.append(
            f"feature {name!r}: missing on {unseen:,} rows of validation and test and on none of "
            "training; they get its median, and no flag"
        )
    return Scale(name, float(median), float(spread), logarithm, missing)
