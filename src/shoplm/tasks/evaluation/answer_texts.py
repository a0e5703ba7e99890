"""The answer of a model as text, whichever way it was asked."""

from __future__ import annotations

import math
from collections.abc import Mapping, Sequence
from typing import Any

from shoplm.tasks.evaluation.selecting import hashed
from shoplm.tasks.evaluation.settings import AskingSettings
from shoplm.tasks.task import Task

TOLERANCE = 1e-9
"""Log-likelihoods no further apart than this share of the best are the same."""


def read_text(
    row: Mapping[str, Any], answer: Mapping[str, Any], task: Task, asking: AskingSettings
) -> tuple[str, str]:
    """The answer as the task writes it, and why there is none, if so.

    Args:
        row: the request; see `make_requests`.
        answer: to it, without a problem.
        task: of the request.
        asking: how likelihoods are compared.
    """
    match row["kind"]:
        case "choices":
            values = _normalised(row, answer, asking)
            if values is None or any(math.isnan(value) for value in values):
                return "", "no_likelihood"
            return _likeliest(values, row, asking.seed), ""
        case "order":
            order = answer.get("order")
            if not _is_list(order):
                return "", "no_order"
            return task.answer.separator.join(row["choices"][int(place)] for place in order), ""
    text = answer.get("text")
    return (_cut(text, row["stop"]), "") if isinstance(text, str) else ("", "no_text")


def _normalised(
    row: Mapping[str, Any], answer: Mapping[str, Any], asking: AskingSettings
) -> list[float] | None:
    """Log-likelihoods as they are compared; None where they are not there for every choice."""
    values, choices = answer.get("log_likelihoods"), row["choices"]
    if not _is_list(values) or len(values) != len(choices):
        return None
    values = [math.nan if value is None else float(value) for value in values]
    if asking.normalisation == "characters":
        return [v / max(len(c), 1) for v, c in zip(values, choices, strict=True)]
    if asking.normalisation == "tokens":
        counts = answer.get("n_choice_tokens")
        if not _is_list(counts) or len(counts) != len(values):
            return None
        return [v / max(n, 1) for v, n in zip(values, counts, strict=True)]
    return values


def _likeliest(values: Sequence[float], row: Mapping[str, Any], seed: int) -> str:
    """The choice with the highest value; of equal ones, one that seed and request decide."""
    best = max(values)
    margin = TOLERANCE * abs(best) if math.isfinite(best) else 0.0
    equal = [place for place, value in enumerate(values) if value >= best - margin]
    place = min(equal, key=lambda p: hashed(seed, "tie", f"{row['request_id']}:{p}"))
    return row["choices"][place]


def _cut(text: str, stops: Sequence[str]) -> str:
    """Before the first text that ends an answer; an endpoint may leave it there."""
    places = [place for stop in stops if (place := text.find(stop)) >= 0]
    return text[: min(places)] if places else text


def _is_list(value: Any) -> bool:
    return hasattr(value, "__len__") and not isinstance(value, (str, bytes))
