"""Batches of questions through a model: each prefix read once, each question once."""

from __future__ import annotations

import time
from collections.abc import Iterator, Sequence

import torch
from torch import Tensor

from shoplm.lm.inference.contexts import Context
from shoplm.lm.inference.generation import Ending, generate
from shoplm.lm.inference.likelihood import Tokens, log_likelihoods
from shoplm.lm.inference.models import LanguageModel
from shoplm.lm.inference.ordering import Items, name_items
from shoplm.lm.inference.prompts import (
    Problem,
    Prompt,
    Prompter,
    Question,
    group_by_prefix,
)
from shoplm.lm.inference.requests import Request
from shoplm.lm.inference.settings import EngineSettings
from shoplm.lm.inference.store import Answer


class Engine:
    """Answers requests with one model."""

    def __init__(self, model: LanguageModel, settings: EngineSettings) -> None:
        """Prepare; the window is the model's own where that is smaller."""
        self.model, self.settings = model, settings
        window = min(settings.window, model.limit or settings.window)
        self.prompter = Prompter(model.tokenizer, window)

    def answer(
        self, requests: Sequence[Request], rank: int = 0, world_size: int = 1
    ) -> Iterator[list[Answer]]:
        """Answers to the requests of this process's share, a batch at a time.

        Which requests share a batch, and how many processes there are, changes no answer by more
        than the last digits of a number.
        """
        planned = self.prompter.prompts(requests)
        problems = [p for p in planned if isinstance(p, Problem)]
        if rank == 0 and problems:
            yield [_problem(p) for p in problems]
        groups = group_by_prefix(p for p in planned if isinstance(p, Prompt))
        for prefix, questions in _share(groups, rank, world_size):
            started = time.perf_counter()
            base = self.model.read_prefix(list(prefix))
            reread = 0 if self.model.shares_prefixes else len(prefix)
            for batch in self._batches(questions, reread):
                answers = self._answer_batch(base, batch)
                seconds = (time.perf_counter() - started) / len(answers)
                started = time.perf_counter()
                yield [answer | {"seconds": seconds} for answer in answers]

    def _batches(self, questions: Sequence[Question], reread: int) -> Iterator[list[Question]]:
        """Neighbours in length, longest last, as many as the budget of tokens allows.

        Args:
            questions: of one prefix.
            reread: tokens that are read again with each of them.
        """
        batch: list[Question] = []
        longest = 0
        for question in questions:
            length = reread + len(question.tokens) + question.room
            longest = max(longest, length)
            if batch and longest * (len(batch) + 1) > self.settings.batch_tokens:
                yield batch
                batch, longest = [], length
            batch.append(question)
        if batch:
            yield batch

    def _answer_batch(self, base: Context, batch: list[Question]) -> list[Answer]:
        try:
            return self._answer_all(base, batch)
        except torch.OutOfMemoryError:
            if len(batch) == 1:
                raise
        torch.cuda.empty_cache()
        half = len(batch) // 2
        return [*self._answer_batch(base, batch[:half]), *self._answer_batch(base, batch[half:])]

    def _answer_all(self, base: Context, batch: list[Question]) -> list[Answer]:
        context = base.fork(len(batch))
        last = self.model.read(context, [list(q.tokens) for q in batch])
        asked = [(row, prompt) for row, q in enumerate(batch) for prompt in q.prompts]
        answers: list[Answer] = []
        for kind, answer in (
            ("choices", self._score), ("order", self._order), ("text", self._generate)
        ):  # fmt: skip
            of_kind = [(row, prompt) for row, prompt in asked if prompt.request.kind == kind]
            if of_kind:
                rows = [row for row, _ in of_kind]
                prompts = [prompt for _, prompt in of_kind]
                answers += answer(context.select(rows), last[rows], prompts)
        return answers

    def _score(self, context: Context, last: Tensor, prompts: list[Prompt]) -> list[Answer]:
        sums = log_likelihoods(
            self.model, context, last, [p.answers for p in prompts], self.settings.batch_tokens
        )
        return [
            _answer(p, log_likelihoods=s, n_choice_tokens=[len(a) for a in p.answers])
            for p, s in zip(prompts, sums, strict=True)
        ]

    def _order(self, context: Context, last: Tensor, prompts: list[Prompt]) -> list[Answer]:
        items = [
            Items(p.followed, p.answers, p.request.n_items or len(p.answers), _may_stop(p.request))
            for p in prompts
        ]
        named = name_items(self.model, context, last, items, self.settings.batch_tokens)
        return [_answer(p, order=order) for p, order in zip(prompts, named, strict=True)]

    def _generate(self, context: Context, last: Tensor, prompts: list[Prompt]) -> list[Answer]:
        endings = [self._ending(prompt.request) for prompt in prompts]
        texts = generate(self.model, context, last, endings)
        return [
            _answer(p, text=t, n_new_tokens=n) for p, (t, n) in zip(prompts, texts, strict=True)
        ]

    def _ending(self, request: Request) -> Ending:
        """A learned end of answers ends a text as its token, or as letters where it is none."""
        end = request.end_of_answer
        stop = (*request.stop, end) if end else request.stop
        return Ending(request.max_new_tokens, stop, self.prompter.end_token(end))


def _may_stop(request: Request) -> bool:
    """Without anything after the last item, to stop would always be likelier than to go on."""
    return request.may_stop and bool(request.end or request.ends_document)


def _answer(prompt: Prompt, **given: object) -> Answer:
    answer = {
        "request_id": prompt.request.request_id,
        "log_likelihoods": None,
        "n_choice_tokens": None,
        "order": None,
        "text": None,
        "n_prompt_tokens": prompt.n_tokens,
        "n_shots_left": prompt.n_shots_left,
        "n_new_tokens": 0,
        "seconds": 0.0,
        "problem": None,
        "detail": None,
    }
    return answer | given


def _problem(problem: Problem) -> Answer:
    blank = Prompt(problem.request, (), (), problem.n_shots_left)
    return _answer(
        blank, n_prompt_tokens=problem.n_tokens, problem=problem.problem, detail=problem.detail
    )


def _share(
    groups: dict[Tokens, list[Question]], rank: int, world_size: int
) -> list[tuple[Tokens, list[Question]]]:
    """The groups of one process; one that is more than a fair share is dealt out to several."""
    if world_size == 1:
        return list(groups.items())

    def cost(prefix: Tokens, questions: Sequence[Question]) -> int:
        return len(prefix) + sum(len(q.tokens) + 4 * q.room for q in questions)

    fair = sum(cost(prefix, q) for prefix, q in groups.items()) / world_size
    pieces = []
    for prefix, questions in groups.items():
        n = min(world_size, len(questions), -(-cost(prefix, questions) // max(1, int(fair))))
        pieces += [(prefix, questions[i::n]) for i in range(n)]
    loads, mine = [0] * world_size, []
    for prefix, questions in sorted(pieces, key=lambda p: (-cost(*p), p[0])):
        least = loads.index(min(loads))
        loads[least] += cost(prefix, questions)
        if least == rank:
            mine.append((prefix, questions))
    return mine
