"""Figures of one task, each with what every list moves it by.

A move is the list's influence: sums of squared moves give the variance that drawing other lists
would bring, without drawing them.
"""

from __future__ import annotations

from typing import NamedTuple, Protocol

import numpy as np
from numpy.typing import NDArray
from scipy.special import ndtri

Floats = NDArray[np.float64]

LEAST = float(np.finfo(np.float32).eps)
"""Log loss takes no probability to be nearer to 0 or 1."""


class Figure(NamedTuple):
    """A figure of some lists."""

    value: float
    moves: Floats
    """(n_units,), summing to 0: of the lists that it is taken over."""
    shares: Floats
    """(n_units,), summing to 1: how much of what it is a mean of lies in each."""
    n: int
    """Lists of an NDCG, rows of all else."""


class Statistic(Protocol):
    """What can be taken over any lists."""

    def over(self, lists: NDArray[np.bool_]) -> Figure | None:
        """The figure of these lists, (n_lists,); null where it is not defined."""


class Ratio:
    """Sum of `tops` over sum of `bottoms`; lists with a bottom of 0 are left out."""

    def __init__(self, tops: Floats, bottoms: Floats, counts: Floats | None = None) -> None:
        """Each (n_lists,); counts: of which n is the sum, by default `bottoms`."""
        self.tops, self.bottoms = tops, bottoms
        self.counts = bottoms if counts is None else counts

    def over(self, lists: NDArray[np.bool_]) -> Figure | None:
        """See `Statistic`."""
        kept = lists & (self.counts > 0)
        tops, bottoms = self.tops[kept], self.bottoms[kept]
        whole = bottoms.sum()
        if not whole > 0:
            return None
        value = tops.sum() / whole
        shares, n = bottoms / whole, int(self.counts[kept].sum())
        return Figure(float(value), tops / whole - value * shares, shares, n)


class CalibrationError:
    """Mean distance of predicted from observed shares over bins of like probability.

    Of binary labels and equally filled bins: Naeini et al., "Obtaining well calibrated
    probabilities using Bayesian binning", AAAI 2015. Moves take the sign of each bin's gap as
    known, so that an interval near 0 is too narrow.
    """

    def __init__(
        self, p: Floats, labels: NDArray[np.bool_], of_list: NDArray[np.int32], n_bins: int
    ) -> None:
        """Put rows into bins, the same ones whatever lists are asked for later."""
        edges = np.unique(np.quantile(p, np.arange(1, n_bins) / n_bins))
        n_lists, n_bins = int(of_list[-1]) + 1, len(edges) + 1
        cell = of_list.astype(np.int64) * n_bins + np.searchsorted(edges, p, side="right")
        gaps = np.bincount(cell, p - labels, minlength=n_lists * n_bins)
        self.gaps = gaps.reshape(n_lists, n_bins)
        self.sizes = np.bincount(of_list).astype(np.float64)

    def over(self, lists: NDArray[np.bool_]) -> Figure | None:
        """See `Statistic`."""
        gaps, sizes = self.gaps[lists], self.sizes[lists]
        return Ratio(gaps @ np.sign(gaps.sum(axis=0)), sizes).over(np.ones(len(sizes), dtype=bool))


class AreaUnderCurve:
    """Share of pairs of a positive and a negative row with the positive one higher, ties half.

    Moves are DeLong's structural components summed over lists (Obuchowski, "Nonparametric analysis
    of clustered ROC curve data", Biometrics 1997), to which the bootstrap over lists tends.
    """

    def __init__(
        self, scores: NDArray, labels: NDArray[np.bool_], of_list: NDArray[np.int32]
    ) -> None:
        """Sort the rows, once."""
        order = np.argsort(scores, kind="stable")
        self.scores, self.labels, self.of_list = scores[order], labels[order], of_list[order]

    def over(self, lists: NDArray[np.bool_]) -> Figure | None:
        """See `Statistic`."""
        kept = lists[self.of_list]
        scores, labels = self.scores[kept], self.labels[kept]
        n_above = int(labels.sum())
        n_below = len(labels) - n_above
        if not n_above or not n_below:
            return None
        first = np.concatenate([[True], scores[1:] != scores[:-1]])
        starts = np.flatnonzero(first)
        tied = np.cumsum(first) - 1
        positives = np.concatenate([[0], np.cumsum(labels)])
        ends = np.append(starts[1:], len(labels))
        # of each group of ties: how many are below it, plus half of those in it
        below_and_half = (positives[starts] + positives[ends]) / 2
        negatives = (starts + ends) / 2 - below_and_half
        wins = negatives[tied] / n_below
        losses = 1 - below_and_half[tied] / n_above
        value = wins[labels].mean()
        of_list, weights = self.of_list[kept], np.where(labels, 1 / n_above, 1 / n_below)
        parts = weights * (np.where(labels, wins, losses) - value)
        moves = np.bincount(of_list, parts, minlength=len(lists))[lists]
        shares = np.bincount(of_list, weights / 2, minlength=len(lists))[lists]
        return Figure(float(value), moves, shares, len(labels))


def ndcg_by_list(
    scores: NDArray, labels: NDArray[np.bool_], of_list: NDArray[np.int32], depth: int
) -> tuple[Floats, Floats]:
    """NDCG@depth of each list with gains 0 and 1; tied rows share what their places bring.

    That is the expectation over all orders of the tied (McSherry and Najork, "Computing
    information retrieval performance measures efficiently in the presence of tied scores", ECIR
    2008). A list without a positive row has none.

    Args:
        scores: (n,), the best first.
        labels: (n,).
        of_list: (n,), ascending from 0 without gaps.
        depth: places that count.

    Returns:
        NDCG (n_lists,), 0 where there is none, and 1.0 or 0.0 (n_lists,) for whether there is one.
    """
    sizes = np.bincount(of_list)
    starts = np.cumsum(sizes) - sizes
    order = np.lexsort((-scores, of_list))
    ordered, place = scores[order], np.arange(len(scores)) - starts[of_list]
    first = np.concatenate([[True], (ordered[1:] != ordered[:-1])]) | (place == 0)
    begin = np.flatnonzero(first)
    end = np.append(begin[1:], len(scores))
    ranks = np.arange(1, sizes.max() + 1)
    discounts = np.where(ranks <= depth, 1 / np.log2(ranks + 1), 0.0)
    summed = np.concatenate([[0.0], np.cumsum(discounts)])
    whole = np.concatenate([[0], np.cumsum(labels[order])])
    positive = (whole[end] - whole[begin]) / (end - begin)
    gains = positive * (summed[place[end - 1] + 1] - summed[place[begin]])
    gained = np.bincount(of_list[begin], gains, minlength=len(sizes))
    best = summed[np.bincount(of_list, labels, minlength=len(sizes)).astype(np.int64)]
    there = best > 0
    return np.divide(gained, best, out=np.zeros_like(gained), where=there), there.astype(np.float64)


def log_losses(p: Floats, labels: NDArray[np.bool_]) -> Floats:
    """(n,): -log of the probability of what came."""
    return -np.log(np.clip(np.where(labels, p, 1 - p), LEAST, 1 - LEAST))


def interval_of_moves(value: Floats, moves: Floats, confidence: float) -> tuple[Floats, Floats]:
    """What the bootstrap's BCa interval over lists tends to, from what each list moves a figure by.

    `shoplm.metrics.recommendation_intervals.ratio_interval`, for any figure that is near linear in
    its lists.

    Args:
        value: (n_columns,).
        moves: (n_units, n_columns), each column summing to 0.
        confidence: coverage.

    Returns:
        Ends, (n_columns,) each; nan with fewer than two lists, no width where none moves it.
    """
    n = len(moves)
    if n < 2:
        return np.full_like(value, np.nan), np.full_like(value, np.nan)
    squares = moves * moves
    second = squares.sum(axis=0)
    flat = second <= 1e-24
    second = np.where(flat, 1.0, second)
    skew = np.einsum("uc,uc->c", squares, moves) / (6 * second**1.5)
    deviation = np.where(flat, 0.0, np.sqrt(second * n / (n - 1)))
    ends = []
    for tail in ((1 - confidence) / 2, (1 + confidence) / 2):
        shifted = skew + ndtri(tail)
        ends.append(value + deviation * shifted / (1 - skew * shifted) ** 2)
    return ends[0], ends[1]
