"""Answers of an endpoint that behaves: texts, likelihoods, orders."""

import os

import pytest
from misbehaving_endpoint import MisbehavingEndpoint
from toy_endpoint import Toy, ask, score, table, texts

from shoplm.tasks.evaluation.answer_texts import read_text
from shoplm.tasks.evaluation.endpoint_answers import ANSWERS, ask_endpoint
from shoplm.tasks.evaluation.endpoint_asking import COSTS
from shoplm.tasks.evaluation.endpoint_settings import EndpointAnswerSettings
from shoplm.tasks.synthesis.endpoint import LOCAL_MODEL, Endpoint


@pytest.fixture(autouse=True)
def _quick_disk(monkeypatch):
    monkeypatch.setattr(os, "fsync", lambda descriptor: None)


def test_text_comes_from_a_chat_and_ends_at_a_stop(tmp_path):
    """A server may leave the stop and more in its answer: what reads it cuts that off."""
    shots = ["1 + 1?\n2\n\n", "2 + 2?\n4\n\n"]
    request = {"kind": "text", "head": "H", "shots": shots, "question": "Q?\n", "stop": ["\n"]}
    with MisbehavingEndpoint(oracle=Toy()) as server:
        answers, costs = ask(server, table(request), tmp_path)
        body = server.bodies[0]
    whole = "H" + "".join(shots) + "Q?\n"
    assert body["messages"] == [{"role": "user", "content": whole}]
    assert (body["temperature"], body["max_tokens"], body["stop"]) == (0.0, 8, ["\n"])
    answer = answers.loc["r0"]
    assert answer["text"] == f"said of {len(whole)}\nand more" and answer["problem"] is None
    assert read_text(request, answer, None, None) == (f"said of {len(whole)}", "")
    assert (answer["n_prompt_tokens"], answer["n_new_tokens"]) == (100, 50)
    assert answer["n_shots_left"] == 2 and answer["log_likelihoods"] is None
    assert (costs["n_requests"], costs["sent"], costs["new_tokens"]) == (1, 1, 50)


def test_a_chat_is_shown_no_frame_of_another_model(tmp_path):
    framed = {"kind": "text", "head": "<|user|>", "question": "Q?<|bot|>", "tail_length": 7}
    requests = table(framed, framed | {"head": "", "shots": ["1?\n2\n\n"], "question": "Q?\n",
                                       "tail_length": 0})  # fmt: skip
    with MisbehavingEndpoint(oracle=Toy()) as server:
        ask(server, requests, tmp_path)
        sent = [body["messages"][0]["content"] for body in server.bodies]
        assert sent == ["Q?", "1?\n2\n\nQ?\n"]
        ask(server, requests, tmp_path / "plain", text_through="completions")
        assert server.bodies[2]["prompt"] == "<|user|>Q?<|bot|>"


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
@pytest.mark.parametrize("n_items", [1, 3, 4])
def test_items_are_named_one_after_another(tmp_path, n_items, may_stop):
    toy, prompt, items = Toy(), "Best first?\n", ["1", "2", "3", "10"]
    asked = {"kind": "order", "question": prompt, "choices": items, "separator": ",", "end": "\n"}
    with MisbehavingEndpoint(oracle=toy) as server:
        answers, _ = ask(
            server, table(asked | {"n_items": n_items, "may_stop": may_stop}), tmp_path
        )
    text, expected = prompt, []
    for _ in range(n_items):
        options = {
            (place, after): toy.likelihood(text, items[place] + after)
            for place in range(4)
            if place not in expected
            for after in ("," * (len(expected) < 3), "\n" * (len(expected) == 3 or may_stop))
            if after
        }
        place, after = max(options, key=options.get)
        expected.append(place)
        text += items[place] + after
        if after == "\n":
            break
    assert answers.loc["r0", "order"] == expected and len(expected) <= n_items


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
