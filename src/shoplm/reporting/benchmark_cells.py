"""One figure out of the benchmark results."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

import pandas as pd

ALL_SEEDS = "all"
BASELINES = ("random", "majority")
ANSWERS = {"constrained": "picked", "free": "written"}
"""Ways of answering, the preferred one first, as people read them."""
DECODINGS = tuple(ANSWERS)
LEVELS = ("task", "group", "benchmark")
"""Rows of other levels stand beside: precision and recall of a task."""
KEYS = ["variant", "benchmark", "level", "task"]
PARTIAL, ABSENT, UNSCORED, UNANSWERED, NOT_ASKED = (
    "partial", "absent", "unscored", "unanswered", "not asked",
)  # fmt: skip
GAPS = {ABSENT: "no data", UNSCORED: "no scorer", UNANSWERED: "no answer", NOT_ASKED: "not asked"}
"""What stands where a figure has no value, by reason."""
PARTLY = "*"
TITLES = {
    "ecom_icl": "EcomICL", "ecom_sft": "EcomSFT", "general_icl": "GeneralICL",
    "shopbench": "ShopBench",
}  # fmt: skip


class Cells:
    """The figures of `benchmark_results` over all seeds.

    `seed_sd` of a figure is the standard deviation of its seeds.
    """

    def __init__(self, results: pd.DataFrame) -> None:
        results = results[results["level"].isin(LEVELS)]
        pooled = results[results["seed"].astype(str) == ALL_SEEDS]
        self._rows: dict[tuple, dict[str, Any]] = {}
        for row in pooled.to_dict("records"):
            key = _key(*(str(row[k]) for k in KEYS))
            self._rows.setdefault(key, {})[row["decoding"]] = row
        measured = results[results["value"].notna()]
        self._measured = set(zip(measured["benchmark"], measured["task"], strict=True))
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
        rows = self._rows.get(_key(variant, benchmark, level, task))
        if not rows:
            return None
        measured = {way: row for way, row in rows.items() if not pd.isna(row["value"])}
        found = next((measured[w] for w in (decoding, *DECODINGS) if w in measured), None)
        return found or rows.get(decoding) or next(iter(rows.values()))

    def gap(self, figure: Mapping[str, Any] | None) -> str | None:
        """Why there is no value, a key of GAPS; None where there is one."""
        if figure is None:
            return NOT_ASKED
        if not pd.isna(figure["value"]):
            return None
        if figure["status"] == UNSCORED:
            return UNSCORED
        if figure["status"] == PARTIAL:
            return UNANSWERED
        elsewhere = (figure["benchmark"], figure["task"]) in self._measured
        return NOT_ASKED if elsewhere else ABSENT


def title_of(benchmark: str) -> str:
    """What a benchmark is called in papers; one of another name is called by that."""
    return TITLES.get(benchmark, benchmark)


def percent(value: float) -> str:
    """A score from 0 to 1 in points of 100, to one decimal."""
    return f"{100 * value:.1f}"


def shown(figure: Mapping[str, Any] | None) -> str:
    """A figure with its interval and the spread of its seeds; empty where there is none.

    A star marks one that leaves out tasks or answers.
    """
    if figure is None or pd.isna(figure["value"]):
        return ""
    text = percent(figure["value"]) + PARTLY * (figure["status"] == PARTIAL)
    if figure["variant"] not in BASELINES and not pd.isna(figure["ci_low"]):
        text += f" ({percent(figure['ci_low'])} to {percent(figure['ci_high'])})"
    spread = figure["seed_sd"]
    return text if pd.isna(spread) else f"{text} ±{percent(spread)}"


def _key(variant: str, benchmark: str, level: str, task: str) -> tuple[str, str, str, str]:
    return variant, benchmark, level, "" if level == "benchmark" else task
