"""Causal language models on packed rows, each document as if it were alone."""

from __future__ import annotations

from collections.abc import Callable
from typing import Literal

import torch
from torch import Tensor, nn
from transformers import PreTrainedModel

from shoplm.lm.bloom_attention import PackedBloomModel, use_packed_attention
from shoplm.lm.cross_entropy import CrossEntropyHead, module_cross_entropy


class PackedCausalLM(nn.Module):
    """A causal language model that trains on rows of several documents without a leak.

    BLOOM gets an attention of its own (`lm.bloom_attention`). Other architectures are given
    positions that restart with each segment and no mask, by which transformers tells packed
    documents apart; `check_no_leak` refuses those for which that does not hold.
    """

    def __init__(self, model: PreTrainedModel, logits_per_chunk: int) -> None:
        """Prepare `model` in place; its class, configuration and parameter names stay.

        Args:
            model: a causal language model, which may carry adapters (LoRA).
            logits_per_chunk: logits that the loss holds at a time.
        """
        super().__init__()
        self.model = model
        self.logits_per_chunk = logits_per_chunk
        use_packed_attention(model)
        if type(head := self._head()) is nn.Linear:
            head.__class__ = CrossEntropyHead

    @property
    def is_adapted(self) -> bool:
        """Whether the model carries adapters, and they alone are trained."""
        return self.model is not self._causal_lm()

    def forward(
        self,
        tokens: Tensor,
        segments: Tensor | None,
        supervised: Tensor | None = None,
        reduction: Literal["sum", "none", "logits"] = "sum",
    ) -> Tensor:
        """Cross-entropy of each token given those before it in its segment, in nats.

        Args:
            tokens: (B, L) int64.
            segments: (B, L) int: number of the segment within its row, -1 for padding. None, for
                "logits" alone: rows of one document each, read as transformers does.
            supervised: (B, L) bool, tokens that count as targets; all by default.
            reduction: "sum" or "none" of the losses, or the "logits" that they are taken of.

        Returns:
            "sum": the fp32 sum over targets, differentiable. "none": (B, L) fp32, at place t the
            loss of predicting token t, 0 where it is no target; not differentiable. "logits":
            (B, L, vocabulary), for the leak probe, which an engine can only send through here.
        """
        if reduction == "logits":
            if segments is None:
                return self._causal_lm()(tokens).logits
            return self.logits(tokens, segments)
        with torch.set_grad_enabled(torch.is_grad_enabled() and reduction == "sum"):
            total, losses, places = self._losses(tokens, segments, supervised)
        if reduction == "sum":
            return total
        by_place = losses.new_zeros(tokens.numel())
        by_place[places] = losses
        return by_place.view(tokens.shape)

    def logits(self, tokens: Tensor, segments: Tensor) -> Tensor:
        """(B, L, vocabulary): at place t of what follows it, given its segment up to t."""
        return self._head()(self._hidden(tokens, segments))

    def _losses(
        self, tokens: Tensor, segments: Tensor, supervised: Tensor | None
    ) -> tuple[Tensor, Tensor, Tensor]:
        """Sum of target losses, each of them, and the places of the targets."""
        hidden = self._hidden(tokens, segments).flatten(0, 1)
        places = target_mask(segments, supervised).flatten().nonzero()[:, 0]
        labels = tokens.flatten()[places]
        hidden = hidden[places - 1]  # logits for targets alone, from the place before
        head = self._head()
        rows_per_chunk = self._rows_per_chunk(hidden.device.type)
        if isinstance(head, CrossEntropyHead):
            total, losses = head(hidden, labels, rows_per_chunk)
        else:
            total, losses = module_cross_entropy(hidden, head, labels, rows_per_chunk)
        return total, losses, places

    def _rows_per_chunk(self, device: str) -> int:
        vocabulary = self._vocabulary_size()
        logits = self.logits_per_chunk
        if device == "cpu":  # what stays in its cache is quickest, down to some rows
            logits = min(logits, max(1 << 21, 64 * vocabulary))
        return max(1, logits // vocabulary)

    def _causal_lm(self) -> PreTrainedModel:
        """The model without a wrapper that adds adapters to it."""
        unwrap = getattr(self.model, "get_base_model", None)
        return self.model if unwrap is None else unwrap()

    def _head(self) -> nn.Module:
        return self._causal_lm().get_output_embeddings()

    def _vocabulary_size(self) -> int:
        return self._causal_lm().config.get_text_config().vocab_size

    def _hidden(self, tokens: Tensor, segments: Tensor) -> Tensor:
        """(B, L, width) states that the head reads."""
        decoder = self._causal_lm().base_model
        if isinstance(decoder, PackedBloomModel):
            return decoder(tokens, segments=segments)[0]
        shape = (1, -1) if self._reads_one_row() else tokens.shape
        hidden = decoder(
            input_ids=tokens.view(shape),
            position_ids=positions(segments).view(shape),
            use_cache=False,
        )[0]
        return hidden.view(*tokens.shape, -1)

    def _reads_one_row(self) -> bool:
        """Kernels for documents of any length want them end to end."""
        return "flash" in (self._causal_lm().config._attn_implementation or "")


def target_mask(segments: Tensor, supervised: Tensor | None = None) -> Tensor:
    """(B, L) bool: tokens with one before them in their segment, that are supervised."""
    targets = torch.zeros_like(segments, dtype=torch.bool)
    targets[:, 1:] = (segments[:, 1:] == segments[:, :-1]) & (segments[:, 1:] >= 0)
    return targets if supervised is None else targets & supervised


def n_targets(segments: Tensor, supervised: Tensor | None = None) -> int:
    """Number of targets in packed rows (see `target_mask`)."""
    return int(target_mask(segments, supervised).sum())


def positions(segments: Tensor) -> Tensor:
    """(B, L) int64: place of each token within its segment; padding counts as one."""
    place = torch.arange(segments.shape[1], device=segments.device).expand_as(segments)
    starts = torch.ones_like(segments, dtype=torch.bool)
    starts[:, 1:] = segments[:, 1:] != segments[:, :-1]
    return place - torch.where(starts, place, 0).cummax(1).values


@torch.no_grad()
def check_no_leak(packed: PackedCausalLM, forward: Callable[..., Tensor] | None = None) -> None:
    """Edit one document of a packed row and look at the next.

    Args:
        packed: a model on one device, or in parts on several.
        forward: calls `packed` as training does, with the same arguments, on the device and in
            the precision that it trains in; every process of a group calls it equally often. By
            default `packed` itself, where it is.

    Raises:
        ValueError: the edit moves the next document's logits, or they differ from what the model
            gives for the document alone.
    """
    causal_lm = packed._causal_lm()
    refused = f"{type(causal_lm).__name__} cannot train on packed documents"
    if getattr(causal_lm.config, "final_logit_softcapping", None):
        raise ValueError(f"{refused}: it caps its logits (final_logit_softcapping)")
    device = next(packed.parameters()).device if forward is None else torch.device("cpu")
    forward = forward or packed
    vocabulary = packed._vocabulary_size()
    tokens = torch.randint(vocabulary, (2, 24), generator=torch.Generator().manual_seed(0))
    segments = torch.tensor([[0] * 9 + [1] * 11 + [-1] * 4, [0] * 3 + [1] * 17 + [2] * 4])
    second = segments == 1
    edited = torch.where(second, tokens, (tokens + 1) % vocabulary)

    def logits(tokens: Tensor, segments: Tensor | None) -> Tensor:
        segments = segments if segments is None else segments.to(device)
        return forward(tokens.to(device), segments, reduction="logits").cpu()

    training = packed.training
    packed.eval()
    try:
        before = logits(tokens, segments)[second]
        after = logits(edited, segments)[second].float()
        rows = zip(tokens, second, strict=True)
        alone = torch.cat([logits(row[here][None], None)[0].float() for row, here in rows])
    except TypeError as error:
        raise ValueError(f"{refused}: {error}") from None
    finally:
        packed.train(training)
    # masked places weigh exactly nothing, so only rounding is left, and little of it
    exact = before.dtype == torch.float32
    before = before.float()
    size = before.std()
    if not (after - before).square().mean().sqrt() <= (1e-5 if exact else 1e-2) * size:
        raise ValueError(f"{refused}: editing one document of a row changes the logits of the next")
    if not (alone - before).square().mean().sqrt() <= (1e-5 if exact else 1e-1) * size:
        raise ValueError(
            f"{refused}: the logits of a document in a packed row are not those that it has alone"
        )
