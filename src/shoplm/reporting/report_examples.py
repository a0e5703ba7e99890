"""Predictions to look at: one of the best and one of the worst of a few tasks."""

from __future__ import annotations

import hashlib
from collections.abc import Mapping
from typing import Any

import pandas as pd

from shoplm.reporting.benchmark_cells import DECODINGS, title_of
from shoplm.reporting.report_summary import best_variants

LONGEST = 900
"""Characters of a prompt; of a longer one the end is shown, where the question is."""


def draw_examples(
    predictions: pd.DataFrame,
    results: pd.DataFrame,
    capabilities: Mapping[str, str],
    n: int,
    seed: int,
) -> list[Mapping[str, Any]]:
    """Samples for a page, of one task of each benchmark and capability, by the best variant.

    The draws, of a task and among predictions of equal score, are seeded and do not depend on
    their order.

    Args:
        predictions: variant, seed, benchmark, task, example_id, prompt, prediction, gold, score,
            decoding; picked answers are shown where there are such.
        results: see `fill_tables`; they say which variant is a benchmark's best.
        capabilities: of tasks, by name; those without are taken together.
        n: the best and the worst of a task, so many each.
        seed: of the draw.
    """
    samples = []
    for benchmark, best in best_variants(results).items():
        of = predictions[
            (predictions["benchmark"] == benchmark) & (predictions["variant"] == best)
            & predictions["score"].notna()
        ]  # fmt: skip
        drawn: dict[str, str] = {}
        for task in sorted(of["task"].unique(), key=lambda name: _hashed(seed, benchmark, name)):
            drawn.setdefault(capabilities.get(task, ""), task)
        for task in drawn.values():
            rows = of[of["task"] == task]
            place = rows["decoding"].map(DECODINGS.index)
            rows = rows[place == place.min()].to_dict("records")
            samples += _of_task(f"{title_of(benchmark)}, {task}, {best}", rows, n, seed)
    return samples


def _hashed(seed: int, *parts: str) -> str:
    return hashlib.md5(f"{seed}:report:{':'.join(parts)}".encode()).hexdigest()


def _of_task(
    name: str, rows: list[Mapping[str, Any]], n: int, seed: int
) -> list[Mapping[str, Any]]:
    rows = sorted(rows, key=lambda row: _hashed(seed, row["task"], row["example_id"]))
    best = sorted(rows, key=lambda row: -row["score"])[:n]
    worst = sorted(rows, key=lambda row: row["score"])[:n]
    if best and best[0]["score"] == worst[0]["score"]:
        said = "all wrong" if best[0]["score"] == 0 else "all alike"
        return [_sample(f"{name}: {said}", row) for row in best]
    shown = {row["example_id"] for row in best}
    return [
        *(_sample(f"{name}: best", row) for row in best),
        *(_sample(f"{name}: worst", row) for row in worst if row["example_id"] not in shown),
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
