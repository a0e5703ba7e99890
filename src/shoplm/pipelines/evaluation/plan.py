"""Which models answer which benchmarks, checked before any is asked."""

from __future__ import annotations

import logging
import re
from collections.abc import Callable, Collection, Iterable, Iterator, Mapping
from dataclasses import dataclass, field
from fnmatch import fnmatchcase
from pathlib import Path

from shoplm.pipelines.evaluation.params import EvaluationParams
from shoplm.variants import suggest

logger = logging.getLogger(__name__)

BASE, ENDPOINT, PRETRAINED, TUNED = "base", "endpoint", "pretrained", "tuned"
MERGED = "-merged"
SEEDED = re.compile(r"(?P<variant>.+)/seed-(?P<seed>\d+)(?:/tokens-(?P<tokens>\d+))?")


@dataclass
class Evaluated:
    """A model and what it is asked."""

    name: str
    """`base`, `mixed/seed-0`, `mixed/seed-0/tokens-64000`, `endpoint`."""
    variant: str
    seed: int
    tokens: int | None = None
    """Of a checkpoint: document tokens seen in continual pre-training."""
    base: Path | None = None
    """Directory of the whole model; none of an endpoint."""
    adapter: Path | None = None
    """What is added to it."""
    benchmarks: list[str] = field(default_factory=list)


class Models:
    """All models that an evaluation may name; directories are looked at only when one is used."""

    def __init__(
        self,
        base_model: Path,
        other_base_models: Mapping[str, Callable[[], Path]],
        pretrained: Mapping[str, Path],
        tuned: Mapping[str, Path],
        endpoint: bool,
        configured: Collection[str] = (),
    ) -> None:
        """Names are those of the catalog's entries.

        Args:
            base_model: its directory.
            other_base_models: by name, a function that gives a directory.
            pretrained: directories by name, `mixed/seed-0`.
            tuned: the same of tuned models and adapters.
            endpoint: is one configured?
            configured: variants of the training pipelines. One of them that is not trained is
                passed over with a warning; a name that is none of them is refused.

        Raises:
            ValueError: two models have one name, or a model has a name that means something else.
        """
        self._whole: dict[str, Callable[[], Path]] = {BASE: lambda: base_model}
        self._whole |= other_base_models
        self._whole |= {name: (lambda at=at: at) for name, at in pretrained.items()}
        self._tuned = dict(tuned)
        self._pretrained = list(pretrained)
        self._endpoint = endpoint
        self.configured = set(configured)
        self._fingerprints: dict[Path, str] = {}
        kinds = {
            "the base model": [BASE],
            "other_base_models": other_base_models,
            "pretrained_models": map(_variant, pretrained),
            "sft_models": map(_variant, tuned),
        }
        owner = dict.fromkeys([PRETRAINED, TUNED, ENDPOINT], "a word of `evaluations`")
        for kind, names in kinds.items():
            for name in dict.fromkeys(names):
                if name in owner:
                    raise ValueError(
                        f"{kind}: {name!r} is the name of a model, and {owner[name]} has it too: "
                        "give the variant another name"
                    )
                owner[name] = kind

    def names(self) -> list[str]:
        """Every model that is there."""
        return [*self._whole, *self._tuned, *([ENDPOINT] if self._endpoint else [])]

    def expand(self, wanted: str, where: str) -> list[str]:
        """The models that a name, a pattern or a word means.

        Args:
            wanted: `base`, `pretrained` or `tuned` (all of a collection, without the merged copy
                of an adapter), `endpoint`, a name with a seed or without (all its seeds), or a
                pattern such as `ladder_*`, which means merged copies only where it ends in
                `-merged`.
            where: begins the message of an error.

        Returns:
            Whole names; none of a variant that is configured and not trained yet.

        Raises:
            ValueError: there is nothing of this name.
        """
        if wanted == PRETRAINED:
            return self._pretrained
        if wanted == TUNED:
            return [name for name in self._tuned if not self._is_copy(name)]
        if wanted == ENDPOINT and not self._endpoint:
            raise ValueError(
                f"{where}: names `{ENDPOINT}`, but the catalog's `evaluated_endpoint` has no "
                "credentials"
            )
        names = self.names()
        fits = [n for n in names if wanted == n or fnmatchcase(_variant(n), wanted)]
        named = wanted.partition("/")[0].endswith(MERGED)
        found = [n for n in fits if named or not self._is_copy(n)]
        if not found and any(fnmatchcase(name, wanted) for name in self.configured):
            logger.warning("%s: %s is not trained yet, and left out", where, wanted)
        elif not found:
            known = [*names, *map(_variant, names), *self.configured, PRETRAINED, TUNED]
            raise ValueError(f"{where}: no model {wanted!r}; {suggest(wanted, known)}")
        return found

    def place(self, name: str) -> Evaluated:
        """A model by its whole name, its directories found.

        Raises:
            ValueError: it is an adapter, and the model that it was trained on is not there.
        """
        from shoplm.lm.identity import find_base, is_adapter

        variant, seed, _ = split_name(name)
        if name == ENDPOINT:
            return Evaluated(name, variant, seed)
        if name in self._whole:
            return Evaluated(name, variant, seed, base=self._whole[name]())
        directory = self._tuned[name]
        if not is_adapter(directory):
            return Evaluated(name, variant, seed, base=directory)
        base = find_base(directory, self._whole, self._fingerprints)
        return Evaluated(name, variant, seed, base=base, adapter=directory)

    def _is_copy(self, name: str) -> bool:
        variant, slash, seed = name.partition("/")
        return variant.endswith(MERGED) and (
            f"{variant.removesuffix(MERGED)}{slash}{seed}" in self._tuned
        )


def plan_models(models: Models, params: EvaluationParams) -> list[Evaluated]:
    """Every model of the evaluations, once, with all benchmarks that it is asked.

    Raises:
        ValueError: an evaluation names what is no model, `comparisons` a variant that is not
            evaluated on that benchmark, or nothing that is named has been trained.
    """
    planned: dict[str, Evaluated] = {}
    for evaluation, settings in params.used_evaluations().items():
        where = f"evaluations, {evaluation!r}"
        for name in _expand_all(models, settings.models, where):
            if name not in planned:
                planned[name] = models.place(name)
            asked = planned[name].benchmarks
            asked += [one for one in settings.benchmarks if one not in asked]
    if not planned:
        raise ValueError("evaluations: none of the models that they name is there")
    check_compared(params, planned.values(), models.configured)
    return list(planned.values())


def plan_checkpoints(
    models: Models, checkpoints: Mapping[str, Path], params: EvaluationParams
) -> list[Evaluated]:
    """The models kept along the pre-training of the curve's variants, earliest first.

    Raises:
        ValueError: the curve names a variant that is not there.
    """
    if params.curve is None:
        return []
    chosen = set(_expand_all(models, params.curve.variants, "curve"))
    planned = []
    for name, directory in checkpoints.items():
        variant, seed, tokens = split_name(name)
        if tokens is not None and f"{variant}/seed-{seed}" in chosen:
            asked = list(params.curve.benchmarks)
            planned.append(Evaluated(name, variant, seed, tokens, base=directory, benchmarks=asked))
    return sorted(planned, key=lambda model: (model.seed, model.variant, model.tokens))


def check_compared(
    params: EvaluationParams, planned: Iterable[Evaluated], configured: Collection[str] = ()
) -> None:
    """Refuse a comparison of a variant that is not evaluated on the benchmark.

    A variant that is configured and not trained yet is left to be reported.

    Raises:
        ValueError: the message names the pair, the variant and those that are evaluated.
    """
    evaluated: dict[str, set[str]] = {name: set() for name in params.used_benchmarks()}
    planned = list(planned)
    untrained = set(configured) - {model.variant for model in planned}
    for model in planned:
        for benchmark in model.benchmarks:
            evaluated[benchmark].add(model.variant)
    for one, other, benchmark in params.comparisons:
        for name in (one, other):
            known = evaluated.get(benchmark, set())
            if name not in known and name not in untrained:
                raise ValueError(
                    f"comparisons: {[one, other, benchmark]} names {name!r}, which no evaluation "
                    f"asks {benchmark}; {suggest(name, known) if known else 'none is asked it'}"
                )


def split_name(name: str) -> tuple[str, int, int | None]:
    """Variant, seed and tokens of a model's name; seed 0 where it has none."""
    named = SEEDED.fullmatch(name)
    if named is None:
        return name, 0, None
    tokens = named["tokens"]
    return named["variant"], int(named["seed"]), None if tokens is None else int(tokens)


def _expand_all(models: Models, wanted: Iterable[str], where: str) -> Iterator[str]:
    found: dict[str, None] = {}
    for word in wanted:
        found |= dict.fromkeys(models.expand(word, where))
    return iter(found)


def _variant(name: str) -> str:
    return split_name(name)[0]
