"""Measures of a ranked answer, as ShopBench takes them (KDD Cup 2024)."""

from __future__ import annotations

import math
from collections.abc import Collection, Sequence


def hit_rate_at_3(predicted: Sequence[int], relevant: Collection[int]) -> float:
    """Share of the relevant places that are among the first three predicted ones.

    A place that is named twice takes up two of the three. With more than three relevant places no
    answer reaches 1.

    Raises:
        ValueError: nothing is relevant.
    """
    if not relevant:
        raise ValueError("hit rate: nothing is relevant, so nothing can be hit")
    return len(set(predicted[:3]) & set(relevant)) / len(set(relevant))


def ndcg_at_5(predicted: Sequence[int], relevance: Sequence[float]) -> float:
    """Discounted gain of the first five predicted places, of the best that five can have.

    The gain of a place is 2^relevance - 1, its discount 1 / log2(rank + 1) with ranks from 1. Two
    of the five that are the same score 0 altogether; a place that is not there gains nothing.

    Args:
        predicted: places from 0, best first.
        relevance: of each place, none of them negative.

    Raises:
        ValueError: nothing is relevant.
    """
    best = _discounted(sorted(relevance, reverse=True)[:5])
    if best == 0:
        raise ValueError("NDCG: nothing is relevant, so every order is as good")
    first = predicted[:5]
    if len(set(first)) < len(first):
        return 0.0
    there = range(len(relevance))
    return _discounted([relevance[place] if place in there else 0.0 for place in first]) / best


def _discounted(relevance: Sequence[float]) -> float:
    gains = ((2**value - 1) / math.log2(rank + 1) for rank, value in enumerate(relevance, start=1))
    return math.fsum(gains)
