"""Likelihoods of answers from prompts that an endpoint echoes with log-probabilities."""

from __future__ import annotations

from dataclasses import replace
from itertools import takewhile

from shoplm.tasks.synthesis.cache import Answer

ECHO = {"max_tokens": 1, "temperature": 0.0, "echo": True, "logprobs": 1}
"""Parameters of a request for them. Not every server takes 0 for a number of tokens."""

KEPT = 32
"""Tokens at the end of a prompt that are kept: those after it cannot change more by merging."""


def read_echo(answer: Answer, start: int | None = None) -> Answer | None:
    """Of an echoed text, its number of tokens and the last of them; None if it was not echoed.

    Args:
        answer: with the tokens of the text and the one that had to follow.
        start: the place of the first token kept; KEPT before the end if None.
    """
    tokens = answer.tokens or ()
    n = len(tokens) - min(1, answer.completion_tokens)
    if n < 1:
        return None
    start = max(0, n - KEPT) if start is None else start
    return replace(answer, text="", prompt_tokens=n, tokens=tokens[start:n])


def first_kept(prompt: Answer) -> int:
    """The place of the first token that `read_echo` has kept of a prompt."""
    return prompt.prompt_tokens - len(prompt.tokens)


def log_likelihood(prompt: Answer, whole: Answer) -> tuple[float, int]:
    """Natural log of the probability of an answer after a prompt, and its number of tokens.

    The tokens that both texts begin with are the prompt's. Where its last letters merge with the
    answer's, what they had for tokens before is taken off again.

    Args:
        prompt: the prompt alone, read by `read_echo`.
        whole: the prompt and the answer, read by `read_echo` from `first_kept(prompt)` on.
    """
    before, after = prompt.tokens, whole.tokens
    same = sum(
        1
        for _ in takewhile(lambda pair: pair[0][0] == pair[1][0], zip(before, after, strict=False))
    )
    return (
        sum(score or 0.0 for _, score in after[same:])
        - sum(score or 0.0 for _, score in before[same:]),
        whole.prompt_tokens - prompt.prompt_tokens,
    )
