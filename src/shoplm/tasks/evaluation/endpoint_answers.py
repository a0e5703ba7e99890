"""Answers to benchmark requests from an OpenAI-compatible endpoint, in the table of any model's."""

from __future__ import annotations

import logging
import time
from collections.abc import Mapping
from pathlib import Path
from typing import Any

import pandas as pd

from shoplm.launch.output import Progress
from shoplm.tasks.evaluation.echoed import first_kept, log_likelihood
from shoplm.tasks.evaluation.endpoint_asking import COSTS, Asker, NotOffered, TooLong
from shoplm.tasks.evaluation.endpoint_settings import EndpointAnswerSettings
from shoplm.tasks.synthesis.cache import Answer, ResponseCache
from shoplm.tasks.synthesis.client import NoAnswer, Spent
from shoplm.tasks.synthesis.endpoint import Endpoint, EndpointError
from shoplm.tasks.synthesis.running import run_to_end, work_off

RESPONSES = "responses.jsonl"
"""Name of the response cache in the work directory."""

ANSWERS = [
    "request_id", "log_likelihoods", "n_choice_tokens", "order", "text", "n_prompt_tokens",
    "n_shots_left", "n_new_tokens", "seconds", "problem", "detail",
]  # fmt: skip
"""Columns of the table of answers."""

logger = logging.getLogger(__name__)


def ask_endpoint(
    requests: pd.DataFrame, endpoint: Endpoint, settings: EndpointAnswerSettings, directory: Path
) -> tuple[pd.DataFrame, pd.DataFrame]:
    """Put requests to an endpoint.

    Texts come through /chat/completions. Choices and orders need a server whose /completions echoes
    a prompt with log-probabilities (vLLM's does); of another one they have the problem `endpoint`,
    as has all that was not answered when the endpoint failed or the budget was spent. Answers are
    kept in `directory` as they come: the next run asks for the rest alone. A prompt that the server
    finds too long is shown fewer shots.

    Args:
        requests: see `make_requests`; equal ones are asked once.
        endpoint: where to ask.
        settings: how, how often, and when to stop.
        directory: of the response cache; the same for any requests, settings and endpoint.

    Returns:
        ANSWERS, one row a request in their order, and COSTS, one row.

    Raises:
        EndpointError: the endpoint refuses us, and nothing was answered before.
        ValueError: the local server, which answers no benchmark.
        RuntimeError: another process works in `directory`.
        KeyboardInterrupt, shoplm.launch.Terminated: interrupted, the answers so far are kept.
    """
    if endpoint.local:
        raise ValueError(
            "the local server writes samples of tasks and answers no benchmark: name another "
            "endpoint, with `credentials`"
        )
    rows = requests.drop_duplicates("request_id").to_dict("records")
    with ResponseCache(Path(directory) / RESPONSES) as cache:
        run = _Run(rows, endpoint, settings, cache)
        try:
            run_to_end(run.ask_all)
        finally:
            run.progress.close()
    answers = [run.answers[row["request_id"]] for row in rows]
    missing = [answer["detail"] for answer in answers if answer["problem"] == "endpoint"]
    if run.error is not None and len(missing) == len(rows):
        raise run.error
    if missing:
        logger.warning(
            "endpoint %s: %d of %d requests have no answer: %s",
            endpoint.model, len(missing), len(rows), missing[0],
        )  # fmt: skip
    table = pd.DataFrame(answers, columns=ANSWERS, dtype=object).astype(
        {"n_prompt_tokens": int, "n_shots_left": int, "n_new_tokens": int, "seconds": float}
    )
    return table, pd.DataFrame([run.costs(len(rows) - len(missing))], columns=COSTS)


class _EmptyChoice(Exception):
    """A possible answer is nothing."""


class _Run:
    """One run over the requests."""

    def __init__(
        self,
        rows: list[dict[str, Any]],
        endpoint: Endpoint,
        settings: EndpointAnswerSettings,
        cache: ResponseCache,
    ) -> None:
        self.rows, self.endpoint, self.settings, self.cache = rows, endpoint, settings, cache
        self.answers: dict[str, dict[str, Any]] = {}
        self.error: EndpointError | None = None
        self.progress, self.started = Progress(f"endpoint {endpoint.model}"), time.monotonic()

    async def ask_all(self) -> None:
        """Fill `answers`; what the cache knows is there even when no more may be asked."""
        async with Asker(self.endpoint, self.settings, self.cache) as self.asker:
            await work_off(self.rows, self.settings.concurrency, self._answer)

    def costs(self, answered: int) -> dict[str, Any]:
        """A row of COSTS."""
        return self.asker.costs(answered)

    async def _answer(self, row: Mapping[str, Any]) -> bool:
        answer: dict[str, Any] = dict.fromkeys(ANSWERS)
        answer |= {"request_id": row["request_id"], "n_shots_left": len(row["shots"])}
        answer |= {"n_prompt_tokens": 0, "n_new_tokens": 0, "seconds": 0.0}
        try:
            await self._ask(row, answer)
        except _EmptyChoice as problem:
            answer |= {"problem": "empty_choice", "detail": str(problem)}
        except TooLong as problem:
            answer |= {"problem": "too_long", "detail": str(problem)}
        except (NoAnswer, Spent, EndpointError) as problem:
            detail = f"not asked: {problem}" if isinstance(problem, Spent) else str(problem)
            answer |= {"problem": "endpoint", "detail": detail}
            self._count_failure(problem)
        self.answers[row["request_id"]] = answer
        self._show()
        return True

    def _count_failure(self, problem: Exception) -> None:
        """Of a request without an answer; some end the run."""
        if isinstance(problem, NoAnswer):
            if not isinstance(problem, NotOffered):
                self.asker.fail(str(problem))
            return
        self.asker.client.stop(str(problem))
        if isinstance(problem, EndpointError):
            self.error = self.error or problem

    async def _ask(self, row: Mapping[str, Any], answer: dict[str, Any]) -> None:
        """Ask with as many shots as the endpoint takes."""
        ask = {"text": _write, "choices": _compare, "order": _order}[row["kind"]]
        if row["kind"] != "text" and "" in list(row["choices"]):
            raise _EmptyChoice("the choice '' has no token")
        shots = list(row["shots"])
        chat = row["kind"] == "text" and self.settings.text_through == "chat"
        head, question = row["head"], row["question"]
        if chat and not shots:  # the endpoint puts a frame of its own around it
            head, question = "", question[: len(question) - int(row["tail_length"])]
        while True:
            answer["n_shots_left"] = len(shots)
            prompt = head + "".join(shots) + question
            try:
                return await ask(self.asker, row, prompt, answer)
            except TooLong:
                if not shots:
                    raise
                shots = shots[1:]

    def _show(self) -> None:
        n, spending = len(self.answers), self.asker.spending
        rate = n / max(time.monotonic() - self.started, 1e-3)
        money = f", cost {spending.money:.4g}" if spending.money else ""
        self.progress.show(
            f"{n} of {len(self.rows)} requests ({rate:.1f} examples/s), "
            f"{spending.tokens} tokens{money}"
        )


async def _write(asker: Asker, row: Mapping[str, Any], prompt: str, answer: dict[str, Any]) -> None:
    """Text, which a server may send with its stop: `answer_texts` cuts it there."""
    chat, stop = asker.settings.text_through == "chat", list(row["stop"])
    parameters = asker.settings.parameters | ({"stop": stop} if stop else {})
    parameters[asker.settings.length_name if chat else "max_tokens"] = int(row["max_new_tokens"])
    asked = [{"role": "user", "content": prompt}] if chat else prompt
    said = await asker.ask(asked, parameters)
    _count(answer, said)
    answer["text"] = said.text
    answer["n_prompt_tokens"] = said.prompt_tokens
    answer["n_new_tokens"] = said.completion_tokens


async def _compare(
    asker: Asker, row: Mapping[str, Any], prompt: str, answer: dict[str, Any]
) -> None:
    """Log-likelihoods of the choices."""
    alone = await asker.echo(prompt)
    _count(answer, alone)
    answer["n_prompt_tokens"] = alone.prompt_tokens
    scores = []
    for choice in row["choices"]:
        whole = await asker.echo(prompt + choice + _end(asker, row), first_kept(alone))
        _count(answer, whole)
        scores.append(log_likelihood(alone, whole))
    answer["log_likelihoods"] = [score for score, _ in scores]
    answer["n_choice_tokens"] = [n_tokens for _, n_tokens in scores]


async def _order(asker: Asker, row: Mapping[str, Any], prompt: str, answer: dict[str, Any]) -> None:
    """Items one after another, each the likeliest with what follows it; the first of equals.

    The separator follows while items are left, or else the end. Where fewer may be named, both are
    compared, unless the end is nothing.
    """
    items, end = list(row["choices"]), _end(asker, row)
    n_items = min(int(row["n_items"]), len(items))
    so_far, named = await asker.echo(prompt), []
    _count(answer, so_far)
    answer["n_prompt_tokens"] = so_far.prompt_tokens
    while True:
        left = [place for place in range(len(items)) if place not in named]
        enough = len(named) + 1 == n_items
        follows = {row["separator"]: enough} if len(left) > 1 else {}
        if len(left) == 1 or (row["may_stop"] and end):
            follows[end] = True
        best = None
        for place in left:
            for after, ends in follows.items():
                text = prompt + items[place] + after
                whole = await asker.echo(text, first_kept(so_far))
                _count(answer, whole)
                score, _ = log_likelihood(so_far, whole)
                if best is None or score > best[0]:
                    best = score, place, text, whole, ends
        _, place, prompt, so_far, ends = best
        named.append(place)
        if ends:
            break
    answer["order"] = named


def _end(asker: Asker, row: Mapping[str, Any]) -> str:
    """What is scored after an answer."""
    return row["end"] + ((asker.settings.end_of_text or "") if row["ends_document"] else "")


def _count(answer: dict[str, Any], said: Answer) -> None:
    answer["seconds"] += said.seconds
