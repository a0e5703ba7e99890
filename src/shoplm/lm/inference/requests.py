"""Requests and answers: what is asked of a model and what it says, as JSON lines."""

from __future__ import annotations

import json
from collections.abc import Iterable, Mapping
from pathlib import Path
from typing import Any, Literal

from pydantic import Field, ValidationError, model_validator

from shoplm.variants import Settings, first_problem

ANSWER_COLUMNS = (
    "request_id",
    "log_likelihoods",
    "n_choice_tokens",
    "order",
    "text",
    "n_prompt_tokens",
    "n_shots_left",
    "n_new_tokens",
    "seconds",
    "problem",
    "detail",
)
"""Of a table of answers; `seconds` is a request's share of the time that its batch took."""


class Request(Settings):
    """One question and how it is asked."""

    request_id: str
    """Digest of all that decides the answer."""
    kind: Literal["choices", "text", "order"]
    """Likelihoods of given answers, generated text, or given items one after another."""
    head: str = ""
    """Text before all."""
    shots: tuple[str, ...] = ()
    """Answered examples, each with the empty line after it."""
    question: str
    """All between the shots and the answer."""
    tail_length: int = Field(0, ge=0)
    """So many characters at the end of the question are tokenised apart, as a prompt template's are
    in tuning."""
    choices: tuple[str, ...] = ()
    """choices: the possible answers; order: the items."""
    end: str = ""
    """Scored after each choice, or after the last of all items."""
    ends_document: bool = False
    """Score `end_of_answer` after `end`."""
    end_of_answer: str = ""
    """What a tuned model learned to write after an answer, `<|im_end|>` say; it ends a generated
    text too. Empty is the tokenizer's end-of-text token."""
    separator: str = ""
    """order: between items."""
    n_items: int | None = Field(None, ge=1)
    """order: items named, or the most of them; all by default."""
    may_stop: bool = False
    """order: fewer may be named."""
    max_new_tokens: int = Field(64, ge=1)
    """text: tokens generated at most."""
    stop: tuple[str, ...] = ()
    """text: ends before the first of these."""

    @model_validator(mode="after")
    def _has_choices(self) -> Request:
        if self.kind != "text" and not self.choices:
            raise ValueError(f"a request of kind {self.kind!r} needs choices")
        return self


FIELDS = tuple(Request.model_fields)


def read_requests(file: Path) -> list[Request]:
    """Read requests, one JSON object a line; fields that do not concern the answer are ignored.

    Raises:
        FileNotFoundError: it is not there.
        ValueError: a line is not JSON or a field is wrong; the message names file, line and field.
    """
    file = Path(file)
    if not file.is_file():
        raise FileNotFoundError(f"{file}: no such file of requests")
    requests = []
    with file.open(encoding="utf-8") as lines:
        for number, line in enumerate(lines, start=1):
            try:
                requests.append(request_of(json.loads(line)))
            except ValidationError as error:
                raise ValueError(f"{file}, line {number}: {first_problem(error)}") from None
            except (ValueError, AttributeError) as error:
                raise ValueError(f"{file}, line {number}: not a JSON object: {error}") from None
    return requests


def request_of(row: Mapping[str, Any]) -> Request:
    """The request in a row of a table or a parsed line; what is null has its default."""
    given = {name: row[name] for name in FIELDS if name in row and not _is_null(row[name])}
    return Request.model_validate(given)


def write_requests(file: Path, rows: Iterable[Mapping[str, Any]]) -> None:
    """Write requests as `read_requests` reads them; the file appears whole or not at all.

    Raises:
        ValueError: a field is wrong; the message names row and field.
    """
    lines = []
    for number, row in enumerate(rows, start=1):
        try:
            request = request_of(row)
        except ValidationError as error:
            raise ValueError(f"requests, row {number}: {first_problem(error)}") from None
        lines.append(json.dumps(request.model_dump(mode="json")) + "\n")
    partial = file.with_suffix(".part")
    partial.write_text("".join(lines), "utf-8")
    partial.replace(file)


def _is_null(value: Any) -> bool:
    """NaN is what pandas makes of a null among numbers."""
    return value is None or (isinstance(value, float) and value != value)
