"""Tables of papers as configuration; importable without pandas."""

from __future__ import annotations

from typing import Annotated, Literal

from pydantic import Field, StringConstraints, model_validator

from shoplm.variants import Settings, suggest

Expansion = Literal["tasks", "groups"]


class ColumnSettings(Settings):
    """What one column shows: a task, a group of tasks, or the mean of a benchmark."""

    label: str | None = None
    """Heading; null is the name of the task or group, or `mean`."""
    benchmark: str | None = None
    """Null is that of the table."""
    group: str | None = None
    """A group of the benchmark's tasks, such as `held_out`."""
    task: str | None = None
    """One of its tasks."""
    each: Expansion | None = None
    """One column for each task, or for each group, that the results have."""

    @model_validator(mode="after")
    def _names_one(self) -> ColumnSettings:
        if sum(value is not None for value in (self.group, self.task, self.each)) > 1:
            raise ValueError("a column is a `group`, a `task` or `each` of them, not several")
        return self


class RowSettings(Settings):
    """One row: a variant, or a variant for each column."""

    label: str | None = None
    """Heading; null is the name of the row."""
    variant: str | None = None
    """Null is the name of the row."""
    variants: dict[str, str | None] = {}
    """Another variant in the columns named here, by label; null leaves the cell out."""
    pipeline: str | None = None
    """What trains the variant; null is the pipeline of the table."""
    environment: str | None = None
    """The environment whose configuration has the variant, where it is another than the one at
    hand."""
    paper: dict[str, float] = {}
    """The paper's own figures by column label, on the scale of ours (0 to 1)."""


class PaperTable(Settings):
    """Variants by tasks, groups or benchmarks."""

    title: str
    """What the table shows."""
    source: str
    """The paper, and its table or figure."""
    note: str = ""
    """What a reader must know of it, such as why the paper's own figures are not there."""
    benchmark: str | None = None
    """Of every column that names none."""
    columns: Annotated[dict[str, ColumnSettings], Field(min_length=1)]
    """By any name; null values of a row's labels follow the headings."""
    rows: dict[Annotated[str, StringConstraints(min_length=1)], RowSettings | None]
    """By name; null drops one of another environment."""
    pipeline: str = "continual_pretrain"
    """What trains the variants."""
    decoding: Literal["constrained", "free"] = "constrained"
    """Which answers are shown: those picked among the possible ones, where there are any, or those
    written freely."""
    baselines: list[str] = ["random", "majority"]
    """Rows that stand first in every table."""

    @model_validator(mode="after")
    def _benchmarks_are_named(self) -> PaperTable:
        for name, column in self.columns.items():
            if column.benchmark is None and self.benchmark is None:
                raise ValueError(f"column {name!r} names no benchmark, nor does the table")
        if not self.kept_rows():
            raise ValueError(f"{self.title!r} has no row")
        return self

    @model_validator(mode="after")
    def _rows_name_columns(self) -> PaperTable:
        if any(column.each for column in self.columns.values()):
            return self  # headings are known with the results alone
        labels = [heading(name, column) for name, column in self.columns.items()]
        for row, settings in self.kept_rows().items():
            for label in (*settings.variants, *settings.paper):
                if label not in labels:
                    raise ValueError(
                        f"row {row!r} names the column {label!r}; {suggest(label, labels)}"
                    )
        return self

    def kept_rows(self) -> dict[str, RowSettings]:
        """The rows, less those that are null."""
        return {name: row for name, row in self.rows.items() if row is not None}


class PaperTables(Settings):
    """All of them, by name."""

    tables: dict[str, PaperTable | None] = {}
    """Null drops one of another environment."""

    def kept(self) -> dict[str, PaperTable]:
        """The tables, less those that are null."""
        return {name: table for name, table in self.tables.items() if table is not None}


class ReportSettings(Settings):
    """What the report shows beside the tables."""

    examples_per_task: int = Field(1, ge=0, le=5)
    """Predictions shown of one task of each benchmark and capability: so many of the best and so
    many of the worst; 0 shows none."""
    seed: int = 0
    """Of the draw of those predictions."""
    few: int = Field(100, ge=1)
    """A figure from fewer examples is warned of."""
    curve_benchmarks: list[str] = []
    """Benchmarks in the checkpoint curve; none named: all that were measured."""


def heading(name: str, column: ColumnSettings) -> str:
    """What stands above a column that is one task, group or mean."""
    return column.label or column.task or column.group or name
