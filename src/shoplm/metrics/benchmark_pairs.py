"""Two models' scores on the same examples, for every pair that is compared."""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from shoplm.metrics.benchmark_figures import Spread, figures, influences, resample
from shoplm.metrics.benchmark_scores import Model, TaskScores
from shoplm.metrics.resampling import ROUNDING, has_few_patterns, iter_sign_patterns
from shoplm.metrics.settings import BootstrapSettings

Pair = tuple[str, str]
"""A variant, and the one that it is held against."""


def match_seeds(
    pairs: Sequence[Pair], models: Sequence[Model], benchmark: str
) -> dict[Pair, list[tuple[Model, Model]]]:
    """Which model of one variant is held against which of the other.

    Those of the same seed; a variant of one seed, such as a model that was not trained here, is
    held against every seed of the other.

    Raises:
        ValueError: a variant is not there, or two of several seeds have none in common.
    """
    seeds: dict[str, list[int]] = {}
    for variant, seed in models:
        seeds.setdefault(variant, []).append(seed)
    matched = {}
    for pair in dict.fromkeys(pairs):
        for name in pair:
            if name not in seeds:
                raise ValueError(
                    f"comparisons: no variant {name!r} was measured on {benchmark!r}; there are "
                    f"{sorted(seeds)}"
                )
        ours, others = (seeds[name] for name in pair)
        if len(ours) > 1 and len(others) > 1:
            both = [(seed, seed) for seed in ours if seed in others]
        else:
            both = [(a, b) for a in ours for b in others]
        if not both:
            raise ValueError(
                f"comparisons: {pair[0]!r} and {pair[1]!r} have no seed in common on {benchmark!r}"
            )
        matched[pair] = [((pair[0], a), (pair[1], b)) for a, b in both]
    return matched


@dataclass(frozen=True)
class PairedTask:
    """What the models of every pair made of the examples of a task that all of them answered."""

    task: TaskScores
    ours: NDArray[np.float64]
    """(n_parts, n_matches, n_groups) sums."""
    others: NDArray[np.float64]
    """The same shape."""
    weights: NDArray[np.float64]
    """(n_pairs, n_matches): a pair's difference is the mean over its seeds."""
    there: NDArray[np.bool_]
    """(n_pairs,): whether the pair can be compared on the task."""
    n: NDArray[np.int64]
    """(n_pairs,): examples that are compared."""

    @classmethod
    def of(
        cls, task: TaskScores, matched: Mapping[Pair, Sequence[tuple[Model, Model]]]
    ) -> PairedTask:
        """Of the pairs in `matched`, in its order."""
        place = {model: n for n, model in enumerate(task.models)}
        lost = task.cannot_be_scored()
        ours, others, weights = [], [], []
        n_matches = sum(map(len, matched.values()))
        there, n = np.zeros(len(matched), bool), np.zeros(len(matched), np.int64)
        for row, matches in enumerate(matched.values()):
            start = len(ours)
            known = all(model in place for match in matches for model in match)
            used = [place[model] for match in matches for model in match] if known else []
            scored = task.scored[used].all(axis=0) & known
            there[row] = known and not lost[used].any() and scored.any()
            n[row] = scored.sum()
            for one, other in matches:
                for models, model in ((ours, one), (others, other)):
                    models.append(task.parts[:, place.get(model, 0)] * scored)
            weights.append(np.zeros(n_matches))
            weights[-1][start : len(ours)] = 1 / len(matches)
        summed = [task.summed(np.stack(parts, axis=1)) for parts in (ours, others)]
        return cls(task, *summed, np.stack(weights), there, n)

    def differences(self) -> NDArray[np.float64]:
        """(n_matches,), nan without any example."""
        one, other = (figures(sums.sum(axis=-1))[0] for sums in (self.ours, self.others))
        return one - other

    def resampled(self, bootstrap: BootstrapSettings) -> Spread:
        """Differences (1, n_pairs) with groups resampled, a group's answers of both together."""
        both = resample(np.concatenate([self.ours, self.others], axis=1), bootstrap)
        signed = np.concatenate([self.weights, -self.weights], axis=1)
        first = Spread(*(np.nan_to_num(values[..., :1, :]) for values in both))
        return first.combined(signed)

    def influences(self) -> NDArray[np.float64]:
        """(n_pairs, n_groups): what a group moves a difference by."""
        return self.weights @ (influences(self.ours) - influences(self.others))

    def swapped(self, signs: NDArray[np.float64]) -> NDArray[np.float64]:
        """(n_patterns, n_pairs): the differences were both models' answers to a group exchanged.

        Args:
            signs: (n_patterns, n_groups), -1 where they are.
        """
        gap = self.ours - self.others
        if not self.task.is_f1:
            number = np.maximum(self.ours[1].sum(axis=-1), 1)
            return signs @ (self.weights @ (gap[0] / number[:, np.newaxis])).T
        n_parts, n_matches, n_groups = gap.shape
        middle = (self.ours + self.others).sum(axis=-1)[..., np.newaxis] / 2
        moved = (signs @ gap.reshape(-1, n_groups).T / 2).T.reshape(n_parts, n_matches, -1)
        return ((figures(middle + moved) - figures(middle - moved))[0]).T @ self.weights.T


def randomisation_test(
    tasks: Sequence[PairedTask], shares: NDArray[np.float64], bootstrap: BootstrapSettings
) -> NDArray[np.float64]:
    """Two-sided p-values (n_pairs,) of weighted sums of differences over tasks.

    Approximate randomisation: were two models alike, their answers to a group of examples could as
    well have been the other's, in all tasks that hold the group. p is the share of such exchanges
    that set the models at least as far apart; the observed one counts among them. With few groups
    all exchanges are tried and p is exact.

    Args:
        tasks: of the same pairs.
        shares: (n_tasks, n_pairs).
        bootstrap: number of exchanges and seed.

    Noreen, "Computer-Intensive Methods for Testing Hypotheses", 1989; Yeh, COLING 2000.
    """
    groups = np.unique(np.concatenate([paired.task.groups for paired in tasks]))
    places = [np.searchsorted(groups, paired.task.groups) for paired in tasks]

    def apart(signs: NDArray[np.float64]) -> NDArray[np.float64]:
        parts = _each(tasks, places, shares, signs)
        return np.abs(sum(parts))

    least = apart(np.ones((1, len(groups)))) - 10 * ROUNDING
    extreme = sum(
        (apart(signs) >= least).sum(axis=0) for signs in iter_sign_patterns(len(groups), bootstrap)
    )
    if has_few_patterns(len(groups), bootstrap):
        return extreme / 2 ** len(groups)
    return (extreme + 1) / (bootstrap.samples + 1)


def _each(
    tasks: Sequence[PairedTask],
    places: Sequence[NDArray[np.int64]],
    shares: NDArray[np.float64],
    signs: NDArray[np.float64],
) -> Iterator[NDArray[np.float64]]:
    for paired, place, share in zip(tasks, places, shares, strict=True):
        of_task = signs if len(place) == signs.shape[1] else signs[:, place]
        yield paired.swapped(of_task) * share
