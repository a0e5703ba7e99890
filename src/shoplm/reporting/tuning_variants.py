"""What each variant of sft was tuned on."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from typing import Any

import pandas as pd


def describe_variants(
    variants: Iterable[Mapping[str, Any]], selections: pd.DataFrame, long: pd.DataFrame
) -> pd.DataFrame:
    """One row a variant: what is said of it, and how many tasks and examples it is tuned on.

    Args:
        variants: variant, selection, and whatever else is to stand beside.
        selections: selection, seed, capability, task, n (instructions taken).
        long: selection, seed, beyond_window, cut (examples longer than the window, kept whole or
            cut).

    Returns:
        The fields of `variants`, with capabilities, tasks, examples, beyond_window and cut (means
        over seeds, whole numbers) and most_of_a_task (the most of any seed).
    """
    rows = []
    for variant in variants:
        of = selections[(selections["selection"] == variant["selection"]) & (selections["n"] > 0)]
        by_seed = of.groupby("seed").agg(n=("n", "sum"), tasks=("task", "nunique"))
        too_long = long.loc[long["selection"] == variant["selection"], ["beyond_window", "cut"]]
        rows.append(
            {
                **variant,
                "capabilities": of["capability"].nunique(),
                "tasks": round(by_seed["tasks"].mean()),
                "examples": round(by_seed["n"].mean()),
                "most_of_a_task": of["n"].max(),
                **too_long.mean().round().astype(int).to_dict(),
            }
        )
    return pd.DataFrame(rows)
