"""A toy language model behind an endpoint that may misbehave, and how it is asked."""

import hashlib
import re
from itertools import pairwise

import pandas as pd
from synthetic_shop import endpoint

from shoplm.tasks.evaluation.endpoint_answers import ANSWERS, ask_endpoint
from shoplm.tasks.evaluation.endpoint_asking import COSTS
from shoplm.tasks.evaluation.endpoint_settings import EndpointAnswerSettings

PATIENCE = {"attempts": 2, "first_wait": 0.01, "longest_wait": 0.02, "patience": 2}
BLANK = {
    "head": "", "shots": [], "choices": [], "end": "", "ends_document": False, "separator": "",
    "tail_length": 0, "n_items": 1, "may_stop": False, "max_new_tokens": 8, "stop": [],
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
