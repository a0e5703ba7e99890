"""Given items named one after another, the likeliest of those that are left each time."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

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
    """Each item with what stands after the last of all."""
    n_items: int
    """Named at most."""
    may_stop: bool
    """Fewer may be named."""


def name_items(
    model: LanguageModel, context: Context, last: Tensor, items: Sequence[Items], batch_tokens: int
) -> list[list[int]]:
    """Places of the items named, from 0, of each row.

    Each time every item that is left is scored with what follows it: the separator while others are
    left, or else the end. Where fewer may be named, both are compared: an item that is likeliest
    with the end is the last. Of equal ones the first in the list is named.

    Of ten items of which five are named, even the fifth is scored with the separator, since whoever
    ranks all of them goes on there.

    Args:
        model: to ask.
        context: its rows, which stay as they are.
        last: (rows, width) state of each row's last token.
        items: of each row.
        batch_tokens: tokens in a forward pass at most.
    """
    named: list[list[int]] = [[] for _ in items]
    going = list(range(len(items)))
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
        last = model.read(context, tokens)
    return named


def _options(items: Items, named: Sequence[int]) -> list[tuple[int, bool, Tokens]]:
    """Place, whether nothing is named after it, and tokens."""
    left = [place for place in range(len(items.last)) if place not in named]
    enough = len(named) + 1 >= items.n_items
    options = []
    for place in left:
        if len(left) > 1:
            options.append((place, enough, items.followed[place]))
        if len(left) == 1 or items.may_stop:
            options.append((place, True, items.last[place]))
    return options
