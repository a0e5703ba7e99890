"""Requests as tokens, cut to the window, and grouped by what they share."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from dataclasses import dataclass, field
from typing import Any

from shoplm.lm.inference.likelihood import Tokens
from shoplm.lm.inference.requests import Request


@dataclass(frozen=True)
class Prompt:
    """A request whose prompt fits."""

    request: Request
    prefix: Tokens
    """Of the head and the shots that are left."""
    question: Tokens
    """At least one token."""
    n_shots_left: int
    answers: tuple[Tokens, ...] = ()
    """choices: each with what follows it; order: each item as the last of all."""
    followed: tuple[Tokens, ...] = ()
    """order: each item with the separator."""

    @property
    def n_tokens(self) -> int:
        """Of the prompt."""
        return len(self.prefix) + len(self.question)


@dataclass(frozen=True)
class Problem:
    """A request that cannot be put."""

    request: Request
    problem: str
    detail: str
    n_tokens: int
    n_shots_left: int


@dataclass
class Question:
    """What is read once for all requests that ask it."""

    tokens: Tokens
    prompts: list[Prompt] = field(default_factory=list)

    @property
    def room(self) -> int:
        """Tokens that may be generated behind it."""
        texts = [p.request.max_new_tokens for p in self.prompts if p.request.kind == "text"]
        return max(texts, default=0)


class Prompter:
    """Turns requests into tokens.

    Head with shots, question and each choice are tokenised apart and joined, as prompt and answer
    were where the model was tuned. Special tokens that a chat template writes out are recognised.
    """

    def __init__(self, tokenizer: Any, window: int) -> None:
        """Keep the tokenizer; `window` is for prompt and answer together."""
        self.tokenizer, self.window = tokenizer, window
        self._known: dict[str, Tokens] = {}
        self.opening = self._opening()

    def prompts(self, requests: Sequence[Request]) -> list[Prompt | Problem]:
        """What each request comes to, in their order."""
        self._tokenise({text for r in requests for text in _texts(r)})
        return [self._prompt(request) for request in requests]

    def _prompt(self, r: Request) -> Prompt | Problem:
        end = (self._known[r.end_of_answer] or (self.tokenizer.eos_token_id,)) * r.ends_document
        question = tuple(token for part in _parts(r) for token in self._known[part])
        shots = r.shots
        answers = tuple((*self._known[choice + r.end], *end) for choice in r.choices)
        followed: tuple[Tokens, ...] = ()
        if r.kind == "order":
            followed = tuple(self._known[choice + r.separator] for choice in r.choices)
        prefix = self._prefix(r.head, shots)
        empty = [c for c in r.choices if not self._known[c]] if r.kind != "text" else []
        if empty:
            return Problem(
                r, "empty_choice", f"the choice {empty[0]!r} has no token",
                len(prefix) + len(question), len(shots),
            )  # fmt: skip
        room = self.window - len(question) - _longest_answer(r, answers, followed)
        while len(prefix) > room and shots:
            # by their share of the text at first, then one by one
            shots = shots[max(1, self._drop(r.head, shots, len(prefix) - room)) :]
            prefix = self._prefix(r.head, shots)
        if len(prefix) > room:
            needed = self.window - room + len(prefix)
            return Problem(
                r, "too_long",
                f"{needed} tokens of question and answer, the window has {self.window}",
                len(prefix) + len(question), len(shots),
            )  # fmt: skip
        if not question:  # something must be read last
            whole = prefix or (self._start(),)
            prefix, question = whole[:-1], whole[-1:]
        return Prompt(r, prefix, question, len(shots), answers, followed)

    def _drop(self, head: str, shots: Sequence[str], excess: int) -> int:
        """Shots from the left that surely have to go: all but the last of those needed."""
        self._tokenise(shots)
        dropped = 0
        for number, shot in enumerate(shots):
            dropped += len(self._known[shot])
            if dropped >= excess:
                return number
        return len(shots) - 1

    def _prefix(self, head: str, shots: Sequence[str]) -> Tokens:
        text = head + "".join(shots)
        self._tokenise([text])
        tokens = self._known[text]
        has_opening = tokens[: len(self.opening)] == self.opening  # a chat template may write it
        return tokens if has_opening else (*self.opening, *tokens)

    def end_token(self, end_of_answer: str) -> int | None:
        """The special token that a learned end of answers closes with, if there is one."""
        self._tokenise([end_of_answer])
        last = self._known[end_of_answer][-1:]
        text = self.tokenizer.decode(list(last), skip_special_tokens=True)
        return last[0] if last and not text else None

    def _tokenise(self, texts: Iterable[str]) -> None:
        unknown = sorted(set(texts) - self._known.keys())
        if unknown:
            # a lone surrogate, as broken JSON escapes leave, has no bytes
            clean = [text.encode(errors="replace").decode() for text in unknown]
            ids = self.tokenizer(clean, add_special_tokens=False)["input_ids"]
            self._known.update(zip(unknown, map(tuple, ids), strict=True))

    def _opening(self) -> Tokens:
        """The beginning-of-text token, if the tokenizer puts one itself."""
        first = self.tokenizer("a")["input_ids"][:1]
        bos = self.tokenizer.bos_token_id
        return (bos,) if bos is not None and first == [bos] else ()

    def _start(self) -> int:
        """What is read where there is nothing at all."""
        bos = self.tokenizer.bos_token_id
        return self.tokenizer.eos_token_id if bos is None else bos


def _parts(r: Request) -> tuple[str, str]:
    """The question and its tail, which are tokenised apart."""
    cut = len(r.question) - r.tail_length
    return r.question[:cut], r.question[cut:]


def _texts(r: Request) -> list[str]:
    texts = [r.head + "".join(r.shots), *_parts(r), *r.choices, r.end_of_answer]
    texts += [choice + r.end for choice in r.choices]
    if r.kind == "order":
        texts += [choice + r.separator for choice in r.choices]
    return texts


def _longest_answer(r: Request, answers: Sequence[Tokens], followed: Sequence[Tokens]) -> int:
    if r.kind == "text":
        return r.max_new_tokens
    longest = max(map(len, (*answers, *followed)))
    if r.kind == "order":
        n_before = min(r.n_items or len(answers), len(answers)) - 1
        longest += sum(sorted(map(len, followed), reverse=True)[:n_before])
    return longest


def group_by_prefix(prompts: Iterable[Prompt]) -> dict[Tokens, list[Question]]:
    """Questions by their prefix, shortest first; who asks the same one shares it."""
    groups: dict[Tokens, dict[Tokens, Question]] = {}
    for prompt in prompts:
        questions = groups.setdefault(prompt.prefix, {})
        questions.setdefault(prompt.question, Question(prompt.question)).prompts.append(prompt)
    return {
        prefix: sorted(questions.values(), key=lambda q: (q.room, len(q.tokens), q.tokens))
        for prefix, questions in groups.items()
    }
