"""How instructions become tokens and blocks; importable without numpy."""

from __future__ import annotations

from typing import Literal

from pydantic import Field, field_validator

from shoplm.variants import Settings


class PromptSettings(Settings):
    """What a model reads before an answer, and what becomes of it where it is too long."""

    chat_template: bool = True
    """Take the tokenizer's own chat template, the prompt as the user's turn, if it has one."""
    template: str = "{prompt}\n"
    """Otherwise: text that shows {prompt}; the answer and the end mark follow it."""
    too_long: Literal["whole", "cut", "refuse"] = "whole"
    """An example longer than a block. whole: all blocks grow to hold the longest. cut: its prompt
    loses its middle, its answer nothing. refuse: it is left out, with its reason."""

    @field_validator("template")
    @classmethod
    def _shows_the_prompt(cls, template: str) -> str:
        if template.count("{prompt}") != 1:
            raise ValueError("expected {prompt} in it once")
        return template


class InstructionPackingSettings(Settings):
    """Size of a block of instructions."""

    sequence_length: int = Field(512, ge=8)
    """Tokens a block."""
    length_multiple: int = Field(64, ge=1)
    """Blocks that grow to hold the longest example grow to a multiple of it."""
