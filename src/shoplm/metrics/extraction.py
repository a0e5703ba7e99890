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


class Quality(NamedTuple):
    """Of counts."""

    precision: float
    """Share of what was predicted that is right."""
    recall: float
    """Share of what is gold that was predicted."""
    f1: float
    """Their harmonic mean."""


def count_spans(
    predicted: Iterable[tuple[str, Hashable]], gold: Iterable[tuple[str, Hashable]]
) -> Counts:
    """Compare spans whatever type they were given; each is (type, span)."""
    return count_matches([span for _, span in predicted], [span for _, span in gold])


def count_by_type(
    predicted: Iterable[tuple[str, Hashable]], gold: Iterable[tuple[str, Hashable]]
) -> dict[str, Counts]:
    """Compare spans of each type; each is (type, span). Their sum is `count_matches` of all."""
    ours, theirs = list(predicted), list(gold)
    types = sorted({kind for kind, _ in (*ours, *theirs)})
    return {
        kind: count_spans([p for p in ours if p[0] == kind], [g for g in theirs if g[0] == kind])
        for kind in types
    }


def micro_quality(counts: Iterable[tuple[int, int, int]]) -> Quality:
    """Precision, recall and F1 of the pooled counts (true positives, predicted, gold).

    All are 1 where there is nothing at all; where one side alone has nothing, the share that would
    divide by it is 0.

    Raises:
        ValueError: no counts.
    """
    pooled = list(counts)
    f1 = micro_f1(pooled)
    right, predicted, gold = map(sum, zip(*pooled, strict=True))
    nothing = float(not predicted + gold)
    return Quality(
        right / predicted if predicted else nothing, right / gold if gold else nothing, f1
    )


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
