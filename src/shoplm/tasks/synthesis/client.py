"""Ask an endpoint: repeat what may succeed later, as politely as it wants, and nothing else."""

from __future__ import annotations

import asyncio
import contextlib
import email.utils
import json
import random
import time
from collections.abc import Mapping
from typing import Any

import openai

from shoplm.tasks.synthesis.cache import Answer
from shoplm.tasks.synthesis.endpoint import Endpoint, EndpointError
from shoplm.tasks.synthesis.settings import ClientSettings
from shoplm.tasks.synthesis.usage import Spending, Usage

REPEATED = frozenset({408, 409, 425, 429})
"""Statuses below 500 after which a request is sent again."""

HINTS = {
    401: "the key is refused: check api_key in conf/*/credentials.yml",
    402: "it wants to be paid: check the account",
    403: "the key has no right to this model: check api_key and model in conf/*/credentials.yml",
    404: "there is no such model or address: check base_url and model in conf/*/credentials.yml",
}
"""Statuses that end the run at once: no other request would fare better."""


Asked = list[dict[str, str]] | str
"""Messages for /chat/completions, or the beginning of a text for /completions."""


class NoAnswer(Exception):
    """A request was refused, or given up after its last attempt; `status` is what came last."""

    def __init__(self, reason: str, status: int | None = None) -> None:
        super().__init__(reason)
        self.status = status


class Spent(Exception):
    """No more requests may be sent; `sent` says whether this one had been, in vain."""

    def __init__(self, reason: str, sent: bool) -> None:
        super().__init__(reason)
        self.sent = sent


class Client:
    """An endpoint for a run: shared waiting, shared spending; an async context manager."""

    def __init__(self, endpoint: Endpoint, settings: ClientSettings, spending: Spending) -> None:
        """The client retries nothing itself: what is sent is counted here."""
        self.endpoint, self.retries = endpoint, settings.retries
        self.deadline, self.spending = settings.deadline_seconds, spending
        key = endpoint.api_key.get_secret_value() if endpoint.api_key else "local"
        # a proxy of the environment is not asked for a server of this machine
        direct = openai.DefaultAsyncHttpxClient(trust_env=False) if endpoint.local else None
        self._client = openai.AsyncOpenAI(
            base_url=endpoint.base_url,
            api_key=key,
            max_retries=0,
            timeout=settings.deadline_seconds,
            http_client=direct,
        )
        self._not_before = 0.0  # all wait when one is told to
        self._stop = asyncio.Event()
        self.stopped: str | None = None

    async def __aenter__(self) -> Client:
        return self

    async def __aexit__(self, *error: object) -> None:
        await self._client.close()

    def stop(self, reason: str) -> None:
        """Send nothing more; answers that are on their way may come."""
        self.stopped = self.stopped or reason
        self._stop.set()

    def allow(self, sent: bool) -> None:
        """Raise `Spent` unless a request may be sent, or an answer taken from the cache."""
        if reason := self.stopped or self.spending.spent():
            raise Spent(reason, sent)
        self.spending.requests += 1

    async def ask(self, asked: Asked, parameters: Mapping[str, Any], usage: Usage) -> Answer:
        """The answer to one request: to messages, or how a text goes on.

        Raises:
            NoAnswer: refused, or still nothing after the last attempt.
            Spent: the budget does not allow an attempt, or the endpoint asks for more patience
                than there is.
            EndpointError: 401, 402, 403, 404, or a quota of the account that is used up.
        """
        for attempt in range(self.retries.attempts):
            while self.stopped is None and (wait := self._not_before - time.monotonic()) > 0:
                await self._sleep(wait)
            self.allow(sent=attempt > 0)
            status = None
            usage.requests += 1
            usage.retries += attempt > 0
            try:
                return await self._send(asked, parameters)
            except openai.APIStatusError as error:
                problem, wait = self._judge(error), _retry_after(error.response.headers)
                status = error.status_code
            except TimeoutError:
                problem, wait = f"no answer within {self.deadline:g} s", None
            except (openai.APIError, OSError, ValueError) as error:
                cause = error.__cause__ or error
                problem, wait = f"{type(cause).__name__}: {cause}", None
            if attempt + 1 < self.retries.attempts:
                await self._wait(attempt, wait)
        raise NoAnswer(f"{problem} (attempt {self.retries.attempts})", status)

    async def _send(self, asked: Asked, parameters: Mapping[str, Any]) -> Answer:
        started = time.monotonic()
        if isinstance(asked, str):
            create = self._client.completions.with_raw_response.create
            request = {"prompt": asked, "extra_body": dict(parameters)}
        else:
            create = self._client.chat.completions.with_raw_response.create
            request = {"messages": asked} | _known(parameters)
        async with asyncio.timeout(self.deadline):  # httpx knows only one for each read
            raw = await create(model=self.endpoint.model, **request)
        return _read(raw.http_response.content, asked, time.monotonic() - started)

    def _judge(self, error: openai.APIStatusError) -> str:
        """What is wrong, where another attempt may go better."""
        status, body = error.status_code, error.body
        said = body.get("message") if isinstance(body, Mapping) else None
        said = " ".join(str(said or error.message).split())[:300]
        if status in HINTS or error.code == "insufficient_quota":
            hint = HINTS.get(status, HINTS[402])
            where = f"{self.endpoint.model} at {self.endpoint.base_url}"
            refused = EndpointError(f"language model {where}: {hint}; it says: {said}")
            refused.status = status
            raise refused from None
        if status < 500 and status not in REPEATED:
            raise NoAnswer(f"refused with {status}: {said}", status) from None
        return f"{status}: {said}"

    async def _wait(self, attempt: int, asked: float | None) -> None:
        if asked is not None:
            if asked > self.retries.patience:
                reason = f"the endpoint asks to wait {asked:.0f} s (retries.patience)"
                raise Spent(reason, sent=True)
            self._not_before = max(self._not_before, time.monotonic() + asked)
        longest = min(self.retries.first_wait * 2**attempt, self.retries.longest_wait)
        await self._sleep(max(asked or 0.0, longest * random.uniform(0.5, 1.0)))

    async def _sleep(self, seconds: float) -> None:
        with contextlib.suppress(TimeoutError):
            await asyncio.wait_for(self._stop.wait(), seconds)


def _known(parameters: Mapping[str, Any]) -> dict[str, Any]:
    """Parameters that the openai client knows as such, any other in the body."""
    named = ("temperature", "top_p", "max_tokens", "max_completion_tokens", "seed", "stop")
    named += ("frequency_penalty", "presence_penalty", "reasoning_effort")
    other = {name: value for name, value in parameters.items() if name not in named}
    known = {name: value for name, value in parameters.items() if name in named}
    return known | ({"extra_body": other} if other else {})


def _read(body: bytes, asked: Asked, seconds: float) -> Answer:
    """The one choice of a completion, its usage estimated where it states none.

    Raises:
        ValueError: the body is not JSON, or no completion.
    """
    try:
        completion = json.loads(body)
        choice = completion["choices"][0]
        text = choice["text"] if isinstance(asked, str) else choice["message"]["content"]
        text = "" if text is None else text
        if not isinstance(text, str):
            raise TypeError
        tokens = _tokens(choice) if isinstance(asked, str) else None
    except (ValueError, LookupError, TypeError):
        raise ValueError(f"no completion that can be read: {body[:200]!r}") from None
    usage = completion.get("usage") or {}
    prompt = usage.get("prompt_tokens")
    written = usage.get("completion_tokens")
    if not isinstance(prompt, int):  # as a rule of thumb four bytes are a token
        texts = [asked] if isinstance(asked, str) else [message["content"] for message in asked]
        prompt = sum(len(text.encode("utf-8", "surrogatepass")) for text in texts) // 4
    if not isinstance(written, int):
        written = len(text.encode("utf-8", "surrogatepass")) // 4
    cut = choice.get("finish_reason") == "length"
    return Answer(text, cut, prompt, written, seconds, tokens)


def _tokens(choice: Mapping[str, Any]) -> tuple[tuple[str, float | None], ...] | None:
    """Tokens of a completion with their log-probabilities; None if it states none."""
    stated = choice.get("logprobs") or {}
    if not stated.get("tokens") or not stated.get("token_logprobs"):
        return None
    pairs = zip(stated["tokens"], stated["token_logprobs"], strict=True)
    return tuple((str(token), None if score is None else float(score)) for token, score in pairs)


def _retry_after(headers: Mapping[str, str]) -> float | None:
    """Seconds that the endpoint asks to wait: a number, or the time until a date."""
    said = headers.get("retry-after", "").strip()
    with contextlib.suppress(ValueError):
        return max(0.0, float(said)) if said else None
    with contextlib.suppress(ValueError, TypeError):
        return max(0.0, email.utils.parsedate_to_datetime(said).timestamp() - time.time())
    return None
