"""A language model behind an endpoint, as a catalog entry."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from kedro.io import AbstractDataset, DatasetError

from shoplm.tasks.synthesis.endpoint import LOCAL_MODEL, Endpoint

FIELDS = ("base_url", "api_key", "model")
FILE = "conf/*/credentials.yml"


class LanguageModelDataset(AbstractDataset[None, "Endpoint | None"]):
    """An OpenAI-compatible endpoint, or the local server that the recipes back.

    `credentials` names an entry of conf/*/credentials.yml:

        language_model:
          base_url: https://models.example.com/v1
          api_key: ${oc.env:LANGUAGE_MODEL_KEY}
          model: some-model

    A server that wants no key takes any word for one. `local: true` needs no credentials. With
    `required: false`, an entry that has neither loads as none.
    """

    def __init__(
        self,
        *,
        credentials: Mapping[str, Any] | None = None,
        local: bool = False,
        required: bool = True,
        metadata: dict[str, Any] | None = None,
    ) -> None:
        """One of `credentials` and `local` is given, or neither of what is not required.

        Raises:
            DatasetError: neither is, or both are.
        """
        given = (credentials is not None) + local
        if given > 1 or (required and not given):
            raise DatasetError(
                f"a language model needs either `credentials`, an entry of {FILE} with "
                f"{', '.join(FIELDS)}, or `local: true`"
            )
        self._credentials, self._local = credentials, local
        self.metadata = metadata

    def load(self) -> Endpoint | None:
        """The endpoint; nothing is asked of it. None where none is given or required.

        Raises:
            DatasetError: a field of the credentials is missing, empty or unknown.
        """
        if self._local:
            return Endpoint(model=LOCAL_MODEL, local=True)
        if self._credentials is None:
            return None
        given = dict(self._credentials)
        for field in FIELDS:
            if not isinstance(given.get(field), str) or not given[field].strip():
                raise DatasetError(
                    f"{FILE}: the entry of the language model has no field `{field}`; it needs "
                    f"{', '.join(FIELDS)}"
                )
        if unknown := sorted(set(given) - set(FIELDS)):
            raise DatasetError(
                f"{FILE}: the entry of the language model has an unknown field `{unknown[0]}`; it "
                f"takes {', '.join(FIELDS)}"
            )
        if not given["base_url"].startswith(("http://", "https://")):
            raise DatasetError(
                f"{FILE}: `base_url` of the language model: expected http(s)://…, got "
                f"{given['base_url']!r}"
            )
        return Endpoint(**{name: given[name].strip() for name in FIELDS})

    def save(self, data: None) -> None:
        """A language model cannot be saved to.

        Raises:
            DatasetError: always.
        """
        raise DatasetError("a language model is an endpoint: nothing can be saved to it")

    def _exists(self) -> bool:
        return True

    def _describe(self) -> dict[str, Any]:
        given = self._credentials or {}
        return {"local": self._local, "model": given.get("model"), "url": given.get("base_url")}
