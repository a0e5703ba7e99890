"""What needs no model: a random answer, and the commonest one."""

from __future__ import annotations

import json
import math
from collections.abc import Mapping, Sequence
from typing import Any

import pandas as pd

from shoplm.metrics.ranking import ndcg_at_5
from shoplm.tasks.evaluation.predictions import (
    as_predictions,
    known_columns,
    read_measured,
    score_columns,
)
from shoplm.tasks.evaluation.selecting import hashed
from shoplm.tasks.rendering import render_answer
from shoplm.tasks.scoring import score
from shoplm.tasks.task import Example, Task

RANDOM, MAJORITY = "random", "majority"


def predict_baselines(
    requests: pd.DataFrame,
    examples: pd.DataFrame,
    sources: pd.DataFrame,
    library: Mapping[str, Task],
    seed: int = 0,
) -> pd.DataFrame:
    """The variants `random` and `majority` (seed 0), one row each for every request.

    random: a possible answer drawn evenly, or an order of the items; its score is what such a draw
    gives on average. Where answers are no closed set: the right answer to another example of the
    task in the same language, scored as it is. majority: the commonest right answer, which
    `sources` holds.

    Args:
        requests: see `make_requests`.
        examples: see `gather_examples`.
        sources: see `gather_examples`.
        library: tasks by name.
        seed: of what is drawn.

    Returns:
        As the predictions of models: see `shoplm.tasks.evaluation.predictions`.
    """
    measured = read_measured(examples)
    answers: dict[tuple[str, str, str], list[tuple[str, str]]] = {}
    for (benchmark, task, example_id), (example, _) in measured.items():
        pool = answers.setdefault((benchmark, task, example.language), [])
        pool.append((example_id, render_answer(library[task], example)))
    for pool in answers.values():  # whatever the order of rows
        pool.sort()
    commonest = {
        (row["benchmark"], row["task"]): json.loads(row["majority"])
        for row in sources.to_dict("records")
    }
    made = []
    for row in requests.to_dict("records"):
        example, version = measured[row["benchmark"], row["task"], row["example_id"]]
        task = library[row["task"]]
        known = known_columns(row, task, example, version) | {"seed": 0}
        pool = answers[row["benchmark"], row["task"], example.language]
        said = commonest[row["benchmark"], row["task"]].get(example.language, "")
        made.append(known | {"variant": RANDOM} | _random(task, example, row, pool, seed))
        made.append(known | {"variant": MAJORITY} | _scored(task, example, said))
    return as_predictions(made)


def expected_score(task: Task, example: Example, n_choices: int) -> float | None:
    """What an even draw among the possible answers scores on average; None for open answers."""
    if task.type in ("multiple_choice", "classification") and n_choices:
        return 1 / n_choices
    if task.type == "retrieval" and n_choices:
        return min(3 / n_choices, 1.0)
    if task.type == "ranking" and any(example.gold):
        gains = [2**relevance - 1 for relevance in example.gold]
        shown = min(5, len(gains))
        discounts = sum(1 / math.log2(rank + 1) for rank in range(1, shown + 1))
        best = sorted(range(len(gains)), key=lambda place: -gains[place])
        # NDCG of the best order is 1, so its discounted gain is the divisor
        ideal = sum(gains[place] / math.log2(r + 2) for r, place in enumerate(best[:shown]))
        assert math.isclose(ndcg_at_5(best, example.gold), 1)
        return sum(gains) / len(gains) * discounts / ideal
    return None


def _random(
    task: Task,
    example: Example,
    request: Mapping[str, Any],
    pool: Sequence[tuple[str, str]],
    seed: int,
) -> dict[str, Any]:
    first = task.answer.first_number
    places = [str(first + place) for place in range(len(example.choices))]
    possible = list(request["choices"]) or places
    if task.type == "classification":
        possible = [surfaces[example.language] for surfaces in task.labels.values()]

    def key(text: str) -> str:
        return hashed(seed, "random", f"{task.name}:{example.example_id}:{text}")

    expected = expected_score(task, example, len(possible))
    if expected is None:
        place = int(key(""), 16) % len(pool)
        if pool[place][0] == example.example_id:  # its own answer: that of the next one
            place = (place + 1) % len(pool)
        others = len(pool) > 1
        return _scored(task, example, pool[place][1] if others else "")
    drawn = sorted(possible, key=key)
    if task.type in ("retrieval", "ranking"):
        said = task.answer.separator.join(drawn[: 3 if task.type == "retrieval" else None])
    else:
        said = drawn[0]
    return _scored(task, example, said) | {"score": expected}


def _scored(task: Task, example: Example, said: str) -> dict[str, Any]:
    return {"prediction": said, "problem": None} | score_columns(score(task, example, said))
