"""Typed parameters of `recsys`: the namespace `funnel`."""

from __future__ import annotations

from pathlib import Path
from typing import Any

from pydantic import Field, model_validator

from shoplm.funnel.run import ModelSettings, TrainingSettings
from shoplm.funnel.settings import FeatureSplitSettings, LogSettings
from shoplm.launch import LaunchSettings
from shoplm.metrics.funnel_settings import FunnelMetricSettings
from shoplm.pipelines.recsys.params import Name, resolve_model_variant
from shoplm.variants import Settings, check_comparisons, resolve_variants, suggest

ORDERS = ("popular_first", "random")
"""What every table has beside the variants."""


class FunnelVariantSettings(Settings):
    """What a variant may change: log, tasks, model, training, and what depends on the region."""

    log: str
    """Name among `logs`."""
    tasks: list[str] = []
    """Tasks of the log that it learns, in their order; none: all of them."""
    model: ModelSettings
    """Which model. A variant that names no other `model` changes single fields of it."""
    training: TrainingSettings = TrainingSettings()
    """How models that learn by gradients are trained."""
    feature_split: FeatureSplitSettings = FeatureSplitSettings()
    """Which features MD maps. Distances are measured once for all variants, with the `bins` and
    `min_rows` that they have in common."""
    initial: str | None = None
    """A variant of the same model and log that learns fewer of its tasks, the first ones: training
    starts from its weights, of the same seed."""
    frozen: bool = False
    """Whether those weights stay as they are, so that only what is new is learned."""
    launch: LaunchSettings = LaunchSettings()
    """How the training program is started; it decides nothing of the result."""

    @property
    def has_md(self) -> bool:
        """Whether MD stands in front."""
        return getattr(self.model, "md", False)


class FunnelParams(Settings):
    """Models of a funnel to train on search logs, and how to compare them."""

    seeds: list[int] = Field([0], min_length=1)
    """Each variant is trained once a seed."""
    runs: Path
    """Folder of the work directories, from which a killed run goes on."""
    log: LogSettings = LogSettings()
    """What the logs have in common."""
    logs: dict[Name, dict[str, Any] | None]
    """Named overrides of `log`, for logs that `search_logs` of the catalog has under the same name;
    null drops one."""
    variant: FunnelVariantSettings
    """What the variants have in common."""
    variants: dict[Name, dict[str, Any] | None]
    """Named overrides of `variant`, one model a seed each; null drops one."""
    metrics: FunnelMetricSettings = FunnelMetricSettings()
    """How predictions are measured."""
    comparisons: list[tuple[str, str]] = []
    """Pairs of variants of one log to test against each other; one may be `popular_first` or
    `random`. Variants that differ in nothing but MD are tested in any case."""

    @model_validator(mode="after")
    def _names_resolve(self) -> FunnelParams:
        logs, variants = self.resolved_logs(), self.resolved_variants()
        if not variants:
            raise ValueError("variants: name at least one")
        if len(set(self.seeds)) < len(self.seeds):
            raise ValueError(f"seeds: {self.seeds} names a seed twice")
        for name, variant in variants.items():
            where = f"variants: {name!r}"
            if name in ORDERS:
                raise ValueError(f"{where} is an order that every table has; name it otherwise")
            if variant.log not in logs:
                raise ValueError(
                    f"{where} has log {variant.log!r}, which is none of `logs`; "
                    f"{suggest(variant.log, logs)}"
                )
            tasks = logs[variant.log].tasks
            for task in variant.tasks:
                if task not in tasks:
                    raise ValueError(f"{where}: no task {task!r}; {suggest(task, tasks)}")
            if variant.tasks != [task for task in tasks if task in variant.tasks]:
                raise ValueError(f"{where}: tasks {variant.tasks} are no order of {tasks}")
            common = self.variant.feature_split
            for field in ("bins", "min_rows"):
                if getattr(variant.feature_split, field) != getattr(common, field):
                    raise ValueError(
                        f"{where}: feature_split.{field} is {getattr(variant.feature_split, field)}"
                        f", but distances are measured for all with {getattr(common, field)}"
                    )
            self._check_initial(where, variant, variants)
        self._check_comparisons(variants)
        return self

    def _check_initial(
        self,
        where: str,
        variant: FunnelVariantSettings,
        variants: dict[str, FunnelVariantSettings],
    ) -> None:
        if variant.initial is None:
            if variant.frozen:
                raise ValueError(f"{where} is frozen, but has no `initial` whose weights could be")
            return
        where = f"{where} has initial {variant.initial!r}"
        if variant.initial not in variants:
            raise ValueError(
                f"{where}, which is none of the variants; {suggest(variant.initial, variants)}"
            )
        first = variants[variant.initial]
        if first.initial is not None:
            raise ValueError(f"{where}, which has an `initial` itself; expected one without")
        for field, one, other in (
            ("log", variant.log, first.log),
            ("model", variant.model.model, first.model.model),
        ):
            if one != other:
                raise ValueError(f"{where}, which is of another {field}: {other!r}, not {one!r}")
        if variant.model.model == "gbm":
            raise ValueError(f"{where}, but trees cannot start from other trees")
        own, known = self.tasks_of(variant), self.tasks_of(first)
        if not (len(known) < len(own) and own[: len(known)] == known):
            raise ValueError(
                f"{where}, which learns {', '.join(known)}; expected fewer tasks, the first of "
                f"{', '.join(own)}"
            )

    def _check_comparisons(self, variants: dict[str, FunnelVariantSettings]) -> None:
        check_comparisons(self.comparisons, [*variants, *ORDERS])
        for pair in self.comparisons:
            logs = [variants[name].log for name in pair if name in variants]
            if not logs:
                raise ValueError(f"comparisons: {list(pair)} names no variant")
            if len(set(logs)) > 1:
                raise ValueError(f"comparisons: {list(pair)} are of different logs: {logs}")

    def tasks_of(self, variant: FunnelVariantSettings) -> list[str]:
        """What a variant learns."""
        return variant.tasks or self.resolved_logs()[variant.log].tasks

    def resolved_logs(self) -> dict[str, LogSettings]:
        """The settings of each log."""
        return resolve_variants(self.log, self.logs, "log")

    def used_logs(self) -> dict[str, LogSettings]:
        """The logs that a variant uses."""
        used = {variant.log for variant in self.resolved_variants().values()}
        return {name: chosen for name, chosen in self.resolved_logs().items() if name in used}

    def resolved_variants(self) -> dict[str, FunnelVariantSettings]:
        """The settings of each variant."""
        return {
            name: resolve_model_variant(self.variant, name, overrides)
            for name, overrides in self.variants.items()
            if overrides is not None
        }
