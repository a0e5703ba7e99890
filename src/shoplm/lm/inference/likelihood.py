"""Log-likelihoods of given continuations of each row of a context."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import dataclass, field
from typing import NamedTuple

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
    for part in _parts(continuations, model.reread(context), batch_tokens):
        fan = max(map(len, part.inputs))
        filled = [
            list(branch)
            for branches in part.inputs
            for branch in [*branches, *[branches[0]] * (fan - len(branches))]
        ]
        wanted = [(target.row * fan + target.branch, target.step) for target in part.targets]
        places = {where: place for place, where in enumerate(dict.fromkeys(wanted))}
        states = model.try_out(context.select(part.rows), filled, fan, list(places))
        predicted = [
            (places[where], target.token, target.continuation)
            for where, target in zip(wanted, part.targets, strict=True)
        ]
        _add(model, states, predicted, sums)
    return sums


class _Target(NamedTuple):
    """A token whose log-probability is wanted."""

    row: int
    """Of the part."""
    branch: int
    """Of the row."""
    step: int
    """The place in the branch that the token follows."""
    token: int
    continuation: tuple[int, int]
    """Row of the context and place of the continuation, to whose sum it is added."""


@dataclass
class _Part:
    """Some rows, what is read of their continuations, and what is then predicted."""

    rows: list[int] = field(default_factory=list)
    inputs: list[list[Tokens]] = field(default_factory=list)
    """Branches of each row."""
    targets: list[_Target] = field(default_factory=list)
    longest: int = 0
    """Tokens that a branch takes at most, with what is read again before it."""

    def size_with(self, branches: list[Tokens], longest: int) -> int:
        """Tokens of a pass over this part and one row more, padding counted."""
        fan = max(map(len, [*self.inputs, branches]))
        return (len(self.inputs) + 1) * fan * max(self.longest, longest)

    def add(self, row: int, branches: list[Tokens], longest: int) -> None:
        """Put a row behind the others; its targets are added apart."""
        self.rows.append(row)
        self.inputs.append(branches)
        self.longest = max(self.longest, longest)


def _parts(
    continuations: Sequence[Sequence[Tokens]], reread: Sequence[int], batch_tokens: int
) -> Iterator[_Part]:
    """Parts of at most `batch_tokens`, though never less than one branch.

    A row with more branches than that comes in several parts.
    """
    part = _Part()
    for row, of_row in enumerate(continuations):
        branches, branch_of = _branches(of_row)
        longest = reread[row] + max(map(len, branches), default=0)
        n_here = max(1, batch_tokens // max(1, longest))
        for first in range(0, len(branches), n_here):
            here = branches[first : first + n_here]
            if part.rows and part.size_with(here, longest) > batch_tokens:
                yield part
                part = _Part()
            part.add(row, here, longest)
            for place, tokens in enumerate(of_row):
                if len(tokens) == 1:  # predicted by what was read before
                    continue
                branch = branch_of[tokens[:-1]] - first
                if 0 <= branch < len(here):
                    part.targets += [
                        _Target(len(part.rows) - 1, branch, step, token, (row, place))
                        for step, token in enumerate(tokens[1:])
                    ]
    if part.rows:
        yield part


def _branches(of_row: Sequence[Tokens]) -> tuple[list[Tokens], dict[Tokens, int]]:
    """Inputs of which none begins another, longest first; and in which of them each one begins.

    Of (1, 2, 3), (1, 2, 4) and (1, 5, 6), the inputs are (1, 2) and (1, 5).
    """
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
