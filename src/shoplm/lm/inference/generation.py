"""Greedy text, up to a stop string, a token that ends answers, or a number of tokens."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

from torch import Tensor

from shoplm.lm.inference.contexts import Context
from shoplm.lm.inference.models import LanguageModel

TAIL = 8
"""Tokens beyond a stop string's own bytes that are looked at: a character may be cut in two."""


@dataclass(frozen=True)
class Ending:
    """When a row's text ends."""

    max_new_tokens: int
    stop: Sequence[str] = ()
    end_token: int | None = None
    """Beside the model's own."""

    def cut(self, text: str) -> str:
        """What stands before the first stop string."""
        ends = [text.find(stop) for stop in self.stop if stop and stop in text]
        return text[: min(ends)] if ends else text


def generate(
    model: LanguageModel, context: Context, last: Tensor, endings: Sequence[Ending]
) -> list[tuple[str, int]]:
    """Text and number of tokens generated of each row; a stop string is not part of the text.

    Args:
        model: to ask.
        context: its rows, which stay as they are.
        last: (rows, width) state of each row's last token.
        endings: of each row.
    """
    new: list[list[int]] = [[] for _ in endings]
    held = list(range(len(endings)))  # rows of the context
    running = set(held)
    context = context.select(held)
    room = max(ending.max_new_tokens for ending in endings)
    tails = [
        TAIL + max((len(stop.encode()) for stop in e.stop if stop), default=0) for e in endings
    ]
    ends = set(model.end_tokens)
    while True:
        tokens = model.logits(last).argmax(-1).tolist()
        looked_at = []
        for row, token in zip(held, tokens, strict=True):
            if row not in running:
                continue
            if token in ends or token == endings[row].end_token:
                running.discard(row)
                continue
            new[row].append(token)
            if any(endings[row].stop):
                looked_at.append(row)
            if len(new[row]) >= endings[row].max_new_tokens:
                running.discard(row)
        seen = model.decode([new[row][-tails[row] :] for row in looked_at])
        for row, text in zip(looked_at, seen, strict=True):
            if endings[row].cut(text) != text and row in running:
                running.discard(row)
        if not running:
            break
        if len(running) <= 0.8 * len(held):  # finished rows leave
            stay = [at for at, row in enumerate(held) if row in running]
            context = context.select(stay)
            held, tokens = [held[at] for at in stay], [tokens[at] for at in stay]
        last = model.read(context, [[token] for token in tokens], room)
    texts = model.decode(new)
    return [(e.cut(text), len(t)) for e, text, t in zip(endings, texts, new, strict=True)]
