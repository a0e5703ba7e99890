"""Settings of the readers whose columns fill the template."""

from __future__ import annotations

from pydantic import Field

from shoplm.tasks.readers.files import FileOptions
from shoplm.tasks.readers.reader import Expression, GroupExpression
from shoplm.tasks.readers.values import PropertyText
from shoplm.variants import Settings


class DrawnChoices(Settings):
    """Wrong choices drawn from the right answers of other rows."""

    number: int = Field(4, ge=2)
    """Of all choices, at most."""
    among: str | None = None
    """Column with all possible answers, in place of those that occur: `label_set`."""
    within: str | None = None
    """Column that the other rows share, so that the wrong ones are near: the coarse category."""
    seed: int = 0


class JoinedFile(Settings):
    """A JSON object beside the file that holds more of each row."""

    file: str
    """Its name, in the same folder."""
    key: str
    """Column with the name under which it keeps the row's part, which becomes `joined`."""


class RecordOptions(FileOptions):
    """Where the right answer stands, and what columns become before they are shown."""

    each: str | None = None
    """Path to a list: every element is a row of its own, found under `each`. A row whose list is
    empty is none."""
    join: JoinedFile | None = None
    extract: dict[str, Expression] = {}
    """Column: pattern that its whole text matches; its named groups are new columns."""
    combine: dict[str, str] = {}
    """New column: text with columns in braces, `{title}: {text}`; an empty one leaves nothing."""
    properties: dict[str, PropertyText] = {}
    """Columns that write properties, shown as a readable line."""
    defaults: dict[str, str] = {}
    """Field of the template: shown where the column is null or empty."""
    separator: str = "\n"
    """Between the texts of a list that one field shows."""
    gold: str
    """Column of the right answer. Of a list of texts, a generation takes the first, and the others
    are right too."""
    gold_pattern: GroupExpression | None = None
    """What to take of a textual answer: the pattern's first group."""
    no_gold: list[str] = []
    """What the column holds where annotators found no answer; such rows are rejected."""
    no_answer: str | None = None
    """Column that is true where the right answer is that there is none (`answer.none`)."""
    labels: dict[str, str] = {}
    """What the file writes: the task's label, or how an example writes the label of a span."""
    span: dict[str, str] = {}
    """Members of a span that hold its `label` and its `text`; without a label there is none."""
    one_label: str | None = None
    """Member of a span that holds its label: every label of a row is a row of its own, with the
    label under `label`."""
    choices: str | None = None
    """Column with the choices: a list, or an object whose keys the answer names."""
    draw: DrawnChoices | None = None
