"""One request after another to an endpoint, each paid for once, and what all of them took."""

from __future__ import annotations

import re
import time
from collections.abc import Callable, Mapping
from typing import Any

from shoplm.tasks.evaluation.echoed import ECHO, read_echo
from shoplm.tasks.evaluation.endpoint_settings import EndpointAnswerSettings
from shoplm.tasks.synthesis.cache import Answer, ResponseCache, request_key
from shoplm.tasks.synthesis.client import Asked, Client, NoAnswer
from shoplm.tasks.synthesis.endpoint import Endpoint, EndpointError
from shoplm.tasks.synthesis.usage import Spending, Trust, Usage

COSTS = [
    "model", "n_requests", "prompt_tokens", "new_tokens", "seconds", "examples_per_second",
    "peak_memory", "sent", "retries", "failures", "cache_hits", "money", "money_now", "ended",
]  # fmt: skip
"""Columns of the table of costs: tokens, seconds and money of all answers used, whenever paid, and
what this run sent. An endpoint does not tell its memory, and there is no rate where something was
answered before."""

NOT_OFFERED = frozenset({400, 404, 405, 415, 422, 501})
"""Statuses of a server that scores no prompts, if it has never scored one."""

TOO_LONG = re.compile(r"context.?(length|window|size)|maximum.?(context|length)|too.?long", re.I)
"""Said of a prompt that the model's window does not hold."""

REFUSED_AS_TOO_LONG = frozenset({400, 413, 422})
"""Statuses with which that is said; others may complain of a time that was too long."""


class NotOffered(NoAnswer):
    """The server scores no prompts."""


class TooLong(NoAnswer):
    """The window does not hold the prompt."""


class Asker:
    """An endpoint with its cache, for a run; an async context manager."""

    def __init__(
        self, endpoint: Endpoint, settings: EndpointAnswerSettings, cache: ResponseCache
    ) -> None:
        """What the cache holds counts against the budget."""
        self.endpoint, self.settings, self.cache = endpoint, settings, cache
        self.spending = Spending(settings.budget, settings.prices)
        for answer in cache:
            self.spending.requests += 1
            self.spending.pay(answer)
        self.trust = Trust(settings.errors)
        self.usage = Usage(task="", model=endpoint.model)
        self.client = Client(endpoint, settings, self.spending)
        self._scored, self._scores_none = False, ""
        self._started = time.monotonic()

    async def __aenter__(self) -> Asker:
        return self

    async def __aexit__(self, *error: object) -> None:
        await self.client.__aexit__(*error)

    async def ask(
        self,
        asked: Asked,
        parameters: Mapping[str, Any],
        read: Callable[[Answer], Answer] = lambda said: said,
        part: int = 0,
    ) -> Answer:
        """What the endpoint says, or said earlier; `read` makes of it the `part` that is kept.

        Raises:
            TooLong: the prompt.
            NoAnswer, Spent, EndpointError: see `Client.ask`.
        """
        key = request_key(self.endpoint.fingerprint, asked, parameters, part)
        said = self.cache.get(key)
        paid = said is not None
        if paid:
            self.usage.cache_hits += 1
        else:
            try:
                came = await self.client.ask(asked, parameters, self.usage)
            except NoAnswer as problem:
                if problem.status in REFUSED_AS_TOO_LONG and TOO_LONG.search(str(problem)):
                    raise TooLong(str(problem), problem.status) from None
                raise
            self.spending.pay(came)
            said = read(came)
            self.cache.put(key, said)
            self.trust.usable()
        self.usage.count(said, self.spending.price(said), paid)
        return said

    async def echo(self, text: str, start: int | None = None) -> Answer:
        """The last tokens of a text with their log-probabilities; see `read_echo`.

        Raises:
            NotOffered: the server does not score prompts; it is not asked again in this run.
            TooLong, NoAnswer, Spent, EndpointError: see `ask`.
        """
        if self._scores_none:
            raise NotOffered(self._scores_none)

        def read(said: Answer) -> Answer:
            if (echoed := read_echo(said, start)) is None:
                raise NoAnswer("it does not echo them with log-probabilities", 501)
            return echoed

        try:
            echoed = await self.ask(text, ECHO, read, part=-1 if start is None else start)
        except TooLong:
            raise
        except (NoAnswer, EndpointError) as problem:
            if self._scored or problem.status not in NOT_OFFERED:
                raise
            self._scores_none = f"/completions of this server scores no prompts: {problem}"
            raise NotOffered(self._scores_none, problem.status) from None
        self._scored = True
        return echoed

    def fail(self, problem: str) -> None:
        """Count a request that came to nothing; too many end the run."""
        self.usage.failures += 1
        if too_many := self.trust.failed():
            where = f"{self.endpoint.model} at {self.endpoint.base_url}"
            self.client.stop(f"language model {where}: no answer to {too_many}; last: {problem}")

    def costs(self, answered: int) -> dict[str, Any]:
        """A row of COSTS; so many requests have an answer."""
        seconds, usage = time.monotonic() - self._started, self.usage
        return {
            "model": self.endpoint.model,
            "n_requests": answered,
            "prompt_tokens": usage.prompt_tokens,
            "new_tokens": usage.completion_tokens,
            "seconds": usage.seconds,
            "examples_per_second": None if usage.cache_hits else answered / max(seconds, 1e-3),
            "peak_memory": None,
            "sent": usage.requests,
            "retries": usage.retries,
            "failures": usage.failures,
            "cache_hits": usage.cache_hits,
            "money": usage.cost,
            "money_now": usage.cost_now,
            "ended": self.client.stopped or "",
        }
