"""What models are asked: one row a question and way of asking.

Few-shot prompts hold answered examples with an empty line after each. A prompt and its answer stand
on lines of their own, so that the answer begins a line. Such answers end with an empty line: it is
scored with a possible answer, and cuts what a model writes where answers have several lines; where
they have one, the end of the line does. Without shots the prompt stands in the frame with which
models are tuned, whose end of an answer, or else the end-of-text token, ends the answer.
"""

from __future__ import annotations

import json
from collections.abc import Mapping, Sequence
from hashlib import md5
from typing import Any

import pandas as pd

from shoplm.tasks.answers import answer_choices
from shoplm.tasks.evaluation.selecting import ANSWER_END
from shoplm.tasks.evaluation.settings import AskingSettings, PromptFrame
from shoplm.tasks.records import example_of
from shoplm.tasks.rendering import render_answer, render_prompt
from shoplm.tasks.task import Example, Task
from shoplm.variants import suggest

ASKED = [
    "kind", "head", "shots", "question", "tail_length", "choices", "end", "ends_document",
    "end_of_answer", "separator", "n_items", "may_stop", "max_new_tokens", "stop",
]  # fmt: skip
"""All that decides an answer, and so the request's id. The last `tail_length` characters of the
question are the frame's tail, which tuning encodes apart from the prompt."""

REQUESTS = [
    "request_id", *ASKED, "benchmark", "task", "example_id", "decoding", "language", "n_shots",
]  # fmt: skip
"""Columns of the table of requests."""

NAMED_ITEMS = {"retrieval": 3, "ranking": 5}
"""As many as the metrics look at: hit rate@3 and NDCG@5."""


def make_requests(
    examples: pd.DataFrame,
    library: Mapping[str, Task],
    asking: AskingSettings,
    frame: PromptFrame,
) -> pd.DataFrame:
    """Every measured example as it is put to a model, once for each way of asking.

    Constrained: multiple choice and classification compare the possible answers (kind choices),
    ranking and retrieval take the likeliest item first (kind order). Free: the model writes (kind
    text), which is the only way for other types and where a prompt hides its choices.

    Args:
        examples: see `gather_examples`; its shots are those that are shown.
        library: tasks by name.
        asking: how to ask.
        frame: around prompts without shots.

    Returns:
        REQUESTS, in the order of `examples`.

    Raises:
        ValueError: an example is of a task that the library has not, or cannot be rendered.
    """
    rows: list[dict[str, Any]] = []
    for (benchmark, name), own in examples.groupby(["benchmark", "task"], sort=False):
        if name not in library:
            raise ValueError(f"examples: unknown task {name!r}; {suggest(name, library)}")
        task = library[name]
        own = own.assign(parsed=[example_of(row) for row in own.to_dict("records")])
        several_lines = _has_several_lines(task, own["parsed"])
        shots = _shots(task, own[own["role"] == "shot"], asking.seed)
        for example in own.loc[own["role"] == "measured", "parsed"]:
            shown = shots.get(example.language, [])
            question = _question(task, example, shown, asking, frame)
            beside = {
                "benchmark": benchmark,
                "task": name,
                "example_id": example.example_id,
                "language": example.language,
                "n_shots": len(shown),
            }
            closed = _closed(task, example, bool(shown), asking) if asking.constrained else None
            if closed is not None:
                rows.append(_row(question | closed) | beside | {"decoding": "constrained"})
            if closed is None or asking.free:
                written = {
                    "kind": "text",
                    "max_new_tokens": asking.max_new_tokens.of(task.type),
                    "stop": _stop(several_lines, bool(shown), asking),
                }
                rows.append(_row(question | written) | beside | {"decoding": "free"})
    return pd.DataFrame(rows, columns=REQUESTS)


def request_id(asked: Mapping[str, Any]) -> str:
    """Sixteen hex digits of the columns ASKED."""
    content = json.dumps([asked[name] for name in ASKED], ensure_ascii=False)
    return md5(content.encode(errors="surrogatepass")).hexdigest()[:16]


def _question(
    task: Task, example: Example, shots: Sequence[str], asking: AskingSettings, frame: PromptFrame
) -> dict[str, Any]:
    """The text before the answer."""
    prompt = render_prompt(task, example, asking.seed)
    if shots:
        return {"head": "", "shots": list(shots), "question": f"{prompt}\n"}
    return {
        "head": frame.head,
        "question": prompt + frame.tail,
        "tail_length": len(frame.tail),
        "end_of_answer": frame.end_of_answer,
    }


def _shots(task: Task, rows: pd.DataFrame, seed: int) -> dict[str, list[str]]:
    """Answered examples by language, in their order."""
    shots: dict[str, list[str]] = {}
    for shot in rows.sort_values(["language", "position"])["parsed"]:
        answered = f"{render_prompt(task, shot, seed)}\n{render_answer(task, shot)}{ANSWER_END}"
        shots.setdefault(shot.language, []).append(answered)
    return shots


def _closed(
    task: Task, example: Example, has_shots: bool, asking: AskingSettings
) -> dict[str, Any] | None:
    """What a constrained answer is chosen from; None where any text may be an answer."""
    ends = {"end": ANSWER_END if has_shots else "", "ends_document": not has_shots}
    if possible := answer_choices(task, example):
        return {"kind": "choices", "choices": possible[0]} | (ends if asking.answer_ends else {})
    n_choices = len(example.choices)  # none where a published prompt keeps them to itself
    if task.type not in NAMED_ITEMS or n_choices == 0:
        return None
    first = task.answer.first_number
    return ends | {  # which end it, or `1` would be preferred to `10`
        "kind": "order",
        "choices": [str(first + place) for place in range(n_choices)],
        "separator": task.answer.separator,
        "n_items": min(NAMED_ITEMS[task.type], n_choices),
        "may_stop": task.type == "retrieval",
    }


def _row(asked: dict[str, Any]) -> dict[str, Any]:
    """With its id; what does not concern this kind has a value that says nothing."""
    nothing = {
        "shots": [],
        "tail_length": 0,
        "choices": [],
        "end": "",
        "ends_document": False,
        "end_of_answer": "",
        "separator": "",
        "n_items": 1,
        "may_stop": False,
        "max_new_tokens": 1,
        "stop": [],
    }
    whole = nothing | asked
    return {"request_id": request_id(whole)} | whole


def _has_several_lines(task: Task, examples: pd.Series) -> bool:
    return any("\n" in render_answer(task, example) for example in examples)


def _stop(several_lines: bool, has_shots: bool, asking: AskingSettings) -> list[str]:
    if asking.stop is not None:
        return asking.stop
    if not several_lines:
        return ["\n"]
    return [ANSWER_END] if has_shots else []
