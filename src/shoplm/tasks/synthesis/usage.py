"""What was asked, had and paid, and whether more may be spent or believed."""

from __future__ import annotations

from dataclasses import dataclass

from shoplm.tasks.synthesis.cache import Answer
from shoplm.tasks.synthesis.settings import (
    BudgetSettings,
    ErrorSettings,
    PriceSettings,
)


@dataclass
class Usage:
    """One row of the usage table; all counts of one task.

    samples_asked + samples_surplus = samples_accepted + samples_quarantined + samples_unanswered.
    """

    task: str
    model: str
    quota: int = 0
    """Samples wanted."""
    samples_asked: int = 0
    samples_accepted: int = 0
    samples_quarantined: int = 0
    samples_unanswered: int = 0
    """Asked for, and neither usable nor unusable came."""
    samples_surplus: int = 0
    """Came without being asked for."""
    requests: int = 0
    """Sent in this run, repeated ones included."""
    retries: int = 0
    """Of them, those that repeat one."""
    failures: int = 0
    """Requests without an answer in the end."""
    cache_hits: int = 0
    """Answers that had been paid for before."""
    prompt_tokens: int = 0
    """Of all answers used, whenever paid."""
    completion_tokens: int = 0
    cost: float = 0.0
    """Of these tokens, in the unit of the prices."""
    cost_now: float = 0.0
    """Of those paid in this run."""
    seconds: float = 0.0
    """Answers took so long, one after another."""
    ended: str = ""
    """Why no more were asked for: `quota`, `effort`, `budget: …`, or what went wrong."""

    def count(self, answer: Answer, price: float, paid: bool) -> None:
        """An answer was used; `paid` if that was in an earlier run."""
        self.prompt_tokens += answer.prompt_tokens
        self.completion_tokens += answer.completion_tokens
        self.cost += price
        self.cost_now += 0.0 if paid else price
        self.seconds += answer.seconds


class Spending:
    """Requests, tokens and money of all tasks against the budget."""

    def __init__(self, budget: BudgetSettings, prices: PriceSettings) -> None:
        self.budget, self.prices = budget, prices
        self.requests = self.tokens = 0
        self.money = 0.0

    def price(self, answer: Answer) -> float:
        """Of one answer."""
        prompt, completion = self.prices.prompt, self.prices.completion
        return (answer.prompt_tokens * prompt + answer.completion_tokens * completion) / 1e6

    def pay(self, answer: Answer) -> None:
        """Count an answer, paid now or earlier."""
        self.tokens += answer.prompt_tokens + answer.completion_tokens
        self.money += self.price(answer)

    def spent(self) -> str | None:
        """The limit that has been reached, if one has."""
        for name in ("requests", "tokens", "money"):
            limit, value = getattr(self.budget, name), getattr(self, name)
            if limit is not None and value >= limit:
                return f"budget: {name} ({value:g} of {limit:g})"
        return None


class Trust:
    """Requests that came to nothing against the error budget."""

    def __init__(self, errors: ErrorSettings) -> None:
        self.errors = errors
        self.requests = self.unusable = self.in_a_row = 0

    def usable(self) -> None:
        """An answer had at least one sample in the form."""
        self.requests += 1
        self.in_a_row = 0

    def failed(self) -> str | None:
        """An answer had none, or there was none; what is too much, if it is."""
        self.requests += 1
        self.unusable += 1
        self.in_a_row += 1
        if self.in_a_row >= self.errors.consecutive:
            return f"{self.in_a_row} requests in a row (errors.consecutive)"
        if self.requests >= self.errors.after and (
            self.unusable > self.errors.share * self.requests
        ):
            return f"{self.unusable} of {self.requests} requests (errors.share)"
        return None
