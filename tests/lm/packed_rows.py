"""Rows of packed documents, and what a stock model makes of each document alone."""

import copy

import torch
from torch.nn import functional as F

from shoplm.lm.packed import PackedCausalLM

VOCABULARY = 67
MIXED = ([9, 14, 17], [1, 30, 2], [40])


def packed(model, rows_per_chunk=11):
    return PackedCausalLM(copy.deepcopy(model), VOCABULARY * rows_per_chunk)


def rows(*lengths, width=40, seed=0):
    """Random tokens, and rows of segments of these lengths."""
    segments = torch.full((len(lengths), width), -1)
    for row, of_row in enumerate(lengths):
        numbers = torch.repeat_interleave(
            torch.arange(len(of_row)), torch.tensor(of_row, dtype=int)
        )
        segments[row, : len(numbers)] = numbers
    generator = torch.Generator().manual_seed(seed)
    return torch.randint(VOCABULARY, segments.shape, generator=generator), segments


def each_alone(tokens, segments):
    """Where each document lies, and its tokens as a batch of one."""
    for row in range(len(tokens)):
        for number in range(int(segments[row].max()) + 1):
            here = segments[row] == number
            yield row, here, tokens[row, here][None]


def loss_alone(model, tokens, segments):
    """Sum of a stock model's target losses, document by document."""
    losses = []
    for _, _, document in each_alone(tokens, segments):
        logits = model(document).logits[0].float()
        losses.append(F.cross_entropy(logits[:-1], document[0, 1:], reduction="sum"))
    return torch.stack(losses).sum()


def gradients(loss, model):
    model.zero_grad()
    loss.backward()
    return {name: p.grad for name, p in model.named_parameters()}


def distance(ours, theirs):
    assert ours.keys() == theirs.keys()
    return max((ours[name] - theirs[name]).abs().max().item() for name in theirs)
