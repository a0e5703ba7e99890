"""The points of the checkpoint curve, as they are drawn and tabulated."""

from __future__ import annotations

import pandas as pd

from shoplm.reporting.benchmark_cells import ALL_SEEDS, DECODINGS, title_of

FIGURES = ["value", "ci_low", "ci_high", "n"]


def curve_points(curve: pd.DataFrame) -> pd.DataFrame:
    """Means of benchmarks over all seeds, along tokens, with those of baselines.

    Args:
        curve: variant, seed, tokens, benchmark, task, level, decoding, value, ci_low, ci_high, n
            (`checkpoint_curve`).
    """
    if curve.empty:
        return pd.DataFrame(columns=["variant", "tokens", "benchmark", *FIGURES])
    means = curve[(curve["level"] == "benchmark") & (curve["seed"].astype(str) == ALL_SEEDS)]
    means = means.assign(place=means["decoding"].map(DECODINGS.index)).dropna(subset="value")
    means = means.sort_values(["tokens", "place"], kind="stable")
    return means.drop_duplicates(["variant", "tokens", "benchmark"]).drop(columns="place")


def name_curves(curve: pd.DataFrame) -> dict[str, str]:
    """Each benchmark of the curve, how many of its tasks are in it and how they are answered."""
    titles = {}
    for benchmark in dict.fromkeys(curve_points(curve)["benchmark"]):
        tasks = curve[(curve["benchmark"] == benchmark) & (curve["level"] == "task")]
        measured = tasks[tasks["value"].notna()]
        how = "" if (measured["decoding"] == DECODINGS[0]).all() else " where possible"
        there, named = measured["task"].nunique(), tasks["task"].nunique()
        titles[benchmark] = f"{title_of(benchmark)}: {there} of {named} tasks, picked answers{how}"
    return titles
