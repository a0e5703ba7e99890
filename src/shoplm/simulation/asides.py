"""Introductions and afterthoughts, so that plain sentences are seldom repeated word for word."""

from __future__ import annotations

import random
from collections.abc import Mapping, Sequence

Manner = Mapping[str, Sequence[str]]

_NOT_SLOTS = ("{he}", "{his}", "{him}", "{it}", "{them}", "{has}", "{is}", "{s}", "{very}")


def adorn(
    sentence: str, language: str, manner: Manner, rng: random.Random, often: float = 1.0
) -> str:
    """A sentence's template, often with an introduction (`before`) or an afterthought (`after`).

    The fewer slots of its own a sentence has, the more it needs one. Questions, direct speech and
    texts of several sentences stay as they are. `often` scales how many sentences get one.
    """
    stop = "。" if language == "zh" else "."
    body = sentence[: -len(stop)]
    if sentence[0] in '"“' or not sentence.endswith(stop) or {".", "。", "?"} & set(body):
        return sentence
    slots = sentence.count("{") - sum(sentence.count(slot) for slot in _NOT_SLOTS)
    chance = rng.random() / (often * (0.92 if slots < 2 else 0.45))
    if chance > 1:
        return sentence
    if chance > 0.5 or sentence[0] == "(":
        return body + rng.choice(manner["after"]) + stop
    before = rng.choice(manner["before"])
    if language == "zh" or sentence.startswith(("{", "I ")):
        return before + sentence
    return before + sentence[0].lower() + sentence[1:]
