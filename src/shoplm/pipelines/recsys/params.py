"""Typed parameters of `recsys`: the namespace `sequential`."""

from __future__ import annotations

from collections.abc import Mapping
from pathlib import Path
from typing import Annotated, Any, Literal, TypeVar, get_args

from pydantic import Field, StringConstraints, model_validator

from shoplm.launch import LaunchSettings
from shoplm.metrics.settings import BootstrapSettings
from shoplm.recsys.evaluation.settings import ProtocolSettings
from shoplm.recsys.interactions.settings import MergingSettings, SplittingSettings
from shoplm.recsys.run import ModelSettings, TrainingSettings
from shoplm.recsys.search_settings import SearchSettings
from shoplm.recsys.text.settings import TitleSettings
from shoplm.variants import Settings, check_comparisons, resolve_variant, suggest

Name = Annotated[str, StringConstraints(pattern=r"^\w[\w.-]*$")]
Strategy = Literal["user", "domain", "single"]
ModelVariantT = TypeVar("ModelVariantT", bound=Settings)

RANDOM = "random"
MODELS = tuple(
    settings.model_fields["model"].default for settings in get_args(get_args(ModelSettings)[0])
)
READS_TITLES = ("frozen_text", "blend", "llm_rec")
"""Models that need a backbone."""


class InteractionSetSettings(Settings):
    """Which interactions a variant learns from and is measured on."""

    merging: MergingSettings = MergingSettings()
    """What is kept, in which order."""
    splitting: SplittingSettings = SplittingSettings()
    """What is held out."""


class RecommenderSettings(Settings):
    """What a variant may change: data, model, training and how it is started."""

    interactions: str
    """Name among `interaction_sets`."""
    split: Literal["leave_one_out", "temporal"] = "leave_one_out"
    """What is trained on and tested. Where times are not complete `temporal` is absent."""
    strategy: Strategy = "domain"
    """One sequence a user over all domains (`user`: SPIAO), one a user and domain (`domain`:
    S²PIAO), or a model of its own for each domain (`single`); the ranks of the latter stand under
    the variant's name together."""
    backbone: str | None = None
    """Text model of those that read titles: one of `text_backbones` in the catalog, `base`, or one
    among `pretrained_models`, with a seed (`mixed/seed-0`) or without: then that of the run's seed,
    or the only one there is. The others pass it by."""
    model: ModelSettings
    """Which model. A variant that names no other `model` changes single fields of it."""
    training: TrainingSettings = TrainingSettings()
    """How models that learn by gradients are trained."""
    tuned_as: str | None = None
    """The variant whose searched settings this one takes over, in place of a search of its own: so
    that variants of one model differ only in what they are to show. Both have the same `model`."""
    launch: LaunchSettings = LaunchSettings()
    """How the training program is started; it decides nothing of the result."""

    @property
    def reads_titles(self) -> bool:
        """Whether the model needs a backbone."""
        return self.model.model in READS_TITLES


class SequentialParams(Settings):
    """Recommenders to train on interactions of several domains, and how to compare them."""

    seeds: list[int] = Field([0], min_length=1)
    """Each variant is trained once a seed."""
    runs: Path
    """Folder of the work directories, from which a killed run goes on."""
    interactions: InteractionSetSettings = InteractionSetSettings()
    """What the sets of interactions have in common."""
    interaction_sets: dict[Name, dict[str, Any] | None]
    """Named overrides of `interactions`; null drops one."""
    titles: TitleSettings = TitleSettings()
    """How titles become tokens."""
    recommender: RecommenderSettings
    """What the variants have in common."""
    variants: dict[Name, dict[str, Any] | None]
    """Named overrides of `recommender`, one model a seed each; null drops one."""
    search: SearchSettings = SearchSettings()
    """Search of settings on validation cases, before training; without trials there is none."""
    ranking: ProtocolSettings = ProtocolSettings()
    """Against which candidates a target is ranked."""
    comparisons: list[tuple[str, str]] = []
    """Pairs of variants to test against each other on the same cases."""
    bootstrap: BootstrapSettings = BootstrapSettings()
    """Intervals and tests, over users."""

    @model_validator(mode="after")
    def _names_resolve(self) -> SequentialParams:
        sets, variants = self.resolved_sets(), self.resolved_variants()
        if not variants:
            raise ValueError("variants: name at least one")
        if len(set(self.seeds)) < len(self.seeds):
            raise ValueError(f"seeds: {self.seeds} names a seed twice")
        if RANDOM in variants:
            raise ValueError(f"variants: {RANDOM!r} is what chance expects, which is always there")
        for name, variant in variants.items():
            if variant.interactions not in sets:
                raise ValueError(
                    f"variants: {name!r} has interactions {variant.interactions!r}, which is none "
                    f"of `interaction_sets`; {suggest(variant.interactions, sets)}"
                )
            if variant.reads_titles and variant.backbone is None:
                raise ValueError(
                    f"variants: {name!r} is {variant.model.model!r}, which reads titles: name its "
                    "`backbone`"
                )
        self._check_tuned_as(variants)
        self._check_search(variants)
        check_comparisons(self.comparisons, variants)
        for one, other in self.comparisons:
            cases = [(variants[v].interactions, variants[v].split) for v in (one, other)]
            if cases[0] != cases[1]:
                raise ValueError(
                    f"comparisons: {[one, other]} have different test cases: {cases[0]}, {cases[1]}"
                )
        return self

    def _check_tuned_as(self, variants: dict[str, RecommenderSettings]) -> None:
        for name, variant in variants.items():
            if variant.tuned_as is None:
                continue
            where = f"variants: {name!r} is tuned_as {variant.tuned_as!r}"
            if variant.tuned_as not in variants:
                nearest = suggest(variant.tuned_as, variants)
                raise ValueError(f"{where}, which is none of the variants; {nearest}")
            other = variants[variant.tuned_as]
            if other.model.model != variant.model.model:
                raise ValueError(
                    f"{where}, which is another model: {other.model.model!r}, not "
                    f"{variant.model.model!r}"
                )
            if other.tuned_as is not None:
                raise ValueError(f"{where}, which has no search itself: name {other.tuned_as!r}")
            if name in self.search.variants:
                raise ValueError(f"{where}, and named among the variants of `search`: choose one")

    def _check_search(self, variants: dict[str, RecommenderSettings]) -> None:
        """Spaces may be there for models and variants that this environment drops."""
        models = {variant.model.model for variant in variants.values()}
        for name in self.search.spaces:
            known = {*self.variants, *MODELS}
            if name not in known:
                raise ValueError(
                    f"search: spaces names {name!r}, which is no variant and no model; "
                    f"{suggest(name, known)}"
                )
        asked = {
            name: of for name, of in self.search.spaces.items() if name in {*variants, *models}
        }
        self.search.model_copy(update={"spaces": asked}).check(variants)

    def resolved_sets(self) -> dict[str, InteractionSetSettings]:
        """The settings of each set of interactions."""
        return {
            name: resolve_variant(self.interactions, name, overrides)
            for name, overrides in self.interaction_sets.items()
            if overrides is not None
        }

    def used_sets(self) -> dict[str, InteractionSetSettings]:
        """The sets that a variant uses."""
        used = {variant.interactions for variant in self.resolved_variants().values()}
        return {name: chosen for name, chosen in self.resolved_sets().items() if name in used}

    def comparisons_in(self, interactions: str) -> list[tuple[str, str]]:
        """The pairs that are compared on a set."""
        variants = self.resolved_variants()
        return [p for p in self.comparisons if variants[p[0]].interactions == interactions]

    def resolved_variants(
        self, tuned: Mapping[str, Mapping[str, Any]] | None = None
    ) -> dict[str, RecommenderSettings]:
        """The settings of each variant.

        Args:
            tuned: what a search found, by variant, laid over the variant's own overrides and those
                of variants that are `tuned_as` it.
        """
        found = {}
        for name, overrides in self.variants.items():
            if overrides is not None:
                chosen = resolve_model_variant(self.recommender, name, overrides)
                searched = (tuned or {}).get(chosen.tuned_as or name, {})
                found[name] = resolve_model_variant(chosen, name, searched)
        return found


def resolve_model_variant(
    base: ModelVariantT, name: str, overrides: Mapping[str, Any]
) -> ModelVariantT:
    """As `resolve_variant` for settings with a `model`: fields of the same model are laid over
    those of `base`, and a variant that names another gives it whole."""
    model = overrides.get("model")
    if isinstance(model, Mapping) and model.get("model", base.model.model) == base.model.model:
        fields = {key: value for key, value in model.items() if key != "model"}
        whole = resolve_variant(base.model, f"{name}, model", fields)
        overrides = {**overrides, "model": whole.model_dump()}
    return resolve_variant(base, name, overrides)
