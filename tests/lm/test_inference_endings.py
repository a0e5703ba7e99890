"""What ends an answer of a tuned model, and what is told of a model that is read in full."""

from __future__ import annotations

import pytest
import torch
from transformers import AutoTokenizer, GraniteConfig, GraniteForCausalLM

from shoplm.lm.inference.engine import Engine
from shoplm.lm.inference.models import LanguageModel
from shoplm.lm.inference.ordering import Items, name_items
from shoplm.lm.inference.prompts import Prompter
from shoplm.lm.inference.requests import Request
from shoplm.lm.inference.settings import EngineSettings

END = "<|im_end|>"


@pytest.fixture(scope="module")
def chat_tokenizer(tokenizer_directory):
    """Its end of a turn is a special token, beside the end of text."""
    tokenizer = AutoTokenizer.from_pretrained(tokenizer_directory)
    tokenizer.add_special_tokens({"additional_special_tokens": [END]})
    return tokenizer


def asked(**given) -> Request:
    common = {"request_id": "1", "kind": "choices", "question": "size?\n", "choices": ("red",)}
    return Request(**common | given)


def test_a_learned_end_is_scored_in_place_of_the_end_of_text(chat_tokenizer):
    red = tuple(chat_tokenizer("red")["input_ids"])
    learned, plain, none = (
        prompt.answers[0]
        for prompt in Prompter(chat_tokenizer, 100).prompts(
            [
                asked(ends_document=True, end_of_answer=END),
                asked(ends_document=True),
                asked(end_of_answer=END),
            ]
        )
    )
    assert learned == (*red, chat_tokenizer.convert_tokens_to_ids(END))
    assert plain == (*red, chat_tokenizer.eos_token_id)
    assert none == red


class Parrot:
    """A model that writes given tokens, whatever it is asked."""

    shares_prefixes, limit = True, None

    def __init__(self, tokenizer, tokens) -> None:
        self.tokenizer, self.tokens, self.written = tokenizer, tokens, 0
        self.end_tokens, self.device = [tokenizer.eos_token_id], torch.device("cpu")

    def logits(self, states):
        logits = torch.zeros(len(states), len(self.tokenizer))
        logits[:, self.tokens[self.written]] = 1
        self.written += 1
        return logits

    def read_prefix(self, tokens):
        from shoplm.lm.inference.contexts import Context

        return Context(self.device)

    def read(self, context, tokens, room=0):
        return torch.zeros(len(tokens), 1)

    def reread(self, context):
        return [0] * len(context.rows)

    def decode(self, tokens):
        return self.tokenizer.batch_decode(tokens, skip_special_tokens=True) if tokens else []


@pytest.mark.parametrize("special", [True, False])
def test_a_learned_end_stops_a_text_as_its_token_or_as_letters(
    special, chat_tokenizer, tokenizer_directory
):
    """Whoever was not tuned with it may spell it."""
    tokenizer = chat_tokenizer if special else AutoTokenizer.from_pretrained(tokenizer_directory)
    text, end = tokenizer("red shirts")["input_ids"], tokenizer(END)["input_ids"]
    assert (len(end) == 1) == special
    model = Parrot(tokenizer, [*text, *end, *text, tokenizer.eos_token_id])
    request = asked(kind="text", choices=(), end_of_answer=END, max_new_tokens=99)
    (batch,) = Engine(model, EngineSettings()).answer([request])
    assert batch[0]["text"] == "red shirts"
    assert batch[0]["n_new_tokens"] == len(text) + (0 if special else len(end))
    unaware = Parrot(tokenizer, [*text, *end, *text, tokenizer.eos_token_id])
    (batch,) = Engine(unaware, EngineSettings()).answer(
        [request.model_copy(update={"end_of_answer": ""})]
    )
    assert batch[0]["n_new_tokens"] == 2 * len(text) + len(end)


def test_the_last_item_named_is_scored_with_what_follows_it(monkeypatch):
    """Of three items two are named: the second goes on with the separator, a third would end."""
    followed, last = [(10, 0), (11, 0), (12, 0)], [(10, 1), (11, 1), (12, 1)]
    scored = []

    def prefer_the_first(model, context, state, continuations, batch_tokens):
        scored.append(continuations[0])
        return [[-float(place) for place in range(len(of))] for of in continuations]

    class Context:
        def select(self, rows):
            return self

    class Model:
        def read(self, context, tokens):
            return None

    monkeypatch.setattr("shoplm.lm.inference.ordering.log_likelihoods", prefer_the_first)
    for n_items, expected in ((2, [0, 1]), (3, [0, 1, 2])):
        scored.clear()
        items = [Items(followed, last, n_items, False)]
        assert name_items(Model(), Context(), None, items, 100) == [expected]
        assert scored == [followed, followed[1:], last[2:]][:n_items]


def granite(tokenizer) -> GraniteForCausalLM:
    """It scales its logits."""
    shape = {"hidden_size": 16, "num_hidden_layers": 1, "num_attention_heads": 2,
             "intermediate_size": 16, "num_key_value_heads": 2}  # fmt: skip
    return GraniteForCausalLM(
        GraniteConfig(**shape, vocab_size=len(tokenizer), logits_scaling=3.0)
    ).eval()


def test_why_prefixes_cannot_be_shared_is_told(chat_tokenizer, monkeypatch, capsys):
    LanguageModel(granite(chat_tokenizer), chat_tokenizer, torch.device("cpu"))
    assert "is read whole (logits differ by" in capsys.readouterr().out

    def fail(self, tokens):
        raise failure

    monkeypatch.setattr(LanguageModel, "read_prefix", fail)
    failure = TypeError("no such mask")
    LanguageModel(granite(chat_tokenizer), chat_tokenizer, torch.device("cpu"))
    assert "is read whole (TypeError: no such mask)" in capsys.readouterr().out
    failure = torch.OutOfMemoryError("full")
    with pytest.raises(torch.OutOfMemoryError, match="full"):
        LanguageModel(granite(chat_tokenizer), chat_tokenizer, torch.device("cpu"))
