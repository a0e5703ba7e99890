import hashlib
import json
import os
import re
from itertools import pairwise

import pandas as pd
import pytest
from misbehaving_endpoint import MisbehavingEndpoint
from synthetic_shop import endpoint

from shoplm.tasks.evaluation.endpoint_answers import ANSWERS, ask_endpoint
from shoplm.tasks.evaluation.endpoint_asking import COSTS
from shoplm.tasks.evaluation.endpoint_settings import EndpointAnswerSettings
from shoplm.tasks.synthesis.endpoint import LOCAL_MODEL, Endpoint, EndpointError

PATIENCE = {"attempts": 2, "first_wait": 0.01, "longest_wait": 0.02, "patience": 2}
BLANK = {
    "head": "", "shots": [], "choices": [], "end": "", "ends_document": False, "separator": "",
    "n_items": 1, "may_stop": False, "max_new_tokens": 8, "stop": [],
}  # fmt: skip


class Toy:
    """A language model of words and signs: how likely one is depends on the one before it."""

    def __init__(self, window=10_000, echoes=True):
        self.window, self.echoes = window, echoes

    def tokens(self, text):
        return re.findall(r"</s>|\w+|\W", text)

    def scores(self, text):
        tokens = self.tokens(text)
        return [None, *(score(*pair) for pair in pairwise(tokens))]

    def complete(self, text):
        return f"said of {len(text)}\nand more"

    def go_on(self, asked):
        shown = self.tokens(asked["prompt"]) if self.echoes and asked.get("echo") else []
        text = "".join(shown) + "!"
        logprobs = {
            "tokens": [*shown, "!"],
            "token_logprobs": [*self.scores("".join(shown)), -0.5] if shown else [-0.5],
        }
        usage = {"prompt_tokens": len(self.tokens(asked["prompt"])), "completion_tokens": 1}
        choice = {"text": text, "finish_reason": "length"}
        if asked.get("logprobs"):
            choice["logprobs"] = logprobs
        return {"choices": [choice], "usage": usage}

    def likelihood(self, prompt, answer):
        """What the engine would say: of the answer's tokens alone."""
        n = len(self.tokens(prompt))
        return sum(self.scores(prompt + answer)[n:])


def score(before, token):
    return -int(hashlib.md5(f"{before}|{token}".encode()).hexdigest()[:4], 16) / 10_000


@pytest.fixture(autouse=True)
def _quick_disk(monkeypatch):
    monkeypatch.setattr(os, "fsync", lambda descriptor: None)


def table(*rows):
    return pd.DataFrame([BLANK | {"request_id": f"r{k}"} | row for k, row in enumerate(rows)])


def texts(n):
    return table(*({"kind": "text", "question": f"Question {k}?\n"} for k in range(n)))


def ask(server, requests, directory, **values):
    """Answers by request and the row of costs."""
    settings = EndpointAnswerSettings.model_validate(
        {"deadline_seconds": 5, "retries": PATIENCE, "concurrency": 1} | values
    )
    answers, costs = ask_endpoint(requests, endpoint(server.url), settings, directory)
    assert list(answers.columns) == ANSWERS and list(costs.columns) == COSTS
    assert list(answers["request_id"]) == list(requests["request_id"])
    return answers.set_index("request_id"), costs.iloc[0]


def test_text_comes_from_a_chat_and_ends_at_a_stop(tmp_path):
    shots = ["1 + 1?\n2\n\n", "2 + 2?\n4\n\n"]
    request = {"kind": "text", "head": "H", "shots": shots, "question": "Q?\n", "stop": ["\n"]}
    with MisbehavingEndpoint(oracle=Toy()) as server:
        answers, costs = ask(server, table(request), tmp_path)
        body = server.bodies[0]
    whole = "H" + "".join(shots) + "Q?\n"
    assert body["messages"] == [{"role": "user", "content": whole}]
    assert (body["temperature"], body["max_tokens"], body["stop"]) == (0.0, 8, ["\n"])
    answer = answers.loc["r0"]
    assert answer["text"] == f"said of {len(whole)}" and answer["problem"] is None
    assert (answer["n_prompt_tokens"], answer["n_new_tokens"]) == (100, 50)
    assert answer["n_shots_left"] == 2 and answer["log_likelihoods"] is None
    assert (costs["n_requests"], costs["sent"], costs["new_tokens"]) == (1, 1, 50)


def test_a_model_without_a_chat_goes_on_with_the_text(tmp_path):
    with MisbehavingEndpoint(oracle=Toy()) as server:
        answers, _ = ask(server, texts(1), tmp_path, text_through="completions")
        assert server.bodies[0]["prompt"] == "Question 0?\n"
    assert answers.loc["r0", "text"] == "!"


def test_likelihoods_are_those_of_the_answer_alone(tmp_path):
    toy, prompt = Toy(), "word " * 60 + "Which one?\n"
    choices = ["red", "red mug", "蓝色"]
    asked = {"kind": "choices", "question": prompt, "choices": choices}
    requests = table(
        asked, asked | {"end": "\n\n"}, asked | {"ends_document": True, "end": "."},
        {"kind": "choices", "question": "No.", "choices": ["1"]},
    )  # fmt: skip
    with MisbehavingEndpoint(oracle=toy) as server:
        answers, _ = ask(server, requests, tmp_path, end_of_text="</s>")
    for name, end in (("r0", ""), ("r1", "\n\n"), ("r2", ".</s>")):
        expected = [toy.likelihood(prompt, choice + end) for choice in choices]
        assert answers.loc[name, "log_likelihoods"] == pytest.approx(expected, abs=1e-12)
        assert answers.loc[name, "n_choice_tokens"] == [
            len(toy.tokens(choice + end)) for choice in choices
        ]
        assert answers.loc[name, "n_prompt_tokens"] == 120 + 5
    assert answers.loc["r3", "log_likelihoods"] == [score(".", "1")]


def test_letters_that_merge_with_the_answer_are_not_counted_twice(tmp_path):
    asked = {"kind": "choices", "question": "a mu", "choices": ["g", "g red"]}
    with MisbehavingEndpoint(oracle=Toy()) as server:
        answers, _ = ask(server, table(asked), tmp_path)
    one = score(" ", "mug") - score(" ", "mu")
    two = one + score("mug", " ") + score(" ", "red")
    assert answers.loc["r0", "log_likelihoods"] == pytest.approx([one, two])


@pytest.mark.parametrize("may_stop", [False, True])
@pytest.mark.parametrize("n_items", [1, 2, 3])
def test_items_are_named_one_after_another(tmp_path, n_items, may_stop):
    toy, prompt, items = Toy(), "Best first?\n", ["1", "2", "3", "10"]
    asked = {"kind": "order", "question": prompt, "choices": items, "separator": ",", "end": "\n"}
    with MisbehavingEndpoint(oracle=toy) as server:
        answers, _ = ask(
            server, table(asked | {"n_items": n_items, "may_stop": may_stop}), tmp_path
        )
    text, expected = prompt, []
    for left in range(n_items, 0, -1):
        options = {
            (place, after): toy.likelihood(text, items[place] + after)
            for place in range(4)
            if place not in expected
            for after in ("," * (left > 1), "\n" * (left == 1 or may_stop))
            if after
        }
        place, after = max(options, key=options.get)
        expected.append(place)
        text += items[place] + after
        if after == "\n":
            break
    assert answers.loc["r0", "order"] == expected and len(expected) <= n_items


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


def test_columns_are_those_of_models_on_this_machine():
    from shoplm.lm.inference.launching import COST_COLUMNS
    from shoplm.lm.inference.requests import ANSWER_COLUMNS

    assert list(ANSWER_COLUMNS) == ANSWERS and list(COST_COLUMNS) == COSTS[: len(COST_COLUMNS)]


def test_the_local_server_and_wrong_parameters_are_refused(tmp_path):
    with pytest.raises(ValueError, match="answers no benchmark"):
        ask_endpoint(
            texts(1), Endpoint(model=LOCAL_MODEL, local=True), EndpointAnswerSettings(), tmp_path
        )
    with pytest.raises(ValueError, match=r"\['stop'\] are not to be set here"):
        EndpointAnswerSettings(parameters={"stop": ["."]})
    with pytest.raises(ValueError, match="needs `prices`"):
        EndpointAnswerSettings(budget={"money": 1.0})
