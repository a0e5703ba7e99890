"""The samples of one task: what to ask for next, and what becomes of the answers."""

from __future__ import annotations

import hashlib
import math
from collections import Counter
from dataclasses import dataclass, replace
from typing import TYPE_CHECKING, Any

from shoplm.tasks.records import instruction_row
from shoplm.tasks.synthesis.cache import Answer
from shoplm.tasks.synthesis.endpoint import LOCAL_MODEL
from shoplm.tasks.synthesis.form import Cell
from shoplm.tasks.synthesis.quota import Quota
from shoplm.tasks.synthesis.requests import Grounding, Request
from shoplm.tasks.synthesis.responses import FormatError, Rejected, Sample, parse_response
from shoplm.tasks.synthesis.samples import to_example
from shoplm.tasks.synthesis.settings import SynthesisSettings
from shoplm.tasks.synthesis.usage import Usage
from shoplm.tasks.task import Example, Task

if TYPE_CHECKING:
    from pandas import DataFrame

QUARANTINED = [
    "instruction_id", "source", "reason", "detail", "task", "origin", "prompt", "answer",
]  # fmt: skip
"""Columns of quarantined samples; `answer` is the raw text of what was answered."""


@dataclass(frozen=True)
class Made:
    """A sample in good form, with the example and the row of `instructions` that it makes."""

    sample: Sample
    example: Example
    row: dict[str, Any]


class Collection:
    """Samples of one task, accepted and quarantined, with the counts of both."""

    def __init__(
        self, task: Task, products: DataFrame | None, model: str, settings: SynthesisSettings
    ) -> None:
        """Nothing is asked yet.

        Raises:
            ValueError: the products lack a column of the task's `grounding`.
        """
        self.task, self.settings = task, settings
        self.quota = Quota(task, settings.samples_per_task, settings.seed)
        self.grounding = Grounding(task, products, settings.seed, settings.record_characters)
        self.usage = Usage(task=task.name, model=model, quota=self.quota.total)
        self.lack: str | None = None
        """Why nothing can be asked, if nothing can."""
        self.rows: dict[str, dict[str, Any]] = {}
        self.quarantined: list[dict[str, Any]] = []
        self._planned: Counter[tuple[str, Cell]] = Counter()
        self._numbers: Counter[tuple[str, Cell]] = Counter()

    def plan(self) -> list[Request]:
        """Requests that would fill what is short, if all they ask for came and were good.

        They go round the cells, so that a budget which ends early leaves the cells balanced. There
        are none when the quota is met, the effort is spent or no record can ground a request.
        """
        self.lack = self.lack or self.grounding.lacks()
        if self.lack:
            self.usage.ended = self.lack
            return []
        rounds: list[list[Request]] = []
        for cell in self.quota.wanted:
            for turn, samples in enumerate(self._sizes(cell)):
                rounds += [[]] if turn == len(rounds) else []
                rounds[turn].append(self._request(cell, samples))
        if not rounds:
            self.end("effort")
        return [request for turn in rounds for request in turn]

    def end(self, why: str) -> None:
        """Note why no more is asked for, unless the quota is met or that has been said."""
        met = not any(map(self.quota.short, self.quota.wanted))
        self.usage.ended = "quota" if met else self.usage.ended or why

    def _sizes(self, cell: tuple[str, Cell]) -> list[int]:
        """Samples of each request for a cell in this round."""
        most = math.ceil(self.quota.wanted[cell] * self.settings.effort)
        left = min(self.quota.short(cell), most - self._planned[cell])
        each = self.task.synthetic.samples_per_request
        sizes = [min(each, left - start) for start in range(0, max(0, left), each)]
        self._planned[cell] += sum(sizes)
        return sizes

    def _request(self, cell: tuple[str, Cell], samples: int) -> Request:
        language, wanted = cell
        number = self._numbers[cell]
        self._numbers[cell] += 1
        product, record = self.grounding.record(language, wanted, number)
        return Request(self.task, language, wanted, number, samples, record, product)

    def read(self, request: Request, answer: Answer) -> list[Made | Rejected]:
        """Every sample of an answer, in good form or rejected."""
        parsed = parse_response(
            answer.text, self.task, request.language, request.samples, answer.cut
        )
        return [self._made(request, p) if isinstance(p, Sample) else p for p in parsed]

    def _made(self, request: Request, sample: Sample) -> Made | Rejected:
        try:
            example = to_example(
                self.task,
                request.language,
                sample,
                request.record,
                group=request.product_id,
                origin=self.usage.model,
            )
            if self.usage.model == LOCAL_MODEL:  # it only says what it was asked for
                example = replace(example, difficulty=None)
            row = instruction_row(self.task, example, "language_model", self.settings.seed)
            return Made(sample, example, row)
        except FormatError as error:
            return Rejected(error.reason, str(error), sample.raw)
        except ValueError as error:
            return Rejected("cannot_be_rendered", str(error), sample.raw)

    def settle(self, request: Request, pieces: list[Made | Rejected]) -> None:
        """Accept what is good, new and wanted, quarantine the rest, count all of it.

        Answers are to be settled in the order of their requests, whenever they came. No pieces
        stands for no answer.
        """
        usage = self.usage
        usage.samples_asked += request.samples
        for place, piece in enumerate(pieces):
            usage.samples_surplus += place >= request.samples
            rejected = self._keep(piece) if isinstance(piece, Made) else piece
            if rejected is None:
                usage.samples_accepted += 1
            else:
                usage.samples_quarantined += 1
                self.quarantined.append(self._quarantined(request, place, rejected))
        usage.samples_unanswered += max(0, request.samples - len(pieces))

    def _keep(self, made: Made) -> Rejected | None:
        name = made.row["instruction_id"]
        if name in self.rows:
            return Rejected("duplicate", f"the same as {name}", made.sample.raw)
        if not self.quota.take(made.example, made.sample.values):
            detail = ", ".join(f"{n} {made.sample.values[n]}" for n in self.quota.names)
            return Rejected("quota_filled", detail, made.sample.raw)
        self.rows[name] = made.row
        return None

    def _quarantined(self, request: Request, place: int, rejected: Rejected) -> dict[str, Any]:
        usage = self.usage
        content = f"{usage.model}\n{request.seed(self.settings.seed)}\n{place}\n{rejected.raw}"
        return {
            "instruction_id": hashlib.md5(content.encode("utf-8", "surrogatepass")).hexdigest()[
                :16
            ],
            "source": "language_model",
            "reason": rejected.reason,
            "detail": rejected.detail,
            "task": self.task.name,
            "origin": usage.model,
            "prompt": request.text,
            "answer": rejected.raw,
        }
