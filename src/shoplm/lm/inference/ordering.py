"""Given items named one after another, the likeliest of those that are left each time."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

import torch
from torch import Tensor

from shoplm.lm.inference.contexts import Context
from shoplm.lm.inference.likelihood import Tokens, log_likelihoods
from shoplm.lm.inference.models import LanguageModel


@dataclass(frozen=True)
class Items:
    """What may be named in one row, and how."""

    followed: Sequence[Tokens]
    """Each item with the separator after it."""
    last: Sequence[Tokens]
    """Each item with what stands after the last one."""
    n_items: int
    """Named at most."""
    may_stop: bool
    """Fewer may be named."""


def name_items(
    model: LanguageModel, context: Context, last: Tensor, items: Sequence[Items], batch_tokens: int
) -> list[list[int]]:
    """Places of the items named, from 0, of each row.

    Each time every item that is left is scored with what follows it: the separator, or what stands
    at the end if it is the last that is named. Where fewer may be named, both are compared: an item
    that is likeliest with the end is the last. Of equal ones the first in the list is named.

    Args:
        model: to ask.
        context: its rows, which stay as they are.
        last: (rows, width) state of each row's last token.
        items: of each row.
        batch_tokens: tokens in a forward pass at most.
    """
    named: list[list[int]] = [[] for _ in items]
    going = [row for row, of in enumerate(items) if min(of.n_items, len(of.last))]
    context = context.select(going)
    while going:
        options = [_options(items[row], named[row]) for row in going]
        scores = log_likelihoods(
            model, context, last, [[tokens for _, _, tokens in of] for of in options], batch_tokens
        )
        picked = [
            of[max(range(len(of)), key=lambda place, s=s: (s[place], -place))]
            for of, s in zip(options, scores, strict=True)
        ]
        for row, (place, _, _) in zip(going, picked, strict=True):
            named[row].append(place)
        stay = [at for at, (_, is_last, _) in enumerate(picked) if not is_last]
        if not stay:
            break
        going = [going[at] for at in stay]
        context = context.select(stay)
        tokens = [list(picked[at][2]) for at in stay]
        states = model.read(context, tokens)
        ends = torch.tensor([len(t) - 1 for t in tokens], device=states.device)
        last = states[torch.arange(len(tokens), device=states.device), ends]
    return named


def _options(items: Items, named: Sequence[int]) -> list[tuple[int, bool, Tokens]]:
    """Place, whether it would be the last, and tokens."""
    left = [place for place in range(len(items.last)) if place not in named]
    is_last = len(named) + 1 >= min(items.n_items, len(items.last))
    options = []
    for place in left:
        if not is_last:
            options.append((place, False, items.followed[place]))
        if is_last or items.may_stop:
            options.append((place, True, items.last[place]))
    return options
