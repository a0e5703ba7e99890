"""Studies as configuration, whatever they measure; importable without pandas."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Annotated, Literal, TypeVar

from pydantic import StringConstraints, model_validator

from shoplm.variants import Settings, suggest

Label = Annotated[str, StringConstraints(min_length=1)]


class StudyRowSettings(Settings):
    """One row of a table, or one bar or point of a figure: a variant."""

    label: str | None = None
    """What stands at the row; null is its name. In a figure, variants with one label share a
    place on the axis."""
    variant: str | None = None
    """Null is the name of the row."""
    group: str | None = None
    """What has one colour, or one line, in a figure, such as `LoRA`."""
    x: float | None = None
    """Place on the axis of a figure of lines, such as millions of parameters, or a rank."""
    paper: dict[str, float] = {}
    """The reference's own figures by column label, on the scale of ours (0 to 1, hours, GB)."""


class BaseStudySettings(Settings):
    """Variants by figures: what a table or figure of a study has, whatever its columns."""

    title: str
    """What it shows."""
    source: str
    """The paper, and its table or figure."""
    note: str = ""
    """What a reader must know of it."""
    kind: Literal["table", "bars", "lines"] = "table"
    """How it is drawn; a figure has a table below it too."""
    rows: dict[Label, StudyRowSettings | None]
    """By name; null drops one of another environment."""
    reference: str = "paper"
    """Whose the figures are that stand beside ours."""
    axis: str = ""
    """lines: what `x` counts."""
    log_axis: bool = False
    """lines: whether `x` is drawn by its logarithm."""

    @model_validator(mode="after")
    def _fits(self) -> BaseStudySettings:
        if not self.kept_rows():
            raise ValueError(f"{self.title!r} has no row")
        without = [name for name, row in self.kept_rows().items() if row.x is None]
        if self.kind == "lines" and without:
            raise ValueError(f"row {without[0]!r} has no `x`, its place in a figure of lines")
        return self

    def kept_rows(self) -> dict[str, StudyRowSettings]:
        """The rows, less those that are null."""
        return {name: row for name, row in self.rows.items() if row is not None}

    def variants(self) -> dict[str, str]:
        """The variant of each row."""
        return {name: row.variant or name for name, row in self.kept_rows().items()}


StudyT = TypeVar("StudyT", bound=BaseStudySettings)


class BaseStudies(Settings):
    """Which studies are shown; a subclass has them, as `studies`."""

    shown: list[Label] = []
    """Those that this environment has the variants for, by name; none named: all."""

    @model_validator(mode="after")
    def _are_there(self) -> BaseStudies:
        for name in self.shown:
            if name not in self.studies:
                raise ValueError(
                    f"shown: {name!r} is none of the studies; {suggest(name, self.studies)}"
                )
        return self

    def _kept(self, studies: Mapping[str, StudyT | None]) -> dict[str, StudyT]:
        return {
            name: study
            for name, study in studies.items()
            if study is not None and (not self.shown or name in self.shown)
        }
