"""What is searched for a model, in which ranges and for how long; importable without torch."""

from __future__ import annotations

import math
from collections.abc import Callable, Mapping, Sequence
from pathlib import Path
from typing import Annotated, Any, TypeVar

from pydantic import BaseModel, Field, ValidationError, model_validator

from shoplm.launch.run_file import RunSettings, write_run
from shoplm.recsys.run import RecommendationRun
from shoplm.variants import Settings, first_problem, suggest

PROGRAM = "shoplm.recsys.search"
SEARCHED = ("model", "training")
"""Settings below these may be searched."""
FIXED = ("model.model", "training.validation", "training.minutes")
"""Trials that differ in these would be of different things, or measured differently."""

Value = bool | int | float | str | None
SettingsT = TypeVar("SettingsT", bound=BaseModel)


class Range(Settings):
    """Numbers from `low` to `high`, both included; whole ones where the setting is a whole one."""

    low: float
    """The least."""
    high: float
    """The most."""
    log: bool = False
    """Draw by the logarithm: for rates and sizes that differ by factors."""
    step: float | None = Field(None, gt=0)
    """Distance of the numbers from `low` on; any by default."""

    @model_validator(mode="after")
    def _is_a_range(self) -> Range:
        if not (math.isfinite(self.low) and math.isfinite(self.high) and self.low < self.high):
            raise ValueError(f"expected low < high, got {self.low:g} and {self.high:g}")
        if self.log and (self.low <= 0 or self.step is not None):
            raise ValueError("log needs a low above 0 and no step")
        return self


Choices = Annotated[list[Value], Field(min_length=2)]
Space = dict[str, Range | Choices]
"""By path of a setting, such as `training.learning_rate`: a range, or a list of choices."""


class SearchSettings(Settings):
    """A small search on validation cases, the same for every model."""

    trials: int = Field(0, ge=0)
    """Settings that are tried of each variant, those that it has included; 0: none is searched."""
    minutes: float | None = Field(None, gt=0)
    """No trial of a variant is begun after so long, summed over its trials and starts."""
    trial_minutes: float | None = Field(None, gt=0)
    """Training time of one trial at most."""
    startup: int = Field(6, ge=1)
    """Trials drawn at random before the sampler goes by what they came to."""
    seed: int = 0
    """Of the sampler, and of the models that trials train."""
    variants: list[str] = []
    """Which variants; none named: all that have a space."""
    spaces: dict[str, dict[str, Range | Choices | None]] = {}
    """By variant, or else by `model`: paths and what they may be. Null drops a path."""

    def space_of(self, variant: str, model: str) -> Space:
        """What is searched of a variant; empty where nothing is."""
        if self.trials == 0 or (self.variants and variant not in self.variants):
            return {}
        found = self.spaces.get(variant, self.spaces.get(model, {}))
        return {path: values for path, values in found.items() if values is not None}

    def check(self, variants: Mapping[str, BaseModel]) -> None:
        """Refuse what is none of the variants, or does not fit their settings.

        Args:
            variants: by name, objects with the fields `model` and `training`.

        Raises:
            ValueError: the message names the space, the path and what was expected.
        """
        models = {settings.model.model for settings in variants.values()}
        for name in self.variants:
            if name not in variants:
                raise ValueError(
                    f"search: variants names {name!r}, which is none of the variants; "
                    f"{suggest(name, variants)}"
                )
        for name in self.spaces:
            if name not in variants and name not in models:
                raise ValueError(
                    f"search: spaces names {name!r}, which is no variant and no model of one; "
                    f"{suggest(name, {*variants, *models})}"
                )
        for name, settings in variants.items():
            check_space(self.space_of(name, settings.model.model), settings, name)


class SearchRun(RunSettings):
    """The content of a search file: the trials of one variant; they go to the folder it lies in."""

    variant: str
    """Whose settings are searched."""
    runs: Annotated[list[RecommendationRun], Field(min_length=1)]
    """What is trained in a trial, with the trial's settings laid over: one run, or one for each
    domain; the mean of their validation measures counts."""
    space: Space
    """What is searched."""
    trials: int = Field(ge=1)
    """As in `SearchSettings`, and so are the following."""
    minutes: float | None = Field(None, gt=0)
    """No trial is begun after so long."""
    trial_minutes: float | None = Field(None, gt=0)
    """Training time of one trial at most."""
    startup: int = Field(6, ge=1)
    """Random trials first."""
    seed: int = 0
    """Of the sampler."""

    @model_validator(mode="after")
    def _fits(self) -> SearchRun:
        for run in self.runs:
            check_space(self.space, run, self.variant)
        return self

    @property
    def name(self) -> str:
        """`search of sasrec`."""
        return f"search of {self.variant}"

    def identity(self, digest: Callable[[Path], str]) -> dict[str, Any]:
        """What a trial's outcome depends on; more trials or minutes go on with those there are."""
        return {
            "search": self.variant,
            "seed": self.seed,
            "startup": self.startup,
            "trial_minutes": self.trial_minutes or [run.training.minutes for run in self.runs],
            "space": self.model_dump(mode="json")["space"],
            "runs": [run.identity(digest) for run in self.runs],
        }

    def write(self, directory: Path) -> Path:
        """Write the search file into `directory` and return its path; paths become absolute."""
        runs = [
            run.model_copy(
                update={name: path.resolve() for name, path in run.paths().items() if path}
            )
            for run in self.runs
        ]
        return write_run(self.model_copy(update={"runs": runs}), directory)


def plan_searches(
    runs: Mapping[str, Sequence[RecommendationRun]], settings: SearchSettings
) -> list[SearchRun]:
    """The searches of those variants that have a space.

    Args:
        runs: what is trained of each variant with one seed; it gets the search's seed.
        settings: budget and spaces.
    """
    budget = settings.model_dump(include={"trials", "minutes", "trial_minutes", "startup", "seed"})
    return [
        SearchRun(
            variant=variant,
            runs=[run.model_copy(update={"seed": settings.seed}) for run in of],
            space=space,
            **budget,
        )
        for variant, of in runs.items()
        if of and (space := settings.space_of(variant, of[0].model.model))
    ]


def check_space(space: Space, settings: BaseModel, name: str) -> None:
    """Refuse a path that settings have not, or a value that they would not take.

    Raises:
        ValueError: the message names the variant, the path and what was expected.
    """
    for path, values in space.items():
        where = f"search of {name!r}: {path!r}"
        if any(f"{path}.".startswith(f"{fixed}.") for fixed in FIXED):
            raise ValueError(f"{where} decides what is measured and cannot be searched")
        current = value_at(settings, path, where)
        if isinstance(values, Range):
            if isinstance(current, bool | str):
                raise ValueError(f"{where} is {current!r}, expected a list of choices for it")
            tried: Sequence[Value] = [values.low, values.high]
        else:
            tried = values
        for value in tried:
            overlay(settings, {path: value}, where)


def value_at(settings: BaseModel, path: str, where: str = "") -> Any:
    """The setting at a path.

    Raises:
        ValueError: there is none; the nearest name is suggested.
    """
    where = where or f"{path!r}"
    first, *rest = path.split(".")
    if first not in SEARCHED or not rest:
        raise ValueError(f"{where}: expected a path below {' or '.join(SEARCHED)}")
    here: Any = getattr(settings, first)
    for field in rest:
        if not isinstance(here, BaseModel):
            raise ValueError(f"{where}: there is nothing below {here!r} to search")
        fields = type(here).model_fields
        if field not in fields:
            raise ValueError(f"{where}: no setting {field!r}; {suggest(field, fields)}")
        here = getattr(here, field)
    return here


def overlay(settings: SettingsT, parameters: Mapping[str, Value], where: str = "") -> SettingsT:
    """Settings with values laid over by path.

    Raises:
        ValueError: a path is not there, or a value is refused; the message names it.
    """
    values = settings.model_dump()
    for path, value in parameters.items():
        value_at(settings, path, where)
        *above, last = path.split(".")
        inner = values
        for field in above:
            inner = inner[field]
        inner[last] = value
    try:
        return type(settings).model_validate(values)
    except ValidationError as error:
        prefix = f"{where}: " if where else ""
        raise ValueError(f"{prefix}{first_problem(error)}") from None


def as_overrides(settings: BaseModel, parameters: Mapping[str, Value]) -> dict[str, Any]:
    """Overrides of a variant from values by path: `{"training": {"learning_rate": 0.003}}`.

    What lies deeper comes whole, with the settings beside it, so that it can replace what is there.
    """
    values = overlay(settings, parameters).model_dump(mode="json")
    found: dict[str, Any] = {}
    for path in parameters:
        first, second, *_ = path.split(".")
        found.setdefault(first, {})[second] = values[first][second]
    return found
