"""Predictions to look at: a right one and a wrong one of each task."""

from __future__ import annotations

import hashlib
from collections.abc import Mapping
from typing import Any

import pandas as pd

from shoplm.reporting.benchmark_cells import BASELINES, DECODINGS

LONGEST = 900
"""Characters of a prompt; of a longer one the end is shown, where the question is."""


def draw_examples(
    predictions: pd.DataFrame, results: pd.DataFrame, n: int, seed: int
) -> list[Mapping[str, Any]]:
    """Samples for a page: of each task, by its benchmark's best variant, the best and the worst.

    Among predictions of equal score the draw is seeded and does not depend on their order.

    Args:
        predictions: variant, seed, benchmark, task, example_id, prompt, prediction, gold, score.
        results: see `fill_tables`; they say which variant is a benchmark's best.
        n: right ones and wrong ones of a task.
        seed: of the draw.
    """
    samples = []
    for benchmark, best in best_variants(results).items():
        of = predictions[(predictions["benchmark"] == benchmark) & (predictions["variant"] == best)]
        of = of[of["score"].notna()]
        if "decoding" in of:
            place = of["decoding"].map({name: k for k, name in enumerate(DECODINGS)}).fillna(2)
            of = of[place == place.groupby(of["task"]).transform("min")]
        by_task: dict[str, list[Mapping[str, Any]]] = {}
        for row in of.to_dict("records"):
            by_task.setdefault(row["task"], []).append(row)
        for task, rows in by_task.items():
            samples += _of_task(f"{benchmark}, {task}, {best}", rows, n, seed)
    return samples


def best_variants(results: pd.DataFrame) -> dict[str, str]:
    """The variant with the highest mean of each benchmark, baselines aside."""
    means = results[
        (results["level"] == "benchmark") & ~results["variant"].isin(BASELINES)
    ].dropna(subset="value")  # fmt: skip
    pooled = means.groupby(["benchmark", "variant"], sort=False)["value"].mean()
    return {
        benchmark: values.droplevel("benchmark").idxmax()
        for benchmark, values in pooled.groupby(level="benchmark", sort=False)
    }


def _of_task(
    name: str, rows: list[Mapping[str, Any]], n: int, seed: int
) -> list[Mapping[str, Any]]:
    def drawn(row: Mapping[str, Any]) -> str:
        return hashlib.md5(f"{seed}:report:{row['task']}:{row['example_id']}".encode()).hexdigest()

    rows = sorted(rows, key=drawn)
    best = sorted(rows, key=lambda row: -row["score"])[:n]
    worst = sorted(rows, key=lambda row: row["score"])[:n]
    if best and best[0]["score"] == worst[0]["score"]:
        said = "all wrong" if best[0]["score"] == 0 else "all alike"
        return [_sample(f"{name}: {said}", row) for row in best]
    shown = {row["example_id"] for row in best}
    return [
        *(_sample(f"{name}: good", row) for row in best),
        *(_sample(f"{name}: bad", row) for row in worst if row["example_id"] not in shown),
    ]


def _sample(title: str, row: Mapping[str, Any]) -> Mapping[str, Any]:
    prompt = str(row["prompt"])
    shown = prompt if len(prompt) <= LONGEST else f"\N{HORIZONTAL ELLIPSIS}{prompt[-LONGEST:]}"
    return {
        "title": f"{title} ({row['score']:.2f})",
        "parts": [
            ("prompt", shown),
            ("prediction", _text(row["prediction"])),
            ("right answer", _text(row["gold"])),
        ],
    }


def _text(value: Any) -> str:
    return "(nothing)" if value is None or value != value or not str(value).strip() else str(value)
