"""Which variants can be tested against each other, and what must be said where they cannot."""

from __future__ import annotations

from collections.abc import Iterable

import pandas as pd

Pair = tuple[str, str, str]
"""Variant, variant, benchmark."""


def part_pairs(pairs: Iterable[Pair], predictions: pd.DataFrame) -> tuple[list[Pair], list[Pair]]:
    """Pairs whose two variants answered the benchmark, and those where one did not.

    A benchmark without any examples keeps its pairs.
    """
    asked = predictions.groupby("benchmark")["variant"].agg(set).to_dict()
    possible, others = [], []
    for one, other, benchmark in pairs:
        there = {one, other} <= asked.get(benchmark, {one, other})
        (possible if there else others).append((one, other, benchmark))
    return possible, others


def list_untested(pairs: Iterable[Pair], predictions: pd.DataFrame) -> pd.DataFrame:
    """The latter as rows of problems: kind, benchmark, task, variant, detail."""
    rows = [
        ("not_compared", benchmark, "", one, f"not against {other}: one of them is not trained")
        for one, other, benchmark in part_pairs(pairs, predictions)[1]
    ]
    return pd.DataFrame(rows, columns=["kind", "benchmark", "task", "variant", "detail"])


def tasks_tuned_on(variants: pd.DataFrame, selections: pd.DataFrame) -> dict[str, set[str]]:
    """Names of the tasks that each variant of sft was tuned on.

    Args:
        variants: variant, selection.
        selections: selection, task, n (instructions taken).
    """
    taken = selections[selections["n"] > 0].groupby("selection")["task"].agg(set).to_dict()
    named = zip(variants["variant"], variants["selection"], strict=True)
    return {variant: taken.get(selection, set()) for variant, selection in named}
