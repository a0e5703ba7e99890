"""Where a language model answers, and what it raises when it cannot be used."""

from __future__ import annotations

from pydantic import SecretStr, model_validator

from shoplm.variants import Settings, fingerprint

LOCAL_MODEL = "local-recipes"
"""What the local server is called, and so the origin of its samples."""


class Endpoint(Settings):
    """An OpenAI-compatible endpoint, or the small local server backed by the recipes.

    Its representation shows no key.
    """

    model: str
    """As the endpoint calls it; the origin of the samples."""
    base_url: str | None = None
    """Up to `/v1`, without `/chat/completions`."""
    api_key: SecretStr | None = None
    """Sent with every request, written nowhere."""
    local: bool = False
    """Answered from the recipes on this machine; needs neither address nor key."""

    @model_validator(mode="after")
    def _reachable(self) -> Endpoint:
        if not self.local and (self.base_url is None or self.api_key is None):
            raise ValueError("base_url and api_key: an endpoint that is not local needs both")
        return self

    @property
    def fingerprint(self) -> str:
        """Changes with address and model, not with the key."""
        return fingerprint(self.base_url, self.model)


class EndpointError(RuntimeError):
    """The endpoint cannot be used as it is: one sentence says why and what to do.

    `generated` holds what had been made until then; the answers themselves are in the cache.
    `status` is what the endpoint answered, if that was it.
    """

    generated = None
    status: int | None = None
