"""How many extracted items are right: micro-F1, pooled over examples."""

from __future__ import annotations

from collections import Counter
from collections.abc import Hashable, Iterable
from typing import NamedTuple


class Counts(NamedTuple):
    """Items of one example, or the sum over several."""

    true_positives: int
    predicted: int
    gold: int


def count_matches(predicted: Iterable[Hashable], gold: Iterable[Hashable]) -> Counts:
    """Compare two bags: an item given twice needs to be there twice to be right twice."""
    ours, theirs = Counter(predicted), Counter(gold)
    return Counts((ours & theirs).total(), ours.total(), theirs.total())


def micro_f1(counts: Iterable[tuple[int, int, int]]) -> float:
    """F1 of the pooled counts (true positives, predicted, gold); 1 where there is nothing at all.

    Raises:
        ValueError: no counts.
    """
    pooled = list(counts)
    if not pooled:
        raise ValueError("micro-F1: no examples")
    true_positives, predicted, gold = map(sum, zip(*pooled, strict=True))
    return 2 * true_positives / (predicted + gold) if predicted + gold else 1.0
