"""Predictions as arrays: what every model scored on every example of a task."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import dataclass

import numpy as np
import pandas as pd
from numpy.typing import NDArray

from shoplm.metrics.resampling import ROUNDING

ALL_SEEDS = "all"
CONSTRAINED = "constrained"
MICRO_F1 = "micro_f1"
COUNTS = ("tp", "predicted", "gold_items")
TASK, GROUP, BENCHMARK, PART = "task", "group", "benchmark", "part"
"""Levels of a figure; parts are precision and recall beside the F1 of a task."""
COMPLETE, PARTIAL, UNSCORED, ABSENT = "complete", "partial", "unscored", "absent"
"""Status: `partial` where answers or tasks are missing, `unscored` where something that is not
here must score the answers."""
WHOLE, MEAN = "all", "mean"
KEYS = ["benchmark", "task", "decoding"]
MODEL = ["variant", "seed"]
READ = [*KEYS, *MODEL, "example_id", "group", "version", "metric", "score", "parsed", "problem",
        *COUNTS]  # fmt: skip
"""Columns of the table of predictions that are read here."""

Model = tuple[str, int]
"""Variant and seed."""
ModelRow = tuple[str, str, list[int]]
"""Variant, seed as text or `ALL_SEEDS`, and the places of the models that it averages."""


@dataclass(frozen=True)
class TaskScores:
    """One task asked in one way. Examples are sorted, those of one group beside each other."""

    benchmark: str
    task: str
    decoding: str
    metric: str
    models: list[Model]
    examples: NDArray[np.object_]
    """(n_examples,): ids."""
    groups: NDArray[np.object_]
    """(n_groups,): names of what is resampled as one."""
    starts: NDArray[np.int64]
    """(n_groups,): the place of a group's first example."""
    parts: NDArray[np.float64]
    """(n_parts, n_models, n_examples): score and 1, or true positives, predicted and gold items;
    0 where there is no score."""
    scored: NDArray[np.bool_]
    """(n_models, n_examples)."""
    parsed: NDArray[np.bool_]
    """(n_models, n_examples)."""
    unanswered: NDArray[np.bool_]
    """(n_models, n_examples): no score, since the model could not be asked."""
    problems: list[str]
    """Of each model, why: `endpoint 5`."""

    @property
    def is_f1(self) -> bool:
        """Whether the figure is F1 of pooled counts."""
        return len(self.parts) == len(COUNTS)

    def cannot_be_scored(self) -> NDArray[np.bool_]:
        """(n_models,): answers are there that something absent must score; a mean of the others
        would be of the easy ones alone."""
        lost = ~self.scored & ~self.unanswered
        return lost.any(axis=1) | ~self.scored.any(axis=1)

    def summed(self, parts: NDArray[np.float64]) -> NDArray[np.float64]:
        """(..., n_examples) to (..., n_groups)."""
        return np.add.reduceat(parts, self.starts, axis=-1)


def read_scores(predictions: pd.DataFrame) -> list[TaskScores]:
    """Predictions of each benchmark, task and decoding, sorted by name.

    Raises:
        ValueError: a column is missing, a score is not from 0 to 1, an example is answered twice by
            a model, or models were measured on other examples, other groups, or another version of
            a task.
    """
    missing = [column for column in READ if column not in predictions and column != "problem"]
    if missing:
        raise ValueError(f"predictions: no column {missing[0]!r}; expected {READ}")
    if predictions.empty:
        return []
    rows = predictions.reindex(columns=READ).reset_index(drop=True)
    for column in (*KEYS, "variant", "example_id"):
        if rows[column].isna().any():
            raise ValueError(f"predictions: row {rows[column].isna().idxmax()} has no {column}")
    rows["group"] = rows["group"].where(rows["group"].notna(), "\0" + rows["example_id"])
    rows["problem"] = rows["problem"].where(rows["problem"] != "")
    models = sorted({(str(v), int(s)) for v, s in rows[MODEL].drop_duplicates().to_numpy()})
    pairs = pd.MultiIndex.from_tuples(models)
    rows["model"] = pairs.get_indexer(pd.MultiIndex.from_frame(rows[MODEL]))
    for column in ("example_id", "group", "version", "metric"):  # compared by code: far faster
        rows[column] = rows[column].astype("category")
    rows = rows.drop(columns=MODEL)
    return [_task(place, of, models) for place, of in rows.groupby(KEYS, sort=True)]


def model_rows(models: Sequence[Model]) -> list[ModelRow]:
    """A row for each variant over all its seeds, and for each of them."""
    rows: list[ModelRow] = []
    for variant in sorted({variant for variant, _ in models}):
        places = [n for n, model in enumerate(models) if model[0] == variant]
        rows.append((variant, ALL_SEEDS, places))
        rows += [(variant, str(models[n][1]), [n]) for n in places]
    return rows


def by_decoding(tasks: Sequence[TaskScores]) -> Iterator[tuple[str | None, dict[str, TaskScores]]]:
    """What a mean over the tasks of a benchmark is taken of, for each way of asking.

    Tasks whose answers are free text are asked in one way alone, so they count in both means. A
    mean of free answers is left out where tasks with choices were not asked for them.
    """
    if not tasks:
        yield None, {}
    ways: dict[str, dict[str, TaskScores]] = {}
    for task in tasks:
        ways.setdefault(task.task, {})[task.decoding] = task
    decodings = sorted({task.decoding for task in tasks})
    for decoding in decodings:
        if decoding != CONSTRAINED and CONSTRAINED in decodings:
            if all(decoding in of for of in ways.values()):
                yield decoding, {name: of[decoding] for name, of in ways.items()}
        else:
            yield (
                decoding,
                {name: of.get(decoding) or next(iter(of.values())) for name, of in ways.items()},
            )


def _task(place: tuple[str, str, str], rows: pd.DataFrame, everyone: list[Model]) -> TaskScores:
    name = f"{place[0]}, {place[1]}, {place[2]}"
    present, model = np.unique(rows["model"].to_numpy(), return_inverse=True)
    models = [everyone[n] for n in present]
    about = rows[["example_id", "group", "version", "metric"]].drop_duplicates()
    if about["version"].nunique(dropna=False) > 1:
        versions = about["version"].drop_duplicates().iloc[:2]
        first, other = rows.drop_duplicates("version")["model"].iloc[:2]
        raise ValueError(
            f"predictions: {name}: {everyone[first][0]!r} answered version {versions.iloc[0]} of "
            f"the task and {everyone[other][0]!r} version {versions.iloc[1]}; models are compared "
            "on the same version"
        )
    if (twice := about["example_id"].duplicated()).any():
        example = about.loc[twice, "example_id"].iloc[0]
        raise ValueError(f"predictions: {name}: example {example!r} has two groups or metrics")
    about = about.sort_values(["group", "example_id"])
    ids = about["example_id"].to_numpy(object)
    of_code = np.zeros(len(about["example_id"].cat.categories), np.int64)
    of_code[about["example_id"].cat.codes] = np.arange(len(about))
    example = of_code[rows["example_id"].cat.codes]
    shape = (len(models), len(ids))
    seen = np.bincount(model * shape[1] + example, minlength=shape[0] * shape[1]).reshape(shape)
    _check_same(name, seen, models, ids)
    at = (model, example)
    metrics = sorted(about["metric"].unique())
    parts, scored = _parts(name, rows, metrics, at, shape, everyone)
    parsed, asked = np.zeros(shape, bool), np.ones(shape, bool)
    parsed[at] = rows["parsed"].fillna(False).to_numpy(bool)
    asked[at] = rows["problem"].isna().to_numpy()
    lost = (rows["problem"].notna() & ~scored[at]).to_numpy()
    told = rows["problem"][lost].groupby(model[lost]).value_counts()
    problems = [
        ", ".join(f"{p} {c}" for p, c in told[n].items()) if n in told.index else ""
        for n in range(len(models))
    ]
    groups, starts = np.unique(about["group"].to_numpy(object), return_index=True)
    return TaskScores(
        *place, "+".join(metrics), models, ids, groups, starts, parts, scored, parsed,
        ~scored & ~asked, problems,
    )  # fmt: skip


def _parts(
    name: str,
    rows: pd.DataFrame,
    metrics: list[str],
    at: tuple[NDArray[np.int64], NDArray[np.int64]],
    shape: tuple[int, int],
    everyone: list[Model],
) -> tuple[NDArray[np.float64], NDArray[np.bool_]]:
    if MICRO_F1 in metrics and len(metrics) > 1:
        raise ValueError(f"predictions: {name}: {metrics} do not pool into one figure")
    columns = COUNTS if metrics == [MICRO_F1] else ("score",)
    values = rows[list(columns)].astype(float).to_numpy()
    known = ~np.isnan(values).any(axis=1)
    first = values[:, 0]
    most = 1 + ROUNDING if columns == ("score",) else values[:, 1:].min(axis=1)
    with np.errstate(invalid="ignore"):
        bad = np.isinf(values).any(axis=1) | (known & ((values < 0).any(axis=1) | (first > most)))
    if bad.any():
        place = bad.argmax()
        expected = (
            "a score from 0 to 1" if columns == ("score",)
            else "finite counts not below 0, and no more right than predicted or gold"
        )  # fmt: skip
        raise ValueError(
            f"predictions: {name}: example {rows['example_id'].iloc[place]!r} of "
            f"{everyone[rows['model'].iloc[place]][0]!r} has {values[place].tolist()} as "
            f"{list(columns)}, expected {expected}"
        )
    scored = np.zeros(shape, bool)
    scored[at] = known
    parts = np.zeros((max(len(columns), 2), *shape))
    for part, column in zip(parts, values.T, strict=False):
        part[at] = np.where(known, column, 0.0)
    if columns == ("score",):
        parts[0] = np.minimum(parts[0], 1)  # a cosine is 1 but for rounding
        parts[1] = scored
    return parts, scored


def _check_same(
    name: str, seen: NDArray[np.int64], models: list[Model], ids: NDArray[np.object_]
) -> None:
    """Every model answered every example once."""
    if (seen == 1).all():
        return
    model, example = np.argwhere(seen != 1)[0]
    variant, seed = models[model]
    if seen[model, example] > 1:
        raise ValueError(
            f"predictions: {name}: {variant!r}, seed {seed}, answered {ids[example]!r} twice"
        )
    other, of = models[int(seen[:, example].argmax())]
    raise ValueError(
        f"predictions: {name}: {variant!r}, seed {seed}, has no answer to example "
        f"{ids[example]!r}, which {other!r}, seed {of}, has; models are compared on the same "
        "examples"
    )
