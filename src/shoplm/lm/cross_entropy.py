"""Next-token cross-entropy of a language model's head that never holds all logits."""

from __future__ import annotations

import torch
from torch import Tensor, nn
from torch.nn import functional as F


class CrossEntropyHead(nn.Linear):
    """A head whose call with labels gives losses instead of logits.

    An `nn.Linear` becomes one by its class alone, so parameters, hooks, tied weights and names in
    the state dictionary stay. The losses are made inside `forward`, because engines that split
    parameters over processes gather them around a module's forward.
    """

    def forward(
        self, input: Tensor, labels: Tensor | None = None, rows_per_chunk: int = 0
    ) -> Tensor | tuple[Tensor, Tensor]:
        """Logits (..., vocabulary), or with `labels` what `linear_cross_entropy` gives."""
        if labels is None:
            return super().forward(input)
        return linear_cross_entropy(input, self.weight, self.bias, labels, rows_per_chunk)


def linear_cross_entropy(
    hidden: Tensor, weight: Tensor, bias: Tensor | None, labels: Tensor, rows_per_chunk: int
) -> tuple[Tensor, Tensor]:
    """Cross-entropy of `softmax(hidden @ weight.T + bias)` and `labels`.

    Logits are made for some rows at a time. Where a gradient is due, it is taken at once, in the
    forward pass: one matrix product forward, two for the gradients, none made twice; the backward
    pass only scales it. The products are made in the type of autocast, if it is on; softmax and
    the sum of the weight's gradient over chunks are fp32.

    Args:
        hidden: (n, width).
        weight: (vocabulary, width).
        bias: (vocabulary,) or None.
        labels: (n,) int64.
        rows_per_chunk: rows whose logits exist at a time.

    Returns:
        The sum over rows, differentiable, and the (n,) losses of the rows, which are not; fp32
        nats.
    """
    return _LinearCrossEntropy.apply(
        hidden, weight, bias, labels, rows_per_chunk, torch.is_grad_enabled()
    )


def module_cross_entropy(
    hidden: Tensor, head: nn.Module, labels: Tensor, rows_per_chunk: int
) -> tuple[Tensor, Tensor]:
    """The same for a head that is no plain linear layer, such as one with an adapter (LoRA)."""
    parameters = [p for p in head.parameters() if p.requires_grad]
    return _ModuleCrossEntropy.apply(
        hidden, labels, head, rows_per_chunk, torch.is_grad_enabled(), *parameters
    )


class _LinearCrossEntropy(torch.autograd.Function):
    @staticmethod
    def forward(ctx, hidden, weight, bias, labels, rows_per_chunk, training):
        device = hidden.device.type
        dtype, fp32 = _product_dtype(device, weight), torch.float32
        wants_hidden, wants_weight, wants_bias = (training and n for n in ctx.needs_input_grad[:3])
        losses = hidden.new_empty(len(hidden), dtype=fp32)
        d_hidden = torch.empty_like(hidden) if wants_hidden else None
        d_weight = torch.zeros_like(weight, dtype=fp32) if wants_weight else None
        d_bias = torch.zeros_like(bias, dtype=fp32) if wants_bias else None
        x, w = hidden.to(dtype), weight.to(dtype)
        b = None if bias is None else bias.to(dtype)
        chunks = _chunks(len(hidden), rows_per_chunk)
        # two buffers for all chunks: fresh memory costs more than what is done in it
        room = hidden.new_empty(len(labels[chunks[0]]), len(w), dtype=dtype) if chunks else None
        fp32_room = room if dtype == fp32 or not chunks else torch.empty_like(room, dtype=fp32)
        with torch.autocast(device, enabled=False):
            for rows in chunks:
                label = labels[rows, None]
                logits, log_p = room[: len(label)], fp32_room[: len(label)]
                torch.mm(x[rows], w.T, out=logits)
                if b is not None:
                    logits += b
                torch.log_softmax(logits, -1, dtype=fp32, out=log_p)
                losses[rows] = -log_p.gather(1, label)[:, 0]
                if not (wants_hidden or wants_weight or wants_bias):
                    continue
                gradient = log_p.exp_()  # of the logits: the probability, less one at the label
                gradient.scatter_add_(1, label, gradient.new_full(label.shape, -1.0))
                if wants_bias:
                    d_bias += gradient.sum(0)
                gradient = logits.copy_(gradient)
                if wants_hidden:
                    d_hidden[rows] = gradient @ w
                if wants_weight and dtype == fp32:
                    d_weight.addmm_(gradient.T, x[rows])
                elif wants_weight:
                    d_weight += gradient.T @ x[rows]
        ctx.mark_non_differentiable(losses)
        ctx.gradients = (d_hidden, _to(d_weight, weight), _to(d_bias, bias))
        return losses.sum(), losses

    @staticmethod
    def backward(ctx, d_total, _):
        gradients, ctx.gradients = ctx.gradients, None
        return *(_scaled(g, d_total) for g in gradients), None, None, None


class _ModuleCrossEntropy(torch.autograd.Function):
    @staticmethod
    def forward(ctx, hidden, labels, head, rows_per_chunk, training, *parameters):
        wanted = training and (ctx.needs_input_grad[0] or bool(parameters))
        losses = hidden.new_empty(len(hidden), dtype=torch.float32)
        d_hidden = torch.zeros_like(hidden)
        sums = [torch.zeros_like(p, dtype=torch.float32) for p in parameters]
        for rows in _chunks(len(hidden), rows_per_chunk):
            x = hidden[rows].detach().requires_grad_(wanted)
            with torch.set_grad_enabled(wanted):
                chunk = F.cross_entropy(head(x).float(), labels[rows], reduction="none")
                total = chunk.sum()
            losses[rows] = chunk.detach()
            if wanted:
                d_x, *gradients = torch.autograd.grad(total, [x, *parameters])
                d_hidden[rows] = d_x
                for so_far, gradient in zip(sums, gradients, strict=True):
                    so_far += gradient
        ctx.mark_non_differentiable(losses)
        ctx.gradients = (d_hidden, *map(_to, sums, parameters))
        return losses.sum(), losses

    @staticmethod
    def backward(ctx, d_total, _):
        (d_hidden, *gradients), ctx.gradients = ctx.gradients, None
        return (
            _scaled(d_hidden, d_total),
            None,
            None,
            None,
            None,
            *(_scaled(g, d_total) for g in gradients),
        )


def _product_dtype(device: str, weight: Tensor) -> torch.dtype:
    on = torch.is_autocast_enabled(device)
    return torch.get_autocast_dtype(device) if on else weight.dtype


def _chunks(n_rows: int, rows_per_chunk: int) -> list[slice]:
    """Chunks of nearly equal size, so that none is too small to be quick."""
    n_chunks = max(1, -(-n_rows // rows_per_chunk))
    size = max(1, -(-n_rows // n_chunks))
    return [slice(first, min(first + size, n_rows)) for first in range(0, n_rows, size)]


def _to(gradient: Tensor | None, like: Tensor | None) -> Tensor | None:
    return None if gradient is None else gradient.to(like.dtype)


def _scaled(gradient: Tensor | None, scale: Tensor) -> Tensor | None:
    return None if gradient is None else gradient.mul_(scale)
