"""One figure out of the benchmark results: over decodings and seeds."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

import pandas as pd

ALL_SEEDS = "all"
BASELINES = ("random", "majority")
DECODINGS = ("constrained", "free")
LEVELS = ("task", "group", "benchmark")
"""Rows of other levels stand beside: precision and recall of a task."""
KEYS = ["variant", "benchmark", "level", "task"]


class Cells:
    """The figures of `benchmark_results` by variant, benchmark, level and task.

    A figure of several seeds is their mean, and so are the ends of its interval, unless the results
    have a row for seed `all`; `seed_sd` is their standard deviation.
    """

    def __init__(self, results: pd.DataFrame) -> None:
        results = results[results["level"].isin(LEVELS)]
        self._rows: dict[tuple, list[dict[str, Any]]] = {}
        for row in results.to_dict("records"):
            key = tuple(str(row[k]) for k in KEYS) if row["level"] != "benchmark" else (
                str(row["variant"]), str(row["benchmark"]), "benchmark", ""
            )  # fmt: skip
            self._rows.setdefault(key, []).append(row)
        self.variants = list(dict.fromkeys(str(name) for name in results["variant"]))
        self.benchmarks = list(dict.fromkeys(str(name) for name in results["benchmark"]))
        named = results[["benchmark", "level", "task"]].drop_duplicates()
        self._names: dict[tuple[str, str], list[str]] = {}
        for benchmark, level, task in named.itertuples(index=False):
            self._names.setdefault((str(benchmark), str(level)), []).append(str(task))

    def names(self, benchmark: str, level: str) -> list[str]:
        """The tasks or groups of a benchmark, in the order of the results."""
        return self._names.get((benchmark, level), [])

    def has(self, variant: str, benchmark: str) -> bool:
        """Whether the variant has any row of the benchmark."""
        return any(key[:2] == (variant, benchmark) for key in self._rows)

    def find(
        self, variant: str, benchmark: str, level: str, task: str = "", decoding: str = DECODINGS[0]
    ) -> dict[str, Any] | None:
        """The figure, or None where the results have no row of it.

        Args:
            variant: a model, or a baseline.
            benchmark: its name.
            level: `task`, `group` or `benchmark`.
            task: the task or group.
            decoding: preferred; another one is taken where it alone was measured.
        """
        rows = self._rows.get((variant, benchmark, level, "" if level == "benchmark" else task))
        if not rows:
            return None
        values = [row for row in rows if not pd.isna(row["value"])]
        if not values:
            return {**rows[0], "seeds": 0, "seed_sd": float("nan")}
        return _over_seeds(_of_decoding(values, decoding))


def _of_decoding(rows: list[dict[str, Any]], wanted: str) -> list[dict[str, Any]]:
    order = (wanted, *DECODINGS)
    found = {row.get("decoding") for row in rows}
    chosen = next((name for name in order if name in found), None)
    return rows if chosen is None else [row for row in rows if row.get("decoding") == chosen]


def _over_seeds(rows: list[dict[str, Any]]) -> dict[str, Any]:
    """The row over all seeds; of results without one, the mean of the seeds' figures."""
    alone = [row for row in rows if str(row["seed"]) != ALL_SEEDS]
    pooled = next((row for row in rows if str(row["seed"]) == ALL_SEEDS), None)
    seeds = pd.Series([row["value"] for row in alone], dtype=float)
    spread = {"seeds": max(len(seeds), 1), "seed_sd": float(seeds.std())}
    if pooled is not None or len(alone) == 1:
        return {**(pooled or alone[0]), **spread}
    means = {
        key: float(pd.Series([row[key] for row in alone], dtype=float).mean())
        for key in ("value", "ci_low", "ci_high")
    }
    return {**alone[0], **means, **spread, "seed": ALL_SEEDS}


def percent(value: float) -> str:
    """A score from 0 to 1 in points of 100, to one decimal."""
    return f"{100 * value:.1f}"


def shown(figure: Mapping[str, Any] | None) -> str:
    """A figure with its interval and the spread of its seeds; empty where there is none."""
    if figure is None or pd.isna(figure["value"]):
        return ""
    text = percent(figure["value"])
    if figure["variant"] not in BASELINES and not pd.isna(figure["ci_low"]):
        text += f" ({percent(figure['ci_low'])} to {percent(figure['ci_high'])})"
    spread = figure["seed_sd"]
    return text if pd.isna(spread) else f"{text} ±{percent(spread)}"
