"""lm-evaluation-harness asks the same models the same, and says the same."""

import copy
import random

import pytest
import torch

from shoplm.lm.inference.engine import Engine
from shoplm.lm.inference.models import LanguageModel
from shoplm.lm.inference.requests import Request
from shoplm.lm.inference.settings import EngineSettings

WORDS = [
    "red",
    "cotton",
    "shirt",
    "brown",
    "fox",
    "sizes",
    "38",
    "44",
    "红色",
    "棉质",
    "衬衫",
    "of",
]
COLOURS = [" red", " fox", " 红", " 38 44"]
SHAPE = {"vocab_size": 400, "hidden_size": 32, "initializer_range": 0.1}
WIDE = {"num_hidden_layers": 2, "num_attention_heads": 4, "intermediate_size": 64}


@pytest.fixture(scope="module")
def harness():
    """Its classes of models and requests; two seconds to import, so not at collection."""
    from lm_eval.api.instance import Instance
    from lm_eval.models.huggingface import HFLM

    return HFLM, Instance


@pytest.fixture(scope="module", params=["bloom", "llama", "qwen2"])
def both(request, harness, tokenizer_directory):
    """Our engine and the harness, around a model with random weights wide enough to matter."""
    import transformers

    torch.manual_seed(0)
    name = {"bloom": "Bloom", "llama": "Llama", "qwen2": "Qwen2"}[request.param]
    shape = {"n_layer": 2, "n_head": 4} if name == "Bloom" else WIDE | {"num_key_value_heads": 2}
    config = getattr(transformers, f"{name}Config")(
        **SHAPE, **shape, bos_token_id=None, eos_token_id=1, pad_token_id=0
    )
    model = getattr(transformers, f"{name}ForCausalLM")(config).eval()
    tokenizer = transformers.AutoTokenizer.from_pretrained(tokenizer_directory)
    stock = harness[0](
        pretrained=copy.deepcopy(model), tokenizer=tokenizer, batch_size=4, device="cpu"
    )
    ours = LanguageModel(model, tokenizer, torch.device("cpu"))
    assert ours.shares_prefixes
    return Engine(ours, EngineSettings(batch_tokens=300)), stock


def made_requests(**given):
    """Questions after no, one and three shots, of all lengths; half of the shots are shared."""
    rng = random.Random(0)

    def words(most):
        return " ".join(rng.choices(WORDS, k=rng.randint(1, most)))

    shots = [f"{words(12)}: {words(3)}\n\n" for _ in range(4)]
    return [
        Request(
            request_id=str(k),
            shots=[[], shots[:1], shots[1:], [f"{words(20)}: x\n\n"]][k % 4],
            question=f"{words(5 + 2 * k)}:",
            **given,
        )
        for k in range(16)
    ]


def ask_ours(engine, requests):
    answers = {a["request_id"]: a for batch in engine.answer(requests) for a in batch}
    return [answers[request.request_id] for request in requests]


def ask_stock(both, harness, kind, arguments):
    instances = [harness[1](kind, {}, pair, k) for k, pair in enumerate(arguments)]
    return getattr(both[1], kind)(instances, disable_tqdm=True)


def prompt_of(request):
    return request.head + "".join(request.shots) + request.question


@pytest.mark.parametrize(
    "ends",
    [{}, {"end": "\n\n"}, {"ends_document": True}],
    ids=["answers", "and empty lines", "and end of text"],
)
def test_log_likelihoods_are_the_harness_s(both, harness, ends):
    requests = made_requests(kind="choices", choices=COLOURS, **ends)
    end = requests[0].end + ("</s>" if requests[0].ends_document else "")
    expected = ask_stock(
        both, harness, "loglikelihood",
        [(prompt_of(r), choice + end) for r in requests for choice in r.choices],
    )  # fmt: skip
    found = [score for a in ask_ours(both[0], requests) for score in a["log_likelihoods"]]
    assert found == pytest.approx([score for score, _ in expected], abs=1e-5, rel=0)
    assert max(found) - min(found) > 2  # so it means something


def test_generated_texts_are_the_harness_s(both, harness):
    requests = made_requests(kind="text", max_new_tokens=16)
    until = {"until": [], "max_gen_toks": 16, "do_sample": False}
    expected = ask_stock(both, harness, "generate_until", [(prompt_of(r), until) for r in requests])
    answers = ask_ours(both[0], requests)
    assert [answer["text"] for answer in answers] == expected
    stops = [
        next((c for c in text[3:] if c != "\N{REPLACEMENT CHARACTER}"), "\n") for text in expected
    ]
    stopped = [r.model_copy(update={"stop": (s,)}) for r, s in zip(requests, stops, strict=True)]
    answers = ask_ours(both[0], stopped)
    cut = [text.split(stop)[0] for text, stop in zip(expected, stops, strict=True)]
    assert [answer["text"] for answer in answers] == cut
    assert min(answer["n_new_tokens"] for answer in answers) < 16


@pytest.mark.parametrize("both", ["bloom"], indirect=True)
def test_a_task_is_scored_alike(both, harness):
    """Accuracy of a published kind of task: few-shot, one line an answer, the likeliest label."""
    from lm_eval.evaluator import evaluate
    from lm_eval.tasks import TaskManager

    from datasets import Dataset

    engine, stock = both
    requests = made_requests(kind="choices", choices=["red", "fox", "38"], end="\n\n")
    requests = [r.model_copy(update={"question": f"{r.question}\n"}) for r in requests]
    docs = [
        {"prompt": prompt_of(r), "choices": [c + r.end for c in r.choices], "gold": k % 3}
        for k, r in enumerate(requests)
    ]
    task = {
        "task": "colours",
        "custom_dataset": lambda **_: {"test": Dataset.from_list(docs)},
        "test_split": "test",
        "output_type": "multiple_choice",
        "doc_to_text": lambda doc: doc["prompt"],
        "doc_to_choice": lambda doc: doc["choices"],
        "doc_to_target": lambda doc: doc["gold"],
        "target_delimiter": "",
    }
    manager = TaskManager(include_defaults=False)  # thousands of others take 7 s
    scored = evaluate(stock, manager.load([task])["tasks"], bootstrap_iters=0)
    samples = {s["doc_id"]: s for s in scored["samples"]["colours"]}
    best = [max(range(3), key=a["log_likelihoods"].__getitem__) for a in ask_ours(engine, requests)]
    assert [pick == k % 3 for k, pick in enumerate(best)] == [
        bool(samples[k]["acc"]) for k in range(len(docs))
    ]
    accuracy = sum(pick == k % 3 for k, pick in enumerate(best)) / len(docs)
    assert scored["results"]["colours"]["acc,none"] == pytest.approx(accuracy)
    assert 0 < accuracy < 1
