"""What a reader is: a way to turn the rows of a published file into examples of any task."""

from __future__ import annotations

import re
from collections.abc import Callable, Iterator
from dataclasses import dataclass, field
from pathlib import Path
from typing import Annotated, Any, Literal

from pydantic import AfterValidator, Field

from shoplm.tasks.task import SourceFile, Task
from shoplm.variants import Settings


def _compiles(pattern: str) -> str:
    try:
        re.compile(pattern)
    except re.error as error:
        raise ValueError(f"{pattern!r} is no regular expression: {error}") from None
    return pattern


def _has_group(pattern: str) -> str:
    if not re.compile(pattern).groups:
        raise ValueError(f"{pattern!r} has no group in parentheses, which is what is taken")
    return pattern


Expression = Annotated[str, AfterValidator(_compiles)]
"""A regular expression."""

GroupExpression = Annotated[Expression, AfterValidator(_has_group)]
"""A regular expression of which a group is taken."""


class RowError(ValueError):
    """A row from which no example can be made; `reason` is one word or a few, underscored."""

    def __init__(self, reason: str, detail: str) -> None:
        super().__init__(detail)
        self.reason = reason
        self.detail = detail


@dataclass(frozen=True)
class Row:
    """A row as it was read, or why it could not be."""

    number: int
    """From 1, in the order of the file."""
    values: dict[str, Any]
    error: RowError | None = None


class ReaderOptions(Settings):
    """Options that every reader takes."""

    part: Literal["train", "test"] | None = None
    """One side of a split of the file's rows; null is all of them."""
    share: float = Field(0.5, gt=0, lt=1)
    """Of the groups, in the part `test`."""
    seed: int = 0
    """Of the split; sources with the same seed and share never divide a group between them."""
    split_by: str | None = None
    """Field of the template, or column, whose text is the group that stays on one side; by
    default all that is shown."""
    language_column: str | None = None
    """Column with the language of a row, where rows differ."""
    language_pattern: GroupExpression | None = None
    """What of that column's text says the language: the pattern's first group that matches."""
    language_codes: dict[str, str] = {}
    """What says the language: ISO 639-1 code."""


@dataclass(frozen=True)
class Context:
    """What a row is read for."""

    task: Task
    source: SourceFile
    options: Any
    """The reader's own settings, validated."""
    rows: list[dict[str, Any]]
    """All rows of the file that could be read, for choices drawn among them."""
    gathered: dict[str, Any] = field(default_factory=dict)
    """What a reader found out about all rows."""


@dataclass(frozen=True)
class Reader:
    """A kind of reader; a task's YAML says with which options."""

    settings: type[ReaderOptions]
    """Checks the options."""
    rows: Callable[[Path, Any], Iterator[Row]]
    """The rows of one file, given the options."""
    draft: Callable[[Context, Row, str], dict[str, Any]]
    """Context, row, language: gold, fields, choices, prompt, references of the example; raises
    RowError."""
    check: Callable[[Task, SourceFile, Any], None]
    """Whether the options fit the task; raises ValueError."""
    belongs: Callable[[Task, Row, Any], bool] = lambda task, row, options: True
    """Whether a row is one of this task, in a file that names the task of each row."""


def row_language(context: Context, row: Row) -> str:
    """ISO 639-1 code of a row: from its column, else of the source, else the task's only one.

    Raises:
        RowError: a language that the task has not.
    """
    options, task = context.options, context.task
    if options.language_column is None:
        return context.source.language or task.languages[0]
    found = str(row.values.get(options.language_column, "")).strip()
    if options.language_pattern is not None:
        match = re.search(options.language_pattern, found)
        found = (match and next(filter(None, match.groups()), "")) or ""
    code = options.language_codes.get(found, found)
    if code not in task.languages:
        raise RowError("language", f"{options.language_column} says {found!r}")
    return code
