"""Our inference against lm-evaluation-harness's HFLM on BLOOM, in fp32 on this machine.

    python tests/benchmarks/evaluation.py [repeats]

Both sides are asked the same few-shot questions of two tasks with the same random weights: for the
likelihoods of four answers, and for text. Each side runs in a process of its own; the processes
alternate, so that a busy machine slows both, and medians are compared. Time begins with the texts
and ends with the answers. Memory is the peak of a process above what it held before. HFLM is given
batch sizes that suit it; ours has its default.
"""

from __future__ import annotations

import json
import random
import resource
import sys
import tempfile
import time
from collections.abc import Callable
from pathlib import Path
from typing import Any

from measuring import measure_in_turn

SHOTS, SHOT_WORDS, QUESTION_WORDS, CHOICES, NEW_TOKENS = 5, 80, (30, 90), 4, 24
CASES: dict[str, dict[str, Any]] = {
    "vocabulary 8,000": {
        "bloom": {"vocab_size": 8_000, "hidden_size": 128, "n_layer": 4, "n_head": 4},
        "questions": {"likelihoods": 32, "text": 32},
        "batch": {"likelihoods": 8, "text": 32},
    },
    "vocabulary 250,880": {
        "bloom": {"vocab_size": 250_880, "hidden_size": 64, "n_layer": 2, "n_head": 4},
        "questions": {"likelihoods": 4, "text": 16},
        "batch": {"likelihoods": 2, "text": 16},
    },
}
AIMS = {"likelihoods": 4.0, "text": 1.0}
"""Examples/s at least, in terms of HFLM's."""
EXACT = 1e-5
"""No likelihood, in nats, is further from HFLM's."""

UNTIED = {"tie_word_embeddings": False, "eos_token_id": 1, "pad_token_id": 0}
"""With random weights, tied ones would repeat the last word for ever."""

Ask = Callable[[list[Any]], list[Any]]
"""Requests of one kind to answers, in their order."""


def make_requests(kind: str, n: int, vocabulary: int) -> list[Any]:
    """Questions of two tasks, each with shots of its own."""
    from shoplm.lm.inference.requests import Request

    rng = random.Random(0)

    def words(number: int) -> str:
        return " ".join(f"w{rng.randrange(2, vocabulary)}" for _ in range(number))

    shots = [[f"{words(SHOT_WORDS)}\n\n" for _ in range(SHOTS)] for _ in range(2)]
    asked: dict[str, Any] = {"kind": "text", "max_new_tokens": NEW_TOKENS, "stop": ["\n"]}
    if kind == "likelihoods":
        choices = [f" {words(length)}" for length in (1, 1, 2, 3)]
        asked = {"kind": "choices", "choices": choices[:CHOICES]}
    return [
        Request(
            request_id=str(place),
            shots=shots[place % 2],
            question=words(rng.randint(*QUESTION_WORDS)),
            **asked,
        )
        for place in range(n)
    ]


def make_model(shape: dict[str, int]) -> tuple[Any, Any]:
    """A BLOOM with random weights, and a tokenizer for which a word is a token."""
    import torch
    from tokenizers import Tokenizer, models, pre_tokenizers
    from transformers import BloomConfig, BloomForCausalLM, PreTrainedTokenizerFast

    torch.manual_seed(0)
    model = BloomForCausalLM(BloomConfig(**shape, **UNTIED)).eval()
    names = ["<pad>", "</s>", *(f"w{number}" for number in range(2, shape["vocab_size"]))]
    known = {name: place for place, name in enumerate(names)}
    tokens = Tokenizer(models.WordLevel(known, unk_token="<pad>"))
    tokens.pre_tokenizer = pre_tokenizers.WhitespaceSplit()
    marks = {"pad_token": "<pad>", "eos_token": "</s>"}
    return model, PreTrainedTokenizerFast(tokenizer_object=tokens, **marks)


def prepare_stock(model: Any, tokenizer: Any, batch: int) -> Ask:
    """What asks HFLM."""
    from lm_eval.api.instance import Instance
    from lm_eval.models.huggingface import HFLM

    lm = HFLM(pretrained=model, tokenizer=tokenizer, batch_size=batch, device="cpu")
    until = {"until": ["\n"], "max_gen_toks": NEW_TOKENS, "do_sample": False}

    def ask(requests: list[Any]) -> list[Any]:
        prompts = ["".join(r.shots) + r.question for r in requests]
        if requests[0].kind == "text":
            asked = [Instance("generate_until", {}, (p, until), k) for k, p in enumerate(prompts)]
            return lm.generate_until(asked, disable_tqdm=True)
        pairs = [(p, c) for p, r in zip(prompts, requests, strict=True) for c in r.choices]
        asked = [Instance("loglikelihood", {}, pair, k) for k, pair in enumerate(pairs)]
        return [score for score, _ in lm.loglikelihood(asked, disable_tqdm=True)]

    return ask


def prepare_ours(model: Any, tokenizer: Any, batch: int) -> Ask:
    """What asks our engine."""
    import torch

    from shoplm.lm.inference.engine import Engine
    from shoplm.lm.inference.models import LanguageModel
    from shoplm.lm.inference.settings import EngineSettings

    engine = Engine(LanguageModel(model, tokenizer, torch.device("cpu")), EngineSettings())

    def ask(requests: list[Any]) -> list[Any]:
        answers = {a["request_id"]: a for part in engine.answer(requests) for a in part}
        in_order = [answers[r.request_id] for r in requests]
        if requests[0].kind == "text":
            return [answer["text"] for answer in in_order]
        return [score for answer in in_order for score in answer["log_likelihoods"]]

    return ask


def measure(name: str, side: str, kind: str, folder: str) -> dict[str, float]:
    """Ask in this process; examples/s and MB. What was answered goes to `folder`."""
    case = CASES[name]
    requests = make_requests(kind, case["questions"][kind], case["bloom"]["vocab_size"])
    model, tokenizer = make_model(case["bloom"])
    prepare = prepare_stock if side == "HFLM" else prepare_ours
    ask = prepare(model, tokenizer, case["batch"][kind])
    pages = int(Path("/proc/self/statm").read_text().split()[1])
    before = pages * resource.getpagesize() / 1e6
    ask(requests[:1])  # modules, threads, buffers: what a long run does not notice
    started = time.perf_counter()
    answers = ask(requests)
    seconds = time.perf_counter() - started
    peak = resource.getrusage(resource.RUSAGE_SELF).ru_maxrss / 1e3
    (Path(folder) / f"{side}.json").write_text(json.dumps(answers))
    return {"examples_per_second": len(requests) / seconds, "memory": peak - before}


def main(repeats: int) -> None:
    """Print a table; exit 1 if an aim is missed."""
    missed = []
    for name, case in CASES.items():
        shape = case["bloom"]
        print(f"BLOOM, {name}, width {shape['hidden_size']}, {shape['n_layer']} layers, fp32")
        for kind, aim in AIMS.items():
            with tempfile.TemporaryDirectory() as folder:
                sides = measure_in_turn(__file__, name, ["HFLM", "ours"], repeats, kind, folder)
                stock, ours = (json.loads((Path(folder) / f"{s}.json").read_text()) for s in sides)
            what = f"{CHOICES} likelihoods" if kind == "likelihoods" else f"{NEW_TOKENS} tokens"
            print(f"  {case['questions'][kind]} questions after {SHOTS} shots, {what} each")
            rate = sides["HFLM"]["examples_per_second"]
            for side, figures in sides.items():
                speed = figures["examples_per_second"] / rate
                print(
                    f"    {side:6}{figures['examples_per_second']:9,.2f} examples/s  {speed:6.2f}x"
                    f"{figures['memory']:9,.0f} MB"
                )
            if speed < aim:
                missed.append(f"{name}, {kind}: {speed:.2f} times HFLM's speed, not {aim:g}")
            if kind == "text":
                same = sum(a == b for a, b in zip(stock, ours, strict=True))
                print(f"    {same} of {len(stock)} texts are the same")
                if same < len(stock):
                    missed.append(f"{name}: {len(stock) - same} texts differ")
            else:
                apart = max(abs(a - b) for a, b in zip(stock, ours, strict=True))
                print(f"    likelihoods differ by at most {apart:.1e}")
                if apart > EXACT:
                    missed.append(f"{name}: likelihoods differ by {apart:.1e}")
    if missed:
        raise SystemExit("missed: " + "; ".join(missed))


if __name__ == "__main__":
    if sys.argv[1:2] == ["--measure"]:
        print(json.dumps(measure(*sys.argv[2:])))
    else:
        main(int(sys.argv[1]) if sys.argv[1:] else 3)
