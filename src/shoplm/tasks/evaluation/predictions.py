"""Answers of models read and scored: one row an example and way of asking."""

from __future__ import annotations

from collections.abc import Collection, Iterable, Mapping
from dataclasses import dataclass
from typing import Any

import pandas as pd

from shoplm.tasks.evaluation.answer_texts import read_text
from shoplm.tasks.evaluation.benchmarks import check_versions
from shoplm.tasks.evaluation.settings import AskingSettings
from shoplm.tasks.records import example_of
from shoplm.tasks.rendering import render_answer
from shoplm.tasks.scoring import Score, metric_name, score
from shoplm.tasks.task import Example, Task

PREDICTIONS = [
    "variant", "seed", "benchmark", "task", "example_id", "prompt", "prediction", "gold", "score",
    "decoding", "language", "metric", "parsed", "version", "group", "tp", "predicted",
    "gold_items", "n_shots", "n_shots_left", "n_choices", "problem", "tokens", "request_id",
]  # fmt: skip
"""Columns of the table of predictions. The prompt is without its shots. tp, predicted, gold_items:
what micro-F1 pools, else null. score is null where a sentence encoder must give it, and where an
endpoint gave no answer; problem says so. tokens: of a checkpoint, else null."""

UNPARSED = [
    "variant", "seed", "benchmark", "task", "example_id", "decoding", "prompt", "prediction",
    "reason",
]  # fmt: skip
"""Of answers that could not be read, and of questions that could not be asked."""

NOT_ASKED = "endpoint"
"""The problem of a request that got no answer: it is no wrong one, so it has no score."""


@dataclass(frozen=True)
class Answered:
    """What one model answered."""

    variant: str
    seed: int
    answers: pd.DataFrame
    """One row a request; see `shoplm.lm.inference`."""
    benchmarks: Collection[str] | None = None
    """What it was asked; None is all."""
    tokens: int | None = None
    """Of a checkpoint: tokens seen in pre-training."""


def score_answers(
    answered: Iterable[Answered],
    requests: pd.DataFrame,
    examples: pd.DataFrame,
    library: Mapping[str, Task],
    asking: AskingSettings,
) -> tuple[pd.DataFrame, pd.DataFrame]:
    """Read every answer as text and score it.

    A constrained answer is written as the task writes it and read back like any other: the possible
    answer with the highest log-likelihood, or the items in their order. What cannot be read scores
    0, and so does a question that was too long to be asked; one that an endpoint did not answer has
    no score.

    Args:
        answered: by model.
        requests: see `make_requests`.
        examples: see `gather_examples`.
        library: tasks by name.
        asking: what the requests were made with.

    Returns:
        PREDICTIONS and UNPARSED, by model, in the order of the requests.

    Raises:
        ValueError: the examples are of another version of a task, or a model that answered requests
            of a benchmark and decoding has no answer to another of those. (Checkpoints, say, may
            have been asked in one way only.)
    """
    check_versions(_versions(examples), library, "examples")
    questions = _questions(requests, examples, library)
    predictions: list[dict[str, Any]] = []
    scores: dict[tuple[str, str, str], Score] = {}
    for one in answered:
        given = {row["request_id"]: row for row in one.answers.to_dict("records")}
        who = {"variant": one.variant, "seed": one.seed, "tokens": one.tokens}
        mine = [
            question
            for question in questions
            if one.benchmarks is None or question.row["benchmark"] in one.benchmarks
        ]
        asked_in = {
            question.benchmark_and_decoding
            for question in mine
            if question.row["request_id"] in given
        }
        for question in mine:
            if question.benchmark_and_decoding not in asked_in:
                continue
            answer = given.get(question.row["request_id"])
            if answer is None:
                raise ValueError(
                    f"variant {one.variant!r}, seed {one.seed}, benchmark "
                    f"{question.row['benchmark']!r}: no answer to example "
                    f"{question.row['example_id']!r} (request {question.row['request_id']})"
                )
            predictions.append(who | _predict(question, answer, asking, scores))
    table = pd.DataFrame(predictions, columns=[*PREDICTIONS, "reason"])
    unparsed = table.loc[table["reason"] != "", UNPARSED].reset_index(drop=True)
    return as_predictions(table), unparsed


def check_predictions(predictions: pd.DataFrame, library: Mapping[str, Task]) -> None:
    """Refuse predictions that were scored by another version of a task.

    Raises:
        ValueError: names the task and both versions.
    """
    check_versions(_versions(predictions), library, "predictions")


def as_predictions(rows: pd.DataFrame | Iterable[Mapping[str, Any]]) -> pd.DataFrame:
    """A table of PREDICTIONS with types that hold nulls."""
    table = pd.DataFrame(rows, columns=PREDICTIONS)
    counts = ["tp", "predicted", "gold_items", "n_shots", "n_shots_left", "n_choices", "tokens"]
    types = dict.fromkeys(counts, "Int64")
    return table.astype({"score": float, "parsed": bool, "seed": int} | types)


@dataclass(frozen=True)
class _Question:
    """A request with what scores its answer."""

    row: dict[str, Any]
    task: Task
    example: Example
    known: dict[str, Any]
    """Columns that do not depend on the answer."""

    @property
    def benchmark_and_decoding(self) -> tuple[str, str]:
        """A model answers all questions of such a pair, or none."""
        return self.row["benchmark"], self.row["decoding"]


def read_measured(
    examples: pd.DataFrame,
) -> dict[tuple[str, str, str], tuple[Example, str]]:
    """By benchmark, task and id: the measured examples, each with the version of its task."""
    measured = examples[examples["role"] == "measured"]
    return {
        (row["benchmark"], row["task"], row["example_id"]): (example_of(row), row["version"])
        for row in measured.to_dict("records")
    }


def known_columns(
    request: Mapping[str, Any], task: Task, example: Example, version: str
) -> dict[str, Any]:
    """What a prediction holds whoever makes it."""
    return {
        "benchmark": request["benchmark"],
        "task": task.name,
        "example_id": example.example_id,
        "prompt": f"{request['head']}{request['question']}",
        "gold": render_answer(task, example),
        "decoding": request["decoding"],
        "language": example.language,
        "metric": metric_name(task, example.language),
        "version": version,
        "group": example.group or example.example_id,
        "n_shots": request["n_shots"],
        "n_choices": len(request["choices"]) or len(example.choices) or None,
        "request_id": request["request_id"],
    }


def score_columns(given: Score) -> dict[str, Any]:
    """A score as columns."""
    tp, predicted, gold = given.counts or (None, None, None)
    return {
        "score": given.value,
        "parsed": given.parsed,
        "tp": tp,
        "predicted": predicted,
        "gold_items": gold,
    }


def _versions(table: pd.DataFrame) -> dict[str, str]:
    """By task.

    Raises:
        ValueError: a task has rows of two versions.
    """
    pairs = table[["task", "version"]].drop_duplicates()
    if len(mixed := pairs[pairs["task"].duplicated()]):
        of = sorted(pairs.loc[pairs["task"] == mixed["task"].iloc[0], "version"])
        raise ValueError(f"task {mixed['task'].iloc[0]!r} has rows of versions {' and '.join(of)}")
    return dict(zip(pairs["task"], pairs["version"], strict=True))


def _questions(
    requests: pd.DataFrame, examples: pd.DataFrame, library: Mapping[str, Task]
) -> list[_Question]:
    measured = read_measured(examples)
    questions = []
    for row in requests.to_dict("records"):
        key = (row["benchmark"], row["task"], row["example_id"])
        if key not in measured:
            raise ValueError(f"requests: no measured example {key[2]!r} of {key[0]}, {key[1]}")
        example, version = measured[key]
        task = library[row["task"]]
        questions.append(_Question(row, task, example, known_columns(row, task, example, version)))
    return questions


def _predict(
    question: _Question,
    answer: Mapping[str, Any],
    asking: AskingSettings,
    scores: dict[tuple[str, str, str], Score],
) -> dict[str, Any]:
    problem = answer.get("problem")
    problem = problem if isinstance(problem, str) and problem else None
    text, reason = (
        ("", problem) if problem else read_text(question.row, answer, question.task, asking)
    )
    key = (question.row["task"], question.example.example_id, text)
    if key not in scores:
        scores[key] = score(question.task, question.example, text)
    columns = score_columns(scores[key])
    if problem == NOT_ASKED:
        columns |= {"score": None, "tp": None, "predicted": None, "gold_items": None}
    if not (reason or columns["parsed"]):
        reason = "unreadable" if text.strip() else "empty"
    detail = answer.get("detail")
    if problem and isinstance(detail, str) and detail:
        reason = f"{problem}: {detail}"
    left = answer.get("n_shots_left")
    return (
        question.known
        | columns
        | {
            "prediction": text,
            "problem": problem,
            "n_shots_left": None if left is None or left != left else int(left),
            "reason": reason,
        }
    )
