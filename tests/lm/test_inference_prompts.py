"""Requests as tokens: what is shared, what is dropped, what cannot be asked."""

from __future__ import annotations

import json

import numpy as np
import pandas as pd
import pytest
from pydantic import ValidationError
from transformers import AutoTokenizer

from shoplm.lm.inference.generation import Ending
from shoplm.lm.inference.prompts import Problem, Prompter, group_by_prefix
from shoplm.lm.inference.requests import Request, read_requests, request_of, write_requests
from shoplm.lm.inference.store import StoreFile, read_store

SHOTS = tuple(f"shirt {i}: size {40 + i}\n\n" for i in range(5))


@pytest.fixture(scope="module")
def tokenizer(tokenizer_directory):
    return AutoTokenizer.from_pretrained(tokenizer_directory)


def asked(**given) -> Request:
    common = {"request_id": "1", "kind": "choices", "question": "which size?\n", "shots": SHOTS}
    return Request(**common | {"choices": ("red", "red shirts")} | given)


def test_head_with_shots_question_and_choices_are_tokenised_apart(tokenizer):
    def tokens(text):
        return tuple(tokenizer(text, add_special_tokens=False)["input_ids"])

    request = asked(head="Shop.\n", end="\n", ends_document=True)
    (prompt,) = Prompter(tokenizer, 500).prompts([request])
    assert prompt.prefix == tokens("Shop.\n" + "".join(SHOTS))
    assert prompt.question == tokens("which size?\n")
    assert prompt.answers == tuple((*tokens(f"{c}\n"), 1) for c in ("red", "red shirts"))
    assert prompt.n_tokens == len(prompt.prefix) + len(prompt.question)


def test_a_tokenizer_that_begins_a_text_itself_does_so_once(tokenizer_directory):
    from tokenizers.processors import TemplateProcessing

    tokenizer = AutoTokenizer.from_pretrained(tokenizer_directory, bos_token="<pad>")
    plain = tokenizer("shop", add_special_tokens=False)["input_ids"]
    tokenizer.backend_tokenizer.post_processor = TemplateProcessing(
        single="<pad> $A", special_tokens=[("<pad>", 0)]
    )
    prompter = Prompter(tokenizer, 500)
    bare, with_head, written = prompter.prompts(
        [asked(shots=()), asked(shots=(), head="shop"), asked(shots=(), head="<pad>shop")]
    )
    assert bare.prefix == (0,)
    assert with_head.prefix == written.prefix == (0, *plain)


def test_shots_that_do_not_fit_are_dropped_from_the_left(tokenizer):
    whole = Prompter(tokenizer, 500).prompts([asked()])[0]
    longest = max(map(len, whole.answers))
    for window in range(whole.n_tokens + longest, 12, -1):
        prompt = Prompter(tokenizer, window).prompts([asked()])[0]
        if isinstance(prompt, Problem):
            break
        assert prompt.n_tokens + longest <= window
        text = tokenizer.decode(prompt.prefix)
        assert text == "".join(SHOTS[len(SHOTS) - prompt.n_shots_left :])
        if prompt.n_shots_left < len(SHOTS):  # one more would not have fitted
            more = "".join(SHOTS[len(SHOTS) - prompt.n_shots_left - 1 :])
            size = len(tokenizer(more)["input_ids"]) + len(prompt.question) + longest
            assert size > window
    assert window < len(whole.question) + longest
    assert (prompt.problem, prompt.n_shots_left) == ("too_long", 0)
    assert f"the window has {window}" in prompt.detail


def test_room_is_left_for_what_is_generated(tokenizer):
    request = asked(kind="text", choices=(), max_new_tokens=20)
    whole = Prompter(tokenizer, 500).prompts([request])[0]
    fits = Prompter(tokenizer, whole.n_tokens + 20).prompts([request])[0]
    short = Prompter(tokenizer, whole.n_tokens + 19).prompts([request])[0]
    assert (fits.n_shots_left, short.n_shots_left) == (5, 4)


def test_a_choice_without_tokens_is_a_problem_of_its_request_alone(tokenizer):
    bad, good = Prompter(tokenizer, 500).prompts([asked(choices=("red", "")), asked()])
    assert bad.problem == "empty_choice" and "''" in bad.detail
    assert not isinstance(good, Problem)


def test_without_a_question_the_last_token_of_the_prefix_is_one(tokenizer):
    bare, nothing = Prompter(tokenizer, 500).prompts(
        [asked(question=""), asked(question="", shots=())]
    )
    assert len(bare.question) == 1
    assert tokenizer.decode([*bare.prefix, *bare.question]) == "".join(SHOTS)
    assert (nothing.prefix, nothing.question) == ((), (tokenizer.eos_token_id,))


def test_lone_surrogates_do_no_harm(tokenizer):
    (prompt,) = Prompter(tokenizer, 500).prompts([asked(question="a \ud83d b")])
    assert tokenizer.decode(prompt.question) == "a ? b"


def test_groups_share_a_prefix_and_questions_are_asked_once(tokenizer):
    requests = [
        asked(request_id="1"),
        asked(request_id="2", kind="text", choices=(), max_new_tokens=7),
        asked(request_id="3", question="a much longer question about shirts?\n"),
        asked(request_id="4", shots=SHOTS[:1]),
    ]
    groups = group_by_prefix(Prompter(tokenizer, 500).prompts(requests))
    ids = [[[p.request.request_id for p in q.prompts] for q in of] for of in groups.values()]
    assert ids == [[["3"], ["1", "2"]], [["4"]]]  # what is only scored before what is generated
    assert [q.room for q in next(iter(groups.values()))] == [0, 7]


def test_text_ends_before_the_first_stop_string():
    ending = Ending(9, ("\n\n", "b", ""))
    assert ending.cut("a\n\nb") == "a"
    assert ending.cut("ab\n\n") == "a"
    assert ending.cut("a\nc") == "a\nc"


def test_requests_come_back_from_their_file(tmp_path):
    table = pd.DataFrame(
        [asked(end="\n").model_dump(), asked(kind="text", choices=(), stop=("x",)).model_dump()]
    ).assign(task="sizes")
    table["n_items"] = [np.nan, np.nan]
    write_requests(tmp_path / "r.jsonl", table.to_dict("records"))
    assert read_requests(tmp_path / "r.jsonl") == [
        asked(end="\n"), asked(kind="text", choices=(), stop=("x",))
    ]  # fmt: skip


@pytest.mark.parametrize(
    ("row", "words"),
    [
        ({"kind": "essay"}, "'kind'"),
        ({"question": 3}, "'question'"),
        ({"choices": ()}, "needs choices"),
    ],
)
def test_a_wrong_request_is_named(row, words, tmp_path):
    rows = [asked().model_dump(mode="json"), asked().model_dump(mode="json") | row]
    with pytest.raises(ValidationError):
        request_of(rows[1])
    with pytest.raises(ValueError, match=f"row 2.*{words}"):
        write_requests(tmp_path / "r.jsonl", rows)
    file = tmp_path / "given.jsonl"
    file.write_text("\n".join(map(json.dumps, rows)))
    with pytest.raises(ValueError, match=f"line 2.*{words}"):
        read_requests(file)


def test_a_line_that_is_no_json_is_named(tmp_path):
    (tmp_path / "r.jsonl").write_text("{}x\n")
    with pytest.raises(ValueError, match="line 1: not a JSON object"):
        read_requests(tmp_path / "r.jsonl")
    with pytest.raises(FileNotFoundError, match="no such file of requests"):
        read_requests(tmp_path / "none.jsonl")


def test_a_store_forgets_a_torn_line_and_goes_on_behind_it(tmp_path, capsys):
    file = tmp_path / "store" / "answers-0.jsonl"
    with StoreFile(file) as store:
        store.append([{"request_id": "a", "text": "红"}, {"request_id": "b", "text": "2"}])
    with file.open("ab") as torn:
        torn.write(b'{"request_id": "c", "te')
    assert read_store(file.parent).keys() == {"a", "b"}
    with StoreFile(file) as store:
        store.append([{"request_id": "d", "text": "4"}])
    answers = read_store(file.parent)
    assert answers.keys() == {"a", "b", "d"} and answers["a"]["text"] == "红"
    assert "warning" not in capsys.readouterr().out
    file.write_bytes(b"[1]\n" + file.read_bytes())
    assert read_store(file.parent).keys() == {"a", "b", "d"}
    assert "line 1: damaged" in capsys.readouterr().out
