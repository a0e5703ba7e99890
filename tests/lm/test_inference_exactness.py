"""Answers against a plain computation: whole prompts through the stock model, one at a time."""

from __future__ import annotations

import copy

import pytest
import torch
from hypothesis import given, settings
from hypothesis import strategies as st
from transformers import (
    AutoModelForCausalLM,
    AutoTokenizer,
    BloomConfig,
    Gemma2Config,
    Gemma3TextConfig,
    GraniteConfig,
    LlamaConfig,
    MistralConfig,
    Qwen2Config,
)

from shoplm.lm.inference.engine import Engine, _share
from shoplm.lm.inference.models import LanguageModel
from shoplm.lm.inference.prompts import group_by_prefix
from shoplm.lm.inference.requests import Request
from shoplm.lm.inference.settings import EngineSettings

CPU = torch.device("cpu")
CHOICES = ("red", "red shirts", "size 44", "红色", "red shirts, 38")
SHAPE = {
    "hidden_size": 32, "num_hidden_layers": 2, "num_attention_heads": 4, "num_key_value_heads": 2,
    "intermediate_size": 48, "initializer_range": 0.2,
}  # fmt: skip
GEMMA = {"head_dim": 8, "sliding_window": 9, "pad_token_id": 0, "bos_token_id": None}
CONFIGS = {
    "bloom": BloomConfig(hidden_size=32, n_layer=2, n_head=4, initializer_range=0.2),
    "bloom of six heads": BloomConfig(hidden_size=48, n_layer=1, n_head=6, initializer_range=0.2),
    "llama": LlamaConfig(**SHAPE),
    "qwen2": Qwen2Config(**SHAPE),
    "mistral": MistralConfig(**SHAPE, sliding_window=7),
    "gemma2": Gemma2Config(**SHAPE | GEMMA),
    "gemma3": Gemma3TextConfig(
        **SHAPE | GEMMA, layer_types=["sliding_attention", "full_attention"]
    ),
    "granite": GraniteConfig(**SHAPE, logits_scaling=3.0),
}


@pytest.fixture(scope="module")
def tokenizer(tokenizer_directory):
    return AutoTokenizer.from_pretrained(tokenizer_directory)


@pytest.fixture(scope="module")
def pairs(tokenizer):
    """A stock model of each kind and the same one prepared for asking, made when first wanted."""
    made = {}

    def get(name: str) -> tuple[torch.nn.Module, LanguageModel]:
        if name not in made:
            config = copy.deepcopy(CONFIGS[name])
            config.vocab_size, config.eos_token_id = len(tokenizer), tokenizer.eos_token_id
            torch.manual_seed(1)
            stock = AutoModelForCausalLM.from_config(config).eval()
            with torch.no_grad():  # biases are 0 at first
                for parameter in stock.parameters():
                    parameter += 0.05 * torch.randn_like(parameter)
            asked = LanguageModel(copy.deepcopy(stock), tokenizer, CPU)
            made[name] = stock, asked
        return made[name]

    return get


class Plain:
    """One prompt at a time, all of it, through the stock model."""

    def __init__(self, model, tokenizer) -> None:
        self.model, self.tokenizer = model, tokenizer

    def tokens(self, text: str) -> list[int]:
        return self.tokenizer(text, add_special_tokens=False)["input_ids"]

    def prompt(self, r: Request) -> list[int]:
        return self.tokens(r.head + "".join(r.shots)) + self.tokens(r.question)

    def log_likelihood(self, prompt: list[int], answer: list[int]) -> float:
        with torch.no_grad():
            logits = self.model(torch.tensor([prompt + answer])).logits[0].double()
        rows = logits[len(prompt) - 1 : -1].log_softmax(-1)
        return float(rows[torch.arange(len(answer)), torch.tensor(answer)].sum())

    def likelihoods(self, r: Request) -> list[float]:
        end = [self.tokenizer.eos_token_id] * r.ends_document
        return [
            self.log_likelihood(self.prompt(r), self.tokens(c + r.end) + end) for c in r.choices
        ]

    def text(self, r: Request) -> str:
        prompt, new, text = self.prompt(r), [], ""
        while len(new) < r.max_new_tokens and not any(s in text for s in r.stop):
            with torch.no_grad():
                token = int(self.model(torch.tensor([prompt + new])).logits[0, -1].argmax())
            if token == self.tokenizer.eos_token_id:
                break
            new.append(token)
            text = self.tokenizer.decode(new, skip_special_tokens=True)
        for stop in r.stop:
            text = text.split(stop)[0]
        return text

    def order(self, r: Request) -> list[int]:
        end = [self.tokenizer.eos_token_id] * r.ends_document
        prompt, named = self.prompt(r), []
        while True:
            options = []
            for place, item in enumerate(r.choices):
                if place in named:
                    continue
                enough = len(named) + 1 == r.n_items
                others = len(named) + 1 < len(r.choices)
                on, last = self.tokens(item + r.separator), self.tokens(item + r.end) + end
                if others:
                    options.append((self.log_likelihood(prompt, on), -place, enough, on))
                if not others or r.may_stop:
                    options.append((self.log_likelihood(prompt, last), -place, True, last))
            _, place, is_last, tokens = max(options, key=lambda option: option[:2])
            named.append(-place)
            if is_last:
                return named
            prompt = prompt + tokens


def request(number: int, kind: str, shots: int, words: int, **given) -> Request:
    """A request on one of four prefixes, with a question of some words."""
    return Request(
        request_id=str(number),
        kind=kind,
        shots=tuple(f"shirt {i}: size {40 + i}\n\n" for i in range(shots)),
        question=" ".join(["the quick fox sells 红色", str(number), *["cotton"] * words]) + "\n",
        choices=CHOICES if kind != "text" else (),
        **given,
    )


def some(n: int) -> list[Request]:
    """Requests of all kinds."""
    kinds = {
        "choices": {"end": "\n"},
        "text": {"max_new_tokens": 9, "stop": ("o", "\n\n")},
        "order": {"separator": ", ", "end": "\n"},
    }
    requests = []
    for number in range(n):
        kind = list(kinds)[number % 3]
        given = dict(kinds[kind])
        if kind != "text":
            given["ends_document"] = number % 2 == 0
        if kind == "order":
            given |= {"may_stop": number % 4 == 1, "n_items": 3 if number % 2 else 5}
        requests.append(request(number, kind, number % 4, number * 5 % 7, **given))
    return requests


def answered(model: LanguageModel, requests: list[Request], **given) -> dict[str, dict]:
    """By request id, as whole batches allow."""
    engine = Engine(model, EngineSettings(**{"batch_tokens": 150} | given))
    return {a["request_id"]: a for batch in engine.answer(requests) for a in batch}


@pytest.mark.parametrize("name", CONFIGS)
@pytest.mark.filterwarnings("ignore")
def test_answers_are_those_of_the_stock_model(name, pairs, tokenizer, capsys):
    stock, model = pairs(name)
    plain, requests = Plain(stock, tokenizer), some(9)
    answers = answered(model, requests)
    for r in requests:
        answer = answers[r.request_id]
        assert answer["n_prompt_tokens"] == len(plain.prompt(r))
        assert answer["problem"] is None and answer["n_shots_left"] == len(r.shots)
        if r.kind == "choices":
            assert answer["log_likelihoods"] == pytest.approx(plain.likelihoods(r), abs=1e-4)
            tails = [len(plain.tokens(c + r.end)) + r.ends_document for c in r.choices]
            assert answer["n_choice_tokens"] == tails
        elif r.kind == "text":
            assert answer["text"] == plain.text(r)
        else:
            assert answer["order"] == plain.order(r)
    assert model.shares_prefixes == (name != "granite")  # it scales its logits


@pytest.mark.parametrize("name", ["bloom", "llama", "gemma3"])
def test_answers_do_not_depend_on_their_company(name, pairs):
    _, model = pairs(name)
    pool = some(9)
    alone = {r.request_id: answered(model, [r], batch_tokens=1)[r.request_id] for r in pool}

    @settings(max_examples=8)
    @given(
        company=st.lists(st.sampled_from(pool), min_size=1, unique_by=lambda r: r.request_id),
        batch_tokens=st.integers(1, 600),
    )
    def check(company, batch_tokens):
        answers = answered(model, company, batch_tokens=batch_tokens)
        assert answers.keys() == {r.request_id for r in company}
        for number, answer in answers.items():
            expected = alone[number]
            assert answer["text"] == expected["text"] and answer["order"] == expected["order"]
            if answer["log_likelihoods"] is not None:
                assert answer["log_likelihoods"] == pytest.approx(
                    expected["log_likelihoods"], abs=1e-5
                )

    check()


def test_a_long_prefix_is_read_in_pieces(pairs, tokenizer, monkeypatch):
    stock, model = pairs("bloom")
    r = request(0, "choices", 4, 3, end="\n")
    monkeypatch.setattr("shoplm.lm.inference.models.PREFIX_CHUNK", 7)
    (answer,) = answered(model, [r]).values()
    expected = Plain(stock, tokenizer).likelihoods(r)
    assert answer["log_likelihoods"] == pytest.approx(expected, abs=1e-4)


def test_who_asks_the_same_question_reads_it_once(pairs, monkeypatch):
    _, model = pairs("bloom")
    read = []
    forward = LanguageModel._forward

    def counting(self, context, tokens, *rest, **kept):
        read.append(sum(map(len, tokens)))
        return forward(self, context, tokens, *rest, **kept)

    monkeypatch.setattr(LanguageModel, "_forward", counting)
    one = request(0, "choices", 3, 2, end="")
    single = one.model_copy(update={"choices": ("a", "b")})
    answered(model, [single])
    once = sum(read)
    twice = single.model_copy(update={"request_id": "1", "choices": ("c", "d")})
    read.clear()
    answers = answered(model, [single, twice])
    assert sum(read) == once == answers["0"]["n_prompt_tokens"]  # one token each: no other pass


@pytest.mark.filterwarnings("ignore")
def test_where_prefixes_cannot_be_shared_they_count_and_few_logits_are_made(pairs, monkeypatch):
    """Granite scales its logits: every row is read from its start."""
    _, model = pairs("granite")
    one = some(1)[0]
    shots = tuple(f"shirt {i}: size {40 + i}\n\n" for i in range(3))
    asked = {"shots": shots, "kind": "choices", "choices": CHOICES, "end": "\n"}
    requests = [one.model_copy(update=asked | {"request_id": str(n)}) for n in range(4)]
    requests = [r.model_copy(update={"question": f"{r.request_id}?\n"}) for r in requests]
    passes = []
    stock = model.model.forward

    def counting(input_ids, **given):
        output = stock(input_ids, **given)
        passes.append((tuple(input_ids.shape), tuple(output.logits.shape[:2])))
        return output

    monkeypatch.setattr(model.model, "forward", counting)
    whole = answered(model, requests, batch_tokens=2000)
    assert len(passes) == 2  # the questions, then all choices
    assert passes[0] == ((4, whole["0"]["n_prompt_tokens"]), (1, 4))  # a row of logits a question
    passes.clear()
    narrow = answered(model, requests, batch_tokens=130)
    assert max(rows * length for (rows, length), _ in passes) <= 130 < passes[0][0][1] * 4
    for number, answer in narrow.items():
        expected = whole[number]["log_likelihoods"]
        assert answer["log_likelihoods"] == pytest.approx(expected, abs=1e-5)


def test_shares_of_processes_are_all_requests_once(pairs):
    _, model = pairs("bloom")
    requests = some(24)
    engine = Engine(model, EngineSettings())
    whole = answered(model, requests)
    shares = [[a for batch in engine.answer(requests, rank, 3) for a in batch] for rank in range(3)]
    assert all(shares)
    ids = [a["request_id"] for share in shares for a in share]
    assert sorted(ids) == sorted(whole)
    for answer in (a for share in shares for a in share):
        assert answer["text"] == whole[answer["request_id"]]["text"]


def test_a_group_larger_than_a_fair_share_is_dealt_out(pairs):
    _, model = pairs("bloom")
    requests = [request(i, "choices", 1, 2, end="") for i in range(20)]
    prompts = Engine(model, EngineSettings()).prompter.prompts(requests)
    groups = group_by_prefix(prompts)
    assert len(groups) == 1
    sizes = [sum(len(q) for _, q in _share(groups, rank, 2)) for rank in range(2)]
    assert sizes == [10, 10]
