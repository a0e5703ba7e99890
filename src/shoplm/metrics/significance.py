"""Intervals and tests by resampling, for figures that are ratios of sums over units.

A mean over examples is such a ratio (all denominators 1), and so is the mean loss of a token: the
summed loss of documents over their summed targets. The unit is what was drawn independently:
a document, or a group of documents that belong together.
"""

from __future__ import annotations

import warnings
from typing import NamedTuple

import numpy as np
from numpy.typing import ArrayLike, NDArray
from scipy import stats

from shoplm.metrics.resampling import CELLS_AT_A_TIME, has_few_patterns, iter_sign_patterns
from shoplm.metrics.settings import BootstrapSettings


class Interval(NamedTuple):
    """A figure and its interval; each an array with one entry a row of numerators."""

    value: NDArray[np.float64]
    low: NDArray[np.float64]
    high: NDArray[np.float64]


def ratio_of_sums(
    numerators: ArrayLike, denominators: ArrayLike, axis: int = -1
) -> NDArray[np.float64]:
    """Sum of numerators over sum of denominators along `axis`."""
    return np.sum(numerators, axis=axis) / np.sum(denominators, axis=axis)


def bootstrap_ratio(
    numerators: ArrayLike, denominators: ArrayLike, bootstrap: BootstrapSettings
) -> Interval:
    """Bias-corrected and accelerated (BCa) bootstrap interval of ratios of sums over units.

    Numerator and denominator of a unit stay together, and all rows see the same resamples; so
    a row that holds the difference of two others gets the paired interval of their difference.
    A row's interval is (nan, nan) where there is one unit alone, for that says nothing of others,
    and has no width where every unit has the same ratio.

    Args:
        numerators: (n_units,) or (n_rows, n_units).
        denominators: (n_units,), of the same units.
        bootstrap: resamples, confidence and seed.

    Returns:
        Arrays of shape (n_rows,).

    Raises:
        ValueError: shapes do not fit, a value is not finite, or a denominator is not above 0.

    Efron, "Better bootstrap confidence intervals", JASA 1987.
    """
    top, bottom = _checked(numerators, denominators)
    value = ratio_of_sums(top, bottom)
    low, high = value.copy(), value.copy()
    if len(bottom) == 1:
        return Interval(value, np.full_like(value, np.nan), np.full_like(value, np.nan))
    # a row of one ratio alone has no spread to correct for: scipy would give nan
    rows = np.ptp(top / bottom, axis=-1) > 1e-12 * np.maximum(1, np.abs(value))
    if rows.any():
        low[rows], high[rows] = _bca(top[rows], bottom, bootstrap)
    return Interval(value, low, high)


def _bca(
    top: NDArray[np.float64], bottom: NDArray[np.float64], bootstrap: BootstrapSettings
) -> tuple[NDArray[np.float64], NDArray[np.float64]]:
    options = {
        "statistic": ratio_of_sums,
        "paired": True,
        "vectorized": True,
        "axis": -1,
        "n_resamples": bootstrap.samples,
        "confidence_level": bootstrap.confidence,
        "batch": max(1, CELLS_AT_A_TIME // top.size),
    }
    with warnings.catch_warnings():  # a few units that nearly agree: dealt with below
        warnings.simplefilter("ignore", stats.DegenerateDataWarning)
        warnings.simplefilter("ignore", RuntimeWarning)
        done = stats.bootstrap(
            (top, bottom[np.newaxis]), rng=np.random.default_rng(bootstrap.seed), **options
        )
    low, high = map(np.atleast_1d, done.confidence_interval)
    lost = np.isnan(low) | np.isnan(high)
    tails = np.array([1 - bootstrap.confidence, 1 + bootstrap.confidence]) / 2
    drawn = np.quantile(np.atleast_2d(done.bootstrap_distribution), tails, axis=-1)
    return np.where(lost, drawn[0], low), np.where(lost, drawn[1], high)


def sign_flip_test(differences: ArrayLike, bootstrap: BootstrapSettings) -> NDArray[np.float64]:
    """Two-sided p-value of a paired randomisation test that two models are alike.

    Were the two exchangeable, each unit's difference could as well have the other sign; p is the
    share of sign patterns whose summed difference is at least as far from 0 as the observed one.
    Up to `bootstrap.samples` patterns all are tried and p is exact; beyond, as many are drawn and
    the observed one counts among them, so p is never 0.

    Args:
        differences: (n_units,) or (n_rows, n_units), one model's value less the other's.
        bootstrap: number of patterns and seed.

    Returns:
        p-values of shape (n_rows,); 1 where all differences are 0.

    Raises:
        ValueError: there is no unit, or a difference is not finite.

    Edgington and Onghena, "Randomization Tests"; Yeh, "More accurate tests", COLING 2000.
    """
    rows, _ = _checked(differences, np.ones(np.shape(differences)[-1]))
    n = rows.shape[1]
    extreme = np.zeros(len(rows))
    for signs in iter_sign_patterns(n, bootstrap):
        extreme += _extreme(signs, rows).sum(axis=0)
    if has_few_patterns(n, bootstrap):
        return extreme / 2**n
    return (extreme + 1) / (bootstrap.samples + 1)


def _extreme(signs: NDArray[np.float64], rows: NDArray[np.float64]) -> NDArray[np.bool_]:
    """(n_patterns, n_rows): is the sum as far from 0 as the observed one? Rounding is forgiven."""
    room = 1e-12 * np.abs(rows).sum(axis=1)
    return np.abs(signs @ rows.T) >= np.abs(rows.sum(axis=1)) - room


def adjust_holm(p_values: ArrayLike) -> NDArray[np.float64]:
    """Holm's step-down p-values: below 0.05, a finding stands among all of `p_values` at 5%.

    The i-th smallest of m is multiplied by m - i + 1, never falls below the one before it, and is
    at most 1. Holds under any dependence of the tests. Values that are nan stay so, uncounted.

    Holm, "A simple sequentially rejective multiple test procedure", 1979.
    """
    p = np.asarray(p_values, dtype=np.float64)
    tested = np.flatnonzero(~np.isnan(p))
    if ((p[tested] < 0) | (p[tested] > 1)).any():
        raise ValueError(f"a p-value lies in 0 to 1, got {p_values!r}")
    order = tested[np.argsort(p[tested], kind="stable")]
    adjusted = np.full_like(p, np.nan)
    factors = np.arange(len(order), 0, -1)
    adjusted[order] = np.minimum(1, np.maximum.accumulate(p[order] * factors))
    return adjusted


def _checked(
    numerators: ArrayLike, denominators: ArrayLike
) -> tuple[NDArray[np.float64], NDArray[np.float64]]:
    top = np.atleast_2d(np.asarray(numerators, dtype=np.float64))
    bottom = np.asarray(denominators, dtype=np.float64)
    if bottom.ndim != 1 or top.shape[-1] != len(bottom) or not len(bottom):
        raise ValueError(
            f"values of shape {np.shape(numerators)} do not fit weights of shape {bottom.shape}; "
            "both need the same units, one or more"
        )
    if not np.isfinite(top).all() or not np.isfinite(bottom).all():
        raise ValueError("a value to resample is not finite")
    if (bottom <= 0).any():
        raise ValueError("a unit to resample has a denominator that is not above 0")
    return top, bottom
