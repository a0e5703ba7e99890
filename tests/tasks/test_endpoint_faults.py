"""An endpoint that fails, refuses, or costs too much: what was answered stays."""

import json
import os

import pandas as pd
import pytest
from misbehaving_endpoint import MisbehavingEndpoint
from synthetic_shop import endpoint
from toy_endpoint import PATIENCE, Toy, ask, table, texts

from shoplm.tasks.evaluation.endpoint_answers import ask_endpoint
from shoplm.tasks.evaluation.endpoint_settings import EndpointAnswerSettings
from shoplm.tasks.synthesis.endpoint import EndpointError


@pytest.fixture(autouse=True)
def _quick_disk(monkeypatch):
    monkeypatch.setattr(os, "fsync", lambda descriptor: None)


def test_an_endpoint_that_dies_half_way_leaves_what_it_answered(tmp_path):
    requests = texts(12)
    with MisbehavingEndpoint(*["good"] * 5, then="dropped", oracle=Toy()) as server:
        answers, costs = ask(server, requests, tmp_path, errors={"consecutive": 3})
        assert server.requests == 5 + 3 * 2  # two attempts each, then nothing more
    assert list(answers["problem"]) == [None] * 5 + ["endpoint"] * 7
    assert answers["text"].notna().sum() == 5 == costs["n_requests"]
    assert "attempt 2" in answers["detail"].iloc[5]
    assert answers["detail"].iloc[-1].startswith("not asked: ") and "3 requests" in costs["ended"]


def revived(server, misbehaviours=(), then="good"):
    """The same address, behaving otherwise."""
    server.misbehaviours, server.then = list(misbehaviours), then
    return server.requests


def test_what_an_endpoint_answered_before_it_died_is_not_asked_again(tmp_path):
    requests = pd.concat(
        [texts(4), table({"kind": "choices", "question": "Q\n", "choices": ["a", "b"]})]
    ).assign(request_id=[f"r{k}" for k in range(5)])
    with MisbehavingEndpoint(*["good"] * 2, then=500, oracle=Toy()) as server:
        first, _ = ask(server, requests, tmp_path, errors={"consecutive": 2})
        before = revived(server)
        second, costs = ask(server, requests, tmp_path)
        assert server.requests - before == 2 + 3  # two texts, the prompt and its choices
        before = revived(server, then=401)
        third, _ = ask(server, requests, tmp_path)
        assert server.requests == before
    assert list(first["problem"]) == [None, None, "endpoint", "endpoint", "endpoint"]
    assert second["problem"].isna().all() and (costs["cache_hits"], costs["failures"]) == (2, 0)
    assert first["text"][:2].equals(second["text"][:2]) and third.equals(second)


def test_every_fault_is_lived_with(tmp_path):
    faults = ["later", 503, "page", "truncated", "empty_object", "hang", "dropped", 400]
    with MisbehavingEndpoint(*faults, oracle=Toy()) as server:
        answers, costs = ask(
            server, texts(4), tmp_path,
            deadline_seconds=0.5, retries=PATIENCE | {"attempts": 8}, errors={"share": 1.0},
        )  # fmt: skip
        assert server.times[1] - server.times[0] >= 0.5  # as it asked
    assert list(answers["problem"]) == ["endpoint", None, None, None]
    assert answers.loc["r0", "detail"] == "refused with 400: no"
    assert (costs["failures"], costs["retries"], costs["sent"]) == (1, 7, 11)


@pytest.mark.parametrize("how", [404, 400, 501, "no echo"])
def test_a_server_that_scores_no_prompts_still_writes(tmp_path, how):
    asked = {"kind": "choices", "question": "Q\n", "choices": ["a", "b"]}
    requests = table(asked, asked | {"question": "Q2\n"}, {"kind": "text", "question": "Q\n"})
    faults = [] if how == "no echo" else [how] * (2 if how == 501 else 1)
    with MisbehavingEndpoint(*faults, oracle=Toy(echoes=how != "no echo")) as server:
        answers, costs = ask(server, requests, tmp_path, errors={"consecutive": 1})
        assert server.requests == len(faults or [1]) + 1  # it is tried once
    assert list(answers["problem"]) == ["endpoint", "endpoint", None]
    assert answers["detail"].iloc[1].startswith("/completions of this server scores no prompts: ")
    assert answers.loc["r2", "text"] and not costs["ended"]


def test_a_prompt_that_is_too_long_is_shown_fewer_shots(tmp_path):
    message = "This model's maximum context length is 9 tokens. However, you requested 30 tokens."
    shots = ["one\n\n", "two\n\n", "three\n\n"]
    asked = {"kind": "text", "question": "Q\n", "shots": shots}
    with MisbehavingEndpoint(*[(400, None, message)] * 2, oracle=Toy()) as server:
        answers, _ = ask(server, table(asked), tmp_path)
        sent = [body["messages"][0]["content"] for body in server.bodies]
        assert sent == ["".join(shots[k:]) + "Q\n" for k in range(3)]
    assert answers.loc["r0", "n_shots_left"] == 1 and answers.loc["r0", "problem"] is None
    with MisbehavingEndpoint(then=(400, None, message), oracle=Toy()) as server:
        answers, costs = ask(server, table(asked, asked | {"kind": "choices", "choices": ["a"]}),
                             tmp_path)  # fmt: skip
    assert list(answers["problem"]) == ["too_long"] * 2 and not costs["failures"]
    assert "maximum context length" in answers.loc["r1", "detail"]


def test_an_empty_choice_is_a_problem_of_the_request(tmp_path):
    asked = {"kind": "choices", "question": "Q\n", "choices": ["a", ""], "end": "\n"}
    with MisbehavingEndpoint(oracle=Toy()) as server:
        answers, _ = ask(server, table(asked), tmp_path)
        assert server.requests == 0
    assert answers.loc["r0", "problem"] == "empty_choice"


@pytest.mark.parametrize("status", [408, 504])
def test_a_server_that_took_too_long_has_not_called_the_prompt_too_long(tmp_path, status):
    shots = {"shots": ["one\n\n"], "kind": "text", "question": "Q\n"}
    slow = (status, None, "The request took too long and timed out.")
    with MisbehavingEndpoint(then=slow, oracle=Toy()) as server:
        answers, costs = ask(server, table(shots), tmp_path)
        assert server.requests == PATIENCE["attempts"]
    assert (answers.loc["r0", "problem"], answers.loc["r0", "n_shots_left"]) == ("endpoint", 1)
    assert costs["failures"] == 1


def test_a_refused_key_ends_the_run_unless_something_was_answered(tmp_path):
    with MisbehavingEndpoint(then=401, oracle=Toy()) as server:
        with pytest.raises(EndpointError, match="the key is refused"):
            ask(server, texts(3), tmp_path)
        assert server.requests == 1
        revived(server, ["good"], then=402)
        answers, costs = ask(server, texts(3), tmp_path)
    assert list(answers["problem"]) == [None, "endpoint", "endpoint"]
    assert "it wants to be paid" in costs["ended"]


def test_the_budget_counts_earlier_runs(tmp_path):
    prices = {"prompt": 10_000.0}  # 1 a prompt of 100 tokens
    with MisbehavingEndpoint(oracle=Toy()) as server:
        first, costs = ask(server, texts(6), tmp_path, budget={"money": 2.0}, prices=prices)
        assert server.requests == 2 and costs["money"] == costs["money_now"] == 2.0
        again, _ = ask(server, texts(6), tmp_path, budget={"money": 2.0}, prices=prices)
        assert server.requests == 2 and again.equals(first)
        more, costs = ask(server, texts(6), tmp_path, budget={"money": 3.0}, prices=prices)
    assert list(more["problem"]) == [None] * 3 + ["endpoint"] * 3
    assert more["detail"].iloc[-1] == "not asked: budget: money (3 of 3)"
    assert (costs["money"], costs["money_now"]) == (3.0, 1.0)


def test_equal_requests_are_asked_once_and_the_order_of_answers_decides_nothing(tmp_path):
    requests = texts(9)
    doubled = pd.concat([requests, requests], ignore_index=True)
    settings = EndpointAnswerSettings(concurrency=4, retries=PATIENCE)
    with MisbehavingEndpoint("later", 500, oracle=Toy()) as server:
        answers, _ = ask_endpoint(doubled, endpoint(server.url), settings, tmp_path)
        alone, _ = ask(server, requests, tmp_path / "alone")
    assert list(answers["request_id"]) == list(requests["request_id"])
    assert list(answers["text"]) == list(alone["text"])


def test_the_cache_keeps_no_key_and_no_whole_prompt(tmp_path):
    asked = {"kind": "choices", "question": "word " * 500 + "\n", "choices": ["a", "b"]}
    with MisbehavingEndpoint(oracle=Toy()) as server:
        ask(server, table(asked), tmp_path)
    kept = (tmp_path / "responses.jsonl").read_text()
    assert "secret" not in kept
    assert [len(json.loads(line)["tokens"]) for line in kept.splitlines()] == [32, 33, 33]
