"""A causal language model that reads new tokens behind a context."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

import torch
from torch import Tensor
from transformers import AttentionInterface, AutoTokenizer, PreTrainedModel
from transformers.models.bloom.modeling_bloom import BloomForCausalLM

from shoplm.launch import report_warning
from shoplm.lm.adapters import load_adapted
from shoplm.lm.inference.attention import (
    NAME,
    Reading,
    attend_for_transformers,
    current_reading,
)
from shoplm.lm.inference.bloom import use_shared_attention
from shoplm.lm.inference.contexts import Context, LayerCache
from shoplm.lm.inference.settings import ModelPlace
from shoplm.lm.loading import load_model

PREFIX_CHUNK = 512
"""Tokens of a prefix read at a time: the kernel visits pairs that the causal mask covers too."""

AttentionInterface.register(NAME, attend_for_transformers)


class LanguageModel:
    """Reads rows of tokens behind what they share, and gives logits where they are wanted."""

    def __init__(self, model: PreTrainedModel, tokenizer: Any, device: torch.device) -> None:
        """Prepare `model` in place.

        Architectures whose attention cannot be replaced read all tokens anew each time, which is
        slow but right; a warning says so.
        """
        self.model, self.tokenizer, self.device = model.eval(), tokenizer, device
        config = model.config.get_text_config()
        self.limit: int | None = getattr(config, "max_position_embeddings", None)
        """Most tokens that the model was made for, if it says so."""
        self.softcap = getattr(config, "final_logit_softcapping", None)
        self.vocabulary_size: int = config.vocab_size
        self.end_tokens = _end_tokens(model, tokenizer)
        self.shares_prefixes = self._share_prefixes()

    @classmethod
    def load(cls, place: ModelPlace, precision: torch.dtype, device: torch.device) -> LanguageModel:
        """Load a model, with its adapter merged into it.

        Raises:
            FileNotFoundError: the model, its adapter, or a file of them is missing.
            ValueError: a file is damaged, the adapter was trained on another model, or the
                tokenizer has no end-of-text token.
        """
        place.check()
        if place.adapter is None:
            model = load_model(place.base)
        else:
            model = load_adapted(place.base, place.adapter).merge_and_unload()
        tokenizer = AutoTokenizer.from_pretrained(place.base, trust_remote_code=False)
        if tokenizer.eos_token_id is None:
            raise ValueError(
                f"{place.base}: its tokenizer has no end-of-text token, which ends answers: "
                "set eos_token in tokenizer_config.json"
            )
        return cls(model.to(device, precision), tokenizer, device)

    @torch.inference_mode()
    def read_prefix(self, tokens: list[int]) -> Context:
        """The context that rows are forked from."""
        context = Context(self.device)
        if not self.shares_prefixes:
            context.prefix = list(tokens)
            return context
        for first in range(0, len(tokens), PREFIX_CHUNK):
            chunk = tokens[first : first + PREFIX_CHUNK]
            _, read = self._forward(context, [chunk], 1, [(0, len(chunk) - 1)], keep=True)
            context.extend_prefix(chunk, read)
        return context

    @torch.inference_mode()
    def read(self, context: Context, tokens: list[list[int]], room: int = 0) -> Tensor:
        """(rows, width) state of each row's last token, after new tokens that the rows go on with.

        Args:
            context: is extended.
            tokens: of each row, at least one.
            room: tokens that are likely to follow.
        """
        last = [(row, len(new) - 1) for row, new in enumerate(tokens)]
        states, read = self._forward(context, tokens, 1, last, keep=True)
        context.extend(tokens, read, room)
        return states

    @torch.inference_mode()
    def try_out(
        self,
        context: Context,
        tokens: list[list[int]],
        fan: int,
        wanted: Sequence[tuple[int, int]],
    ) -> Tensor:
        """(n, width) states of continuations of the rows; nothing is kept.

        Args:
            context: stays as it is.
            tokens: `fan` continuations of each row, side by side.
            fan: continuations of a row.
            wanted: place of a continuation in `tokens` and of a token in it, for each state.
        """
        return self._forward(context, tokens, fan, wanted, keep=False)[0]

    def reread(self, context: Context) -> list[int]:
        """Tokens that are read once more with any new ones, by row; none where caches are kept."""
        if self.shares_prefixes:
            return [0] * len(context.rows)
        return [len(context.prefix) + length for length in context.lengths]

    @torch.inference_mode()
    def logits(self, states: Tensor) -> Tensor:
        """(n, vocabulary) fp32, of what follows each state (n, width)."""
        if not self.shares_prefixes:  # they are logits already
            return states.float()
        logits = self.model.get_output_embeddings()(states).float()
        if self.softcap:
            logits = (logits / self.softcap).tanh() * self.softcap
        return logits

    def decode(self, tokens: list[list[int]]) -> list[str]:
        """Rows of tokens as text, special ones left out."""
        return self.tokenizer.batch_decode(tokens, skip_special_tokens=True) if tokens else []

    def _forward(
        self,
        context: Context,
        tokens: list[list[int]],
        fan: int,
        wanted: Sequence[tuple[int, int]],
        keep: bool,
    ) -> tuple[Tensor, dict[int, LayerCache]]:
        """Wanted states (see `try_out`), and with `keep` the new keys and values by layer."""
        rows, steps = torch.tensor(wanted, device=self.device).T
        if not self.shares_prefixes:
            return self._read_anew(context, tokens, fan, rows, steps), {}
        ids = self._padded(tokens)
        forward_pass = Reading(context, tuple(ids.shape), fan, keep)
        decoder = self.model.base_model
        if isinstance(self.model, BloomForCausalLM):
            states = decoder(ids, reading=forward_pass)[0]
        else:
            before = current_reading.set(forward_pass)
            try:
                states = decoder(
                    input_ids=ids, position_ids=forward_pass.positions, use_cache=False
                )[0]
            finally:
                current_reading.reset(before)
        return states[rows, steps], forward_pass.read

    def _read_anew(
        self, context: Context, tokens: list[list[int]], fan: int, rows: Tensor, steps: Tensor
    ) -> Tensor:
        """(n, vocabulary) logits by transformers' own means, of rows read from the start."""
        before = [[*context.prefix, *row] for row in context.rows for _ in range(fan)]
        whole = [[*row, *new] for row, new in zip(before, tokens, strict=True)]
        places = torch.tensor([len(row) for row in before], device=self.device)[rows] + steps

        def gather(_: torch.nn.Module, arguments: tuple[Tensor]) -> tuple[Tensor]:
            return (arguments[0][rows, places][None],)  # before the head: logits are large

        hook = self.model.get_output_embeddings().register_forward_pre_hook(gather)
        try:
            return self.model(input_ids=self._padded(whole), use_cache=False).logits[0]
        finally:
            hook.remove()

    def _padded(self, tokens: list[list[int]]) -> Tensor:
        """Behind each row, where causal attention does not look."""
        width = max(map(len, tokens))
        rows = [row + [0] * (width - len(row)) for row in tokens]
        return torch.tensor(rows, device=self.device)

    def _share_prefixes(self) -> bool:
        """Replace attention, and see whether the logits are what they were."""
        vocabulary = self.model.get_input_embeddings().num_embeddings
        config = self.model.config.get_text_config()
        window = getattr(config, "sliding_window", None) or 0
        length = 24 + (window if window <= 1024 else 0)
        draw = torch.Generator().manual_seed(0)
        tokens = torch.randint(vocabulary, (2, length), generator=draw)
        tokens[1, :9] = tokens[0, :9]
        with torch.inference_mode():
            expected = self.model(input_ids=tokens.to(self.device), use_cache=False).logits
        self.shares_prefixes = True
        stock = self.model.config._attn_implementation
        try:
            if isinstance(self.model, BloomForCausalLM):
                use_shared_attention(self.model)
            else:
                self.model.set_attn_implementation(NAME)
            context = self.read_prefix(tokens[0, :9].tolist())
            rows = context.fork(2)
            self.read(rows, tokens[:, 9:17].tolist())
            wanted = [(row, step) for row in range(2) for step in range(length - 17)]
            states = self.try_out(rows, tokens[:, 17:].tolist(), 1, wanted)
            found = self.logits(states).view(2, -1, expected.shape[-1])
            difference = float((found - expected[:, 17:].float()).abs().max())
            most = 1e-3 if expected.dtype == torch.float32 else 0.1
            most *= float(expected.float().abs().max())
            if difference <= most:
                return True
            why = f"logits differ by {difference:.3g}, allowed is {most:.3g}"
        except torch.OutOfMemoryError:
            raise
        except (LookupError, TypeError, ValueError, RuntimeError, AttributeError) as error:
            why = f"{type(error).__name__}: {error}"
        if not isinstance(self.model, BloomForCausalLM):
            self.model.set_attn_implementation(stock)
        report_warning(
            f"{type(self.model).__name__} cannot share prefixes here, so every prompt is read "
            f"whole ({why})"
        )
        return False


def _end_tokens(model: PreTrainedModel, tokenizer: Any) -> list[int]:
    """Tokens that end a text; the tokenizer's own, which is the one to be scored, first."""
    listed = [tokenizer.eos_token_id]
    for config in (model.generation_config, model.config):
        ids = getattr(config, "eos_token_id", None)
        listed += ids if isinstance(ids, list) else [ids]
    return list(dict.fromkeys(i for i in listed if i is not None))
