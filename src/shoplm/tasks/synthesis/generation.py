"""Ask a language model for samples until the quota is met, or something says stop."""

from __future__ import annotations

import contextlib
import logging
import time
from collections.abc import Mapping
from dataclasses import asdict, dataclass, fields
from itertools import zip_longest
from pathlib import Path

import pandas as pd

from shoplm.launch.output import Progress
from shoplm.tasks.records import COLUMNS
from shoplm.tasks.synthesis.cache import ResponseCache, request_key
from shoplm.tasks.synthesis.checks import check_synthetic
from shoplm.tasks.synthesis.client import Client, NoAnswer, Spent
from shoplm.tasks.synthesis.collection import QUARANTINED, Collection, Made
from shoplm.tasks.synthesis.endpoint import Endpoint, EndpointError
from shoplm.tasks.synthesis.local_server import LocalServer
from shoplm.tasks.synthesis.requests import Request
from shoplm.tasks.synthesis.responses import Rejected
from shoplm.tasks.synthesis.running import run_to_end, work_off
from shoplm.tasks.synthesis.settings import SynthesisSettings
from shoplm.tasks.synthesis.usage import Spending, Trust, Usage
from shoplm.tasks.task import Task

CACHE = "responses.jsonl"
"""Name of the response cache in the work directory."""

logger = logging.getLogger(__name__)


@dataclass(frozen=True)
class Generated:
    """What a language model made."""

    instructions: pd.DataFrame
    """Accepted samples: the columns of `instructions`."""
    quarantined: pd.DataFrame
    """Every other sample that came, with reason, detail and raw text."""
    usage: pd.DataFrame
    """One row a task: the fields of `Usage`."""


def generate(
    tasks: Mapping[str, Task],
    tables: Mapping[str, pd.DataFrame],
    endpoint: Endpoint,
    settings: SynthesisSettings,
    directory: Path,
) -> Generated:
    """Samples of every task with a `synthetic` block, by a language model (arXiv 2504.08002).

    Answers are kept in `directory` as they come, by what was asked: a run that was killed,
    interrupted or stopped goes on from there, and gives what it would have given. Requests go out
    in rounds; what a round leaves short is asked for in the next, and its answers are accepted in
    the order of the requests, so the order in which they come decides nothing.

    Args:
        tasks: the library, by name.
        tables: `products` grounds the requests; the local server's recipes read the others.
        endpoint: where to ask.
        settings: how much, how, and when to stop.
        directory: of the response cache; the same for any settings. The local server, whose
            answers cost nothing, is asked anew each time.

    Raises:
        EndpointError: the endpoint refuses us, or too many requests came to nothing. Its
            `generated` holds what there was.
        ValueError: an unknown task in `settings.tasks`, a synthetic block that cannot fill its
            template, products without a column.
        RuntimeError: another process works in `directory`.
        KeyboardInterrupt, shoplm.launch.Terminated: interrupted, the answers so far are kept.
    """
    collections = [
        Collection(task, tables.get("products"), endpoint.model, settings)
        for task in _chosen(tasks, settings)
    ]
    with contextlib.ExitStack() as stack:
        path = None if endpoint.local else Path(directory) / CACHE
        cache = stack.enter_context(ResponseCache(path))
        if endpoint.local:
            server = stack.enter_context(_local_server(tasks, tables, settings))
            endpoint = endpoint.model_copy(update={"base_url": server.base_url})
            for collection in collections:
                collection.lack = server.lacks(collection.task)
        run = _Run(collections, endpoint, settings, cache)
        try:
            run_to_end(run.rounds)
        except EndpointError as error:
            error.generated = _tables(collections)
            raise
        finally:
            run.progress.close()
    return _tables(collections)


def _local_server(
    tasks: Mapping[str, Task], tables: Mapping[str, pd.DataFrame], settings: SynthesisSettings
) -> LocalServer:
    """With enough examples to choose from that requests seldom get the same."""
    pool = max(400, 8 * settings.samples_per_task)
    return LocalServer(tasks, tables, settings.seed, pool)


def _chosen(tasks: Mapping[str, Task], settings: SynthesisSettings) -> list[Task]:
    able = {name: task for name, task in sorted(tasks.items()) if task.synthetic is not None}
    for name in settings.tasks or ():
        if name not in able:
            raise ValueError(
                f"tasks: {name!r} is no task with a synthetic block; they are "
                f"{', '.join(able) or 'none'}"
            )
    chosen = [
        task for name, task in able.items() if settings.tasks is None or name in settings.tasks
    ]
    for task in chosen:
        check_synthetic(task)
    return chosen


def _tables(collections: list[Collection]) -> Generated:
    rows = [row for collection in collections for row in collection.rows.values()]
    quarantined = [row for collection in collections for row in collection.quarantined]
    usage = [asdict(collection.usage) for collection in collections]
    return Generated(
        pd.DataFrame(rows, columns=COLUMNS),
        pd.DataFrame(quarantined, columns=QUARANTINED),
        pd.DataFrame(usage, columns=[field.name for field in fields(Usage)]),
    )


class _Run:
    """Rounds of requests over all tasks."""

    def __init__(
        self,
        collections: list[Collection],
        endpoint: Endpoint,
        settings: SynthesisSettings,
        cache: ResponseCache,
    ) -> None:
        self.collections, self.endpoint = collections, endpoint
        self.settings, self.cache = settings, cache
        self.spending = Spending(settings.budget, settings.prices)
        self.trust = Trust(settings.errors)
        self.progress, self.started = Progress("synthesis"), time.monotonic()
        self.read = self.answers = 0
        self.error: EndpointError | None = None
        self.warned: set[str] = set()

    async def rounds(self) -> None:
        """Ask until nobody wants more, or no more may be asked."""
        try:
            async with Client(self.endpoint, self.settings, self.spending) as client:
                while client.stopped is None and (planned := self._plan()):
                    await self._round(client, planned)
            if self.error is not None:
                raise self.error
        except EndpointError:
            self._end("error")
            raise
        if client.stopped is not None:
            logger.warning("synthesis: ended early, %s", client.stopped)
            self._end(client.stopped)

    def _end(self, why: str) -> None:
        for collection in self.collections:
            collection.end(why)

    def _plan(self) -> list[tuple[Collection, Request]]:
        """One request of each task in turn, so that a budget serves all."""
        of_tasks = [
            [(collection, request) for request in collection.plan()]
            for collection in self.collections
        ]
        turns = zip_longest(*of_tasks)
        return [asked for turn in turns for asked in turn if asked is not None]

    async def _round(self, client: Client, planned: list[tuple[Collection, Request]]) -> None:
        """Ask all of `planned`, and settle in its order what came."""
        came: dict[int, list[Made | Rejected]] = {}

        async def work(place: int) -> bool:
            try:
                came[place] = await self._ask(client, *planned[place])
            except Spent as spent:
                client.stop(str(spent))
                if spent.sent:
                    came[place] = []
                return False
            return True

        try:
            await work_off(range(len(planned)), self.settings.concurrency, work)
        finally:
            for place in sorted(came):
                collection, request = planned[place]
                collection.settle(request, came[place])

    async def _ask(
        self, client: Client, collection: Collection, request: Request
    ) -> list[Made | Rejected]:
        """The samples that come of a request; none if it is never answered."""
        usage = collection.usage
        parameters = dict(self.settings.parameters)
        if self.settings.send_seed:
            parameters["seed"] = request.seed(self.settings.seed)
        key = request_key(self.endpoint.fingerprint, request.messages, parameters, request.number)
        answer = self.cache.get(key)
        paid = answer is not None
        if paid:
            client.allow(sent=False)
            usage.cache_hits += 1
        else:
            try:
                answer = await client.ask(request.messages, parameters, usage)
            except NoAnswer as problem:
                usage.failures += 1
                self._warn(f"{collection.task.name}: {problem}")
                self._judge(client, str(problem), usable=False)
                return []
            self.cache.put(key, answer)
        self.spending.pay(answer)
        usage.count(answer, self.spending.price(answer), paid)
        pieces = collection.read(request, answer)
        if not paid:  # what an earlier run got says nothing of the endpoint now
            problem = next((p for p in pieces if isinstance(p, Rejected)), None)
            usable = any(isinstance(piece, Made) for piece in pieces)
            self._judge(client, f"{problem.reason}: {problem.detail}" if problem else "", usable)
        self._show(pieces)
        return pieces

    def _warn(self, problem: str) -> None:
        """Once for each problem."""
        level = logging.DEBUG if problem in self.warned else logging.WARNING
        logger.log(level, "synthesis: %s", problem)
        self.warned.add(problem)

    def _judge(self, client: Client, problem: str, usable: bool) -> None:
        """Stop asking when too many requests came to nothing; those that are out may end."""
        if usable:
            self.trust.usable()
        elif self.endpoint.local:  # the recipes have nothing for a cell: that breaks nothing
            return
        elif (too_many := self.trust.failed()) and self.error is None:
            where = f"{self.endpoint.model} at {self.endpoint.base_url}"
            self.error = EndpointError(
                f"language model {where}: nothing usable came of {too_many}; the last: {problem}; "
                f"all answers are kept in {self.cache.path or 'memory'}"
            )
            client.stop("error")

    def _show(self, pieces: list[Made | Rejected]) -> None:
        self.answers += 1
        self.read += sum(isinstance(piece, Made) for piece in pieces)
        wanted = sum(collection.usage.quota for collection in self.collections)
        rate = self.answers / max(time.monotonic() - self.started, 1e-3)
        cost = f", cost {self.spending.money:.4g}" if self.spending.money else ""
        self.progress.show(
            f"{self.read} samples in form of {wanted} wanted, {self.answers} answers "
            f"({rate:.1f}/s), {self.spending.tokens} tokens{cost}"
        )
