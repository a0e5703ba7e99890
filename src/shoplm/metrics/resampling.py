"""Resamples, sign patterns, and intervals from what a figure becomes under them."""

from __future__ import annotations

from collections.abc import Iterator

import numpy as np
from numpy.typing import NDArray
from scipy.special import ndtr, ndtri

from shoplm.metrics.settings import BootstrapSettings

CELLS_AT_A_TIME = 1 << 20
"""Bound on the resampled values that are in memory at once."""

ROUNDING = 1e-12
"""Figures no further apart than this are the same."""


def iter_resamples(n_units: int, bootstrap: BootstrapSettings) -> Iterator[NDArray[np.float64]]:
    """How often each unit is in each resample, in blocks of shape (n_resamples, n_units)."""
    rng = np.random.default_rng(bootstrap.seed)
    at_a_time = max(1, CELLS_AT_A_TIME // n_units)
    for start in range(0, bootstrap.samples, at_a_time):
        n = min(at_a_time, bootstrap.samples - start)
        drawn = rng.integers(0, n_units, (n, n_units), dtype=np.int32)
        drawn += np.arange(n, dtype=np.int32)[:, np.newaxis] * n_units
        counts = np.bincount(drawn.ravel(), minlength=n * n_units)
        yield counts.reshape(n, n_units).astype(np.float64)


def has_few_patterns(n_units: int, bootstrap: BootstrapSettings) -> bool:
    """Whether all sign patterns of so few units are tried, which makes a p-value exact."""
    return 2**n_units <= bootstrap.samples


def iter_sign_patterns(n_units: int, bootstrap: BootstrapSettings) -> Iterator[NDArray[np.float64]]:
    """Signs, 1 or -1, in blocks of shape (n_patterns, n_units): all where they are few."""
    if has_few_patterns(n_units, bootstrap):
        bits = np.arange(2**n_units)[:, np.newaxis] >> np.arange(n_units)
        yield 1.0 - 2.0 * (bits & 1)
        return
    rng = np.random.default_rng(bootstrap.seed)
    at_a_time = max(1, CELLS_AT_A_TIME // n_units)
    for start in range(0, bootstrap.samples, at_a_time):
        patterns = min(at_a_time, bootstrap.samples - start)
        yield 1.0 - 2.0 * rng.integers(0, 2, (patterns, n_units), dtype=np.int8)


def bca_interval(
    value: NDArray[np.float64],
    resampled: NDArray[np.float64],
    left_out: NDArray[np.float64],
    confidence: float,
) -> tuple[NDArray[np.float64], NDArray[np.float64]]:
    """Bias-corrected and accelerated (BCa) interval of any figures, several at once.

    Where the correction is not defined (no resample on one side of the figure) it is left out:
    the interval is of percentiles. It always holds the figure itself.

    Args:
        value: (n_figures,), as measured.
        resampled: (n_resamples, n_figures).
        left_out: (n_units, n_figures), without one unit each; any multiple of the distances from
            their mean serves as well.
        confidence: coverage.

    Returns:
        Lower and upper ends, (n_figures,) each; nan where there is one unit alone.

    Efron, "Better bootstrap confidence intervals", JASA 1987.
    """
    if len(left_out) < 2:
        return np.full_like(value, np.nan), np.full_like(value, np.nan)
    below = (resampled < value - ROUNDING).mean(axis=0)
    bias = ndtri((below + (resampled <= value + ROUNDING).mean(axis=0)) / 2)
    distance = left_out.mean(axis=0) - left_out
    spread = (distance**2).sum(axis=0)
    skew = (distance**3).sum(axis=0)
    bent = np.divide(skew, 6 * spread**1.5, out=np.zeros_like(skew), where=spread > ROUNDING**2)
    tails = np.array([[1 - confidence], [1 + confidence]]) / 2
    with np.errstate(invalid="ignore", divide="ignore"):
        moved = bias + ndtri(tails)
        shares = ndtr(bias + moved / (1 - bent * moved))
    shares = np.where(np.isfinite(bias) & np.isfinite(shares), shares, tails)
    low, high = _quantiles(np.sort(resampled, axis=0), shares)
    return np.minimum(low, value), np.maximum(high, value)


def _quantiles(ordered: NDArray[np.float64], shares: NDArray[np.float64]) -> NDArray[np.float64]:
    """Of each column its own quantiles (2, n_columns), interpolated between neighbours."""
    place = shares * (len(ordered) - 1)
    below = np.minimum(np.floor(place).astype(np.int64), len(ordered) - 2)
    columns = np.arange(ordered.shape[1])
    first, second = ordered[below, columns], ordered[below + 1, columns]
    return first + (place - below) * (second - first)
