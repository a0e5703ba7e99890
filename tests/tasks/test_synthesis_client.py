import asyncio
import email.utils
import re
import time

import pytest
from misbehaving_endpoint import MisbehavingEndpoint
from synthetic_shop import QUESTION, endpoint, settings

from shoplm.tasks.synthesis.client import Client, NoAnswer, Spent, _retry_after
from shoplm.tasks.synthesis.endpoint import EndpointError
from shoplm.tasks.synthesis.requests import Request
from shoplm.tasks.synthesis.usage import Spending, Usage

CELL = (("difficulty", "Hard"),)
REQUEST = Request(QUESTION, "en", CELL, 0, 2, {"title": "Mug 1", "properties": "size: 1"}, "en1")


def ask(server, *parameters, **values):
    """Answers, or what was raised in their place, and the usage."""
    given, usage = settings(**values), Usage(task="t", model="test-model")

    async def run():
        spending = Spending(given.budget, given.prices)
        async with Client(endpoint(server.url), given, spending) as client:
            asked = [client.ask(REQUEST.messages, p, usage) for p in parameters or ({},)]
            return await asyncio.gather(*asked, return_exceptions=True)

    return asyncio.run(run()), usage


def test_an_answer_comes_with_what_it_took():
    with MisbehavingEndpoint() as server:
        (answer,), usage = ask(server, {"temperature": 0.5, "seed": 3, "top_k": 7})
        body = server.bodies[0]
    assert answer.text.startswith("|#1|") and not answer.cut
    assert (answer.prompt_tokens, answer.completion_tokens) == (100, 50)
    assert (usage.requests, usage.retries) == (1, 0)
    assert (body["temperature"], body["seed"], body["top_k"]) == (0.5, 3, 7)
    assert body["model"] == "test-model"


def test_retry_after_is_respected_by_all_who_wait():
    with MisbehavingEndpoint("later") as server:
        (first,), usage = ask(server)
        assert server.times[1] - server.times[0] >= 0.5
        assert first.text and (usage.requests, usage.retries) == (2, 1)
    with MisbehavingEndpoint("later", 500) as server:
        answers, usage = ask(server, {"seed": 1}, {"seed": 2})
        # the one that got 500 would have come again at once
        assert min(server.times[2:]) - server.times[0] >= 0.5
        assert all(answer.text for answer in answers) and usage.retries == 2


def test_retry_after_may_be_a_date():
    now = time.time()
    header = {"retry-after": email.utils.formatdate(now + 90, usegmt=True)}
    assert 88 < _retry_after(header) <= 90
    past = {"retry-after": email.utils.formatdate(now - 90, usegmt=True)}
    assert _retry_after(past) == 0
    assert _retry_after({"retry-after": "7"}) == 7
    assert _retry_after({"retry-after": "soon"}) is None
    assert _retry_after({}) is None


def test_more_patience_than_there_is_ends_the_run():
    with MisbehavingEndpoint((429, {"Retry-After": "3600"})) as server:
        (problem,), _ = ask(server)
        assert server.requests == 1
    assert isinstance(problem, Spent) and "3600 s" in str(problem)


@pytest.mark.parametrize(
    ("how", "said"),
    [
        (500, "500: no"),
        (429, "429: no"),
        (408, "408: no"),
        ("truncated", "no completion that can be read"),
        ("page", "Welcome"),
        ("empty_object", "{}"),
        ("dropped", "peer closed|incomplete"),
        ("hang", "no answer within 0.2 s"),
        ("drip", "no answer within 0.2 s"),
    ],
)
def test_what_may_pass_is_tried_again_to_the_last_attempt(how, said):
    with MisbehavingEndpoint(how) as server:
        (answer,), usage = ask(server, deadline_seconds=1)
        assert answer.text and usage.retries == 1
    deadline = 0.2 if how in ("hang", "drip") else 5
    with MisbehavingEndpoint(then=how) as server:
        (problem,), usage = ask(server, deadline_seconds=deadline)
        assert server.requests == 3
    assert isinstance(problem, NoAnswer) and re.search(said, str(problem))
    assert (usage.requests, usage.retries) == (3, 2)


def test_waits_grow_and_differ():
    with MisbehavingEndpoint(then=503) as server:
        ask(server, retries={"attempts": 4, "first_wait": 0.1, "longest_wait": 0.3})
    first, second, third = (b - a for a, b in zip(server.times, server.times[1:], strict=False))
    assert first >= 0.05 and second >= 0.1 and third >= 0.15


@pytest.mark.parametrize("status", [400, 413, 422])
def test_what_was_wrong_with_the_request_is_not_tried_again(status):
    with MisbehavingEndpoint(then=status) as server:
        (problem,), _ = ask(server)
        assert server.requests == 1
    assert isinstance(problem, NoAnswer) and f"refused with {status}: no" in str(problem)


@pytest.mark.parametrize("how", [401, 402, 403, 404, (429, None, "no money", "insufficient_quota")])
def test_some_statuses_end_everything(how):
    with MisbehavingEndpoint(then=how) as server:
        (problem,), _ = ask(server)
        assert server.requests == 1
    assert isinstance(problem, EndpointError) and server.url in str(problem)


def test_usage_that_is_not_stated_is_estimated():
    with MisbehavingEndpoint("no_usage") as server:
        (answer,), _ = ask(server)
    assert answer.prompt_tokens == len(REQUEST.text.encode()) // 4
    assert answer.completion_tokens == len(answer.text.encode()) // 4


def test_an_answer_that_stopped_for_length_says_so():
    with MisbehavingEndpoint("cut") as server:
        (answer,), _ = ask(server)
    assert answer.cut


def test_no_attempt_goes_beyond_the_budget():
    with MisbehavingEndpoint(then=500) as server:
        (problem,), usage = ask(server, budget={"requests": 2})
        assert server.requests == usage.requests == 2
    assert isinstance(problem, Spent) and problem.sent
