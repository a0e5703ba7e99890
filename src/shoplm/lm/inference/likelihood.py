"""Log-likelihoods of given continuations of each row of a context."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import dataclass, field

import torch
from torch import Tensor

from shoplm.lm.inference.contexts import Context
from shoplm.lm.inference.models import LanguageModel

LOGITS_PER_CHUNK = 1 << 24
"""Logits held at a time."""

Tokens = tuple[int, ...]


def log_likelihoods(
    model: LanguageModel,
    context: Context,
    last: Tensor,
    continuations: Sequence[Sequence[Tokens]],
    batch_tokens: int,
) -> list[list[float]]:
    """Sum of the natural log-probabilities of each continuation's tokens, given its row.

    What precedes the last token of a continuation is read once for all that begin alike, so those
    of one token cost no forward pass.

    Args:
        model: to ask.
        context: its rows, which stay as they are.
        last: (rows, width) state of each row's last token.
        continuations: of each row, in tokens, none empty.
        batch_tokens: tokens in a forward pass at most.
    """
    sums = [[0.0] * len(of_row) for of_row in continuations]
    firsts = [
        (row, tokens[0], (row, place))
        for row, of_row in enumerate(continuations)
        for place, tokens in enumerate(of_row)
    ]
    _add(model, last, firsts, sums)
    for part in _parts(continuations, batch_tokens):
        width = max(len(b) for branches in part.inputs for b in branches)
        fan = max(map(len, part.inputs))
        filled = [
            list(b) for branches in part.inputs
            for b in [*branches, *[branches[0]] * (fan - len(branches))]
        ]  # fmt: skip
        states = model.try_out(context.select(part.rows), filled, fan)
        places: dict[int, int] = {}  # of states that are needed, in their order
        wanted = []
        for at, branch, step, token, target in part.targets:
            place = (at * fan + branch) * width + step
            wanted.append((places.setdefault(place, len(places)), token, target))
        index = torch.tensor(list(places), device=states.device)
        _add(model, states.flatten(0, 1)[index], wanted, sums)
    return sums


@dataclass
class _Part:
    """Some rows, what is read of their continuations, and what is then predicted."""

    rows: list[int] = field(default_factory=list)
    inputs: list[list[Tokens]] = field(default_factory=list)
    """Of each row."""
    targets: list[tuple[int, int, int, int, tuple[int, int]]] = field(default_factory=list)
    """Row of the part, branch, step, the token after it, and the continuation (row, place)."""

    def size_with(self, branches: list[Tokens]) -> int:
        """Tokens of a pass over this part and one row more, padding counted."""
        inputs = [*self.inputs, branches]
        longest = max(len(b) for of_row in inputs for b in of_row)
        return len(inputs) * max(map(len, inputs)) * longest


def _parts(continuations: Sequence[Sequence[Tokens]], batch_tokens: int) -> Iterator[_Part]:
    part = _Part()
    for row, of_row in enumerate(continuations):
        branches, where = _branches(of_row)
        while branches:
            longest = len(branches[0])
            here = branches[: max(1, batch_tokens // longest)]  # the others in a part of their own
            if part.rows and part.size_with(here) > batch_tokens:
                yield part
                part = _Part()
            part.rows.append(row)
            part.inputs.append(here)
            part.targets += [
                (len(part.rows) - 1, branch, step, c[step + 1], (row, place))
                for place, c in enumerate(of_row)
                if len(c) > 1 and (branch := where[c[:-1]]) < len(here) and branch >= 0
                for step in range(len(c) - 1)
            ]
            branches = branches[len(here) :]
            where = {inputs: branch - len(here) for inputs, branch in where.items()}
    if part.rows:
        yield part


def _branches(of_row: Sequence[Tokens]) -> tuple[list[Tokens], dict[Tokens, int]]:
    """Inputs of which none begins another, longest first; and in which of them each one begins."""
    branches: list[Tokens] = []
    where: dict[Tokens, int] = {}
    for inputs in sorted({c[:-1] for c in of_row if len(c) > 1}, key=lambda t: (-len(t), t)):
        if inputs in where:
            continue
        for end in range(1, len(inputs) + 1):
            where.setdefault(inputs[:end], len(branches))
        branches.append(inputs)
    return branches, where


def _add(
    model: LanguageModel,
    states: Tensor,
    wanted: Sequence[tuple[int, int, tuple[int, int]]],
    sums: list[list[float]],
) -> None:
    """Add the log-probability of each wanted token (place of its state, token, continuation)."""
    if not wanted:
        return
    wanted = sorted(wanted)
    vocabulary = model.vocabulary_size
    rows, done = max(1, LOGITS_PER_CHUNK // vocabulary), 0
    for first in range(0, len(states), rows):
        logits = model.logits(states[first : first + rows])
        end = done
        while end < len(wanted) and wanted[end][0] < first + rows:
            end += 1
        chunk = wanted[done:end]
        place, token = torch.tensor([w[:2] for w in chunk], device=logits.device).view(-1, 2).T
        place = place - first
        found = logits[place, token] - logits.logsumexp(-1)[place]
        for (_, _, (row, at)), value in zip(chunk, found.tolist(), strict=True):
            sums[row][at] += value
        done = end
