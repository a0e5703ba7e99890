"""A part of a benchmark in a process of its own, so that its memory is its own too."""

from __future__ import annotations

import json
import statistics
import subprocess
import sys
from collections.abc import Mapping, Sequence

Figures = dict[str, float]


def measure_apart(script: str, *arguments: str) -> Figures:
    """What `script --measure arguments` prints last, as JSON."""
    done = subprocess.run(
        [sys.executable, script, "--measure", *arguments],
        check=True,
        stdout=subprocess.PIPE,
        stderr=subprocess.DEVNULL,
        text=True,
    )
    return json.loads(done.stdout.splitlines()[-1])


def measure_in_turn(
    script: str, name: str, sides: Sequence[str], repeats: int, *arguments: str
) -> dict[str, Figures]:
    """Medians of each side's figures; the sides alternate, so that a busy machine slows all."""
    measured: dict[str, list[Figures]] = {side: [] for side in sides}
    for _ in range(repeats):
        for side, of_side in measured.items():
            of_side.append(measure_apart(script, name, side, *arguments))
    return {side: medians(of_side) for side, of_side in measured.items()}


def medians(figures: Sequence[Mapping[str, float]]) -> Figures:
    """Of each figure."""
    return {name: statistics.median(one[name] for one in figures) for name in figures[0]}
