"""The tokens of a prompt and of its answer, by the tokenizer's chat template or the project's."""

from __future__ import annotations

from dataclasses import dataclass
from pathlib import Path
from typing import Any

import numpy as np

from shoplm.corpus.prompt_settings import PromptSettings
from shoplm.corpus.tokenising import Vocabulary

QUESTION, REPLY = "-the-question-stands-here-", "-the-reply-stands-here-"


@dataclass(frozen=True)
class PromptTemplate:
    """What stands around the text of a prompt, as tokens.

    The prompt itself is encoded apart, and without special tokens: a text cannot end its turn.
    """

    vocabulary: Vocabulary
    opening: list[int]
    """Before the prompt's text."""
    closing: list[int]
    """Between it and the answer."""
    end: list[int]
    """After the answer; the last thing that is learned."""
    stated: str
    """The template as a person reads it."""

    @classmethod
    def open(cls, directory: Path, settings: PromptSettings) -> PromptTemplate:
        """The chat template of a model directory's tokenizer, or else that of the settings.

        Raises:
            FileNotFoundError: the directory holds no fast tokenizer.
            ValueError: its chat template does not show the turns that it is given.
        """
        vocabulary = Vocabulary.open(directory)
        if settings.chat_template:
            from transformers import AutoTokenizer

            tokenizer = AutoTokenizer.from_pretrained(directory, trust_remote_code=False)
            if tokenizer.chat_template:
                return cls._of_chat(tokenizer, vocabulary, directory)
        before, after = settings.template.split("{prompt}")
        return cls(
            vocabulary,
            opening=vocabulary.encode(before) if before else [],
            closing=vocabulary.encode(after) if after else [],
            end=[vocabulary.eos_id],
            stated=f"{settings.template}{{answer}}{vocabulary.tokenizer.id_to_token(vocabulary.eos_id)}",
        )

    @classmethod
    def _of_chat(cls, tokenizer: Any, vocabulary: Vocabulary, directory: Path) -> PromptTemplate:
        def encode(text: str) -> list[int]:
            return tokenizer(text, add_special_tokens=False)["input_ids"] if text else []

        asked = [{"role": "user", "content": QUESTION}]
        told = [*asked, {"role": "assistant", "content": REPLY}]
        question = tokenizer.apply_chat_template(asked, tokenize=False, add_generation_prompt=True)
        answered = tokenizer.apply_chat_template(told, tokenize=False)
        if question.count(QUESTION) != 1 or answered.count(REPLY) != 1:
            raise ValueError(
                f"{directory}: the chat template does not show a user's and an assistant's turn "
                "once each; set prompting.chat_template to false"
            )
        before, closing = question.split(QUESTION)
        after = encode(answered.split(REPLY)[1])
        special = set(tokenizer.all_special_ids)
        special |= {i for i, token in tokenizer.added_tokens_decoder.items() if token.special}
        stop = next((place for place, token in enumerate(after) if token in special), None)
        end = [vocabulary.eos_id] if stop is None else after[: stop + 1]
        shown = tokenizer.decode(end)
        return cls(
            vocabulary, encode(before), encode(closing), end,
            stated=f"{before}{{prompt}}{closing}{{answer}}{shown}",
        )  # fmt: skip

    def prompt(self, text: str) -> list[int]:
        """Tokens that are read before an answer to `text`."""
        return [*self.opening, *self.vocabulary.encode(text.strip()), *self.closing]

    def answer(self, text: str) -> list[int]:
        """Tokens of an answer, the end mark among them.

        Raises:
            ValueError: it is empty.
        """
        if not text.strip():
            raise ValueError("an answer is empty")
        return [*self.vocabulary.encode(text.strip()), *self.end]

    def shorten(self, prompt: np.ndarray, room: int) -> np.ndarray:
        """`prompt` without its middle, so that `room` tokens are left; its frame stays whole.

        Raises:
            ValueError: there is not even room for the frame and one token.
        """
        if len(prompt) <= room:
            return prompt
        inside = room - len(self.opening) - len(self.closing)
        if inside < 1:
            raise ValueError(f"no room for a prompt in {room} tokens")
        head = len(self.opening) + (inside + 1) // 2
        tail = inside // 2 + len(self.closing)
        return np.concatenate([prompt[:head], prompt[len(prompt) - tail :]])
