"""How a language model is asked, how often, and when to stop."""

from __future__ import annotations

from typing import Any

from pydantic import Field, model_validator

from shoplm.variants import Settings


class RetrySettings(Settings):
    """What follows 408, 409, 425, 429, 5xx, a timeout, a lost connection, an unreadable body."""

    attempts: int = Field(6, ge=1)
    """Times that one request is sent before it is given up."""
    first_wait: float = Field(1.0, ge=0)
    """Seconds before the second attempt; each later wait is twice as long, less up to half of it
    by chance."""
    longest_wait: float = Field(60.0, ge=0)
    """Seconds that no wait of ours exceeds."""
    patience: float = Field(600.0, ge=0)
    """Seconds that a Retry-After may ask for; it is always respected, and a longer one ends the run
    in good order."""


class BudgetSettings(Settings):
    """What may be spent, earlier runs in the same directory included; null is no limit."""

    requests: int | None = Field(None, ge=0)
    """Requests sent, repeated ones included, and answers found in the cache."""
    tokens: int | None = Field(None, ge=0)
    """Tokens of prompts and answers. Requests that are out when it is reached still count."""
    money: float | None = Field(None, ge=0)
    """In the unit of `prices`."""


class PriceSettings(Settings):
    """What the endpoint charges, in any one currency."""

    prompt: float = Field(0.0, ge=0)
    """Of a million tokens of prompts."""
    completion: float = Field(0.0, ge=0)
    """Of a million tokens of answers."""


class ErrorSettings(Settings):
    """How many requests may fail, or be answered without a usable sample, before the run stops."""

    consecutive: int = Field(10, ge=1)
    """So many one after another stop it."""
    share: float = Field(0.5, gt=0, le=1)
    """More than this share of the requests so far stops it."""
    after: int = Field(20, ge=1)
    """The share is looked at from this number of requests on."""


class ClientSettings(Settings):
    """How many requests go out, how they are repeated, and when to stop."""

    concurrency: int = Field(8, ge=1)
    """Requests out at a time."""
    deadline_seconds: float = Field(120.0, gt=0)
    """For one attempt, from sending to the last byte."""
    retries: RetrySettings = RetrySettings()
    """When and how often a request is repeated."""
    budget: BudgetSettings = BudgetSettings()
    """What may be spent; the run then ends in good order with what it has."""
    prices: PriceSettings = PriceSettings()
    """For `budget.money` and the cost shown."""
    errors: ErrorSettings = ErrorSettings()
    """When to stop believing in the endpoint."""

    @model_validator(mode="after")
    def _money_has_prices(self) -> ClientSettings:
        if self.budget.money is not None and not self.prices.prompt + self.prices.completion:
            raise ValueError("budget.money: it needs `prices` of a million tokens")
        return self


class SynthesisSettings(ClientSettings):
    """Samples wanted from a language model, and the means to get them."""

    samples_per_task: int = Field(100, ge=0)
    """Accepted samples wanted of each task, spread evenly over language and every field with
    stated values."""
    tasks: list[str] | None = None
    """Names of the tasks to make samples for; null is every task with a `synthetic` block."""
    seed: int = 0
    """Chooses the products that ground the requests; sent along with each request too."""
    send_seed: bool = True
    """Whether requests carry a `seed`, which not every endpoint takes."""
    parameters: dict[str, Any] = {"temperature": 1.0}
    """What else a request carries, as the endpoint calls it: max_tokens, top_p."""
    effort: float = Field(3.0, ge=1)
    """A cell of the quota is asked for at most so many times the samples that it wants."""
    record_characters: int = Field(2000, ge=1)
    """A column of a product record is shown to this length."""

    @model_validator(mode="after")
    def _parameters_are_free(self) -> SynthesisSettings:
        if taken := {"messages", "model", "seed", "stream", "n"} & set(self.parameters):
            raise ValueError(f"parameters: {sorted(taken)} are not to be set here")
        return self
