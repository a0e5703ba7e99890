"""What a reader must know before the figures."""

from __future__ import annotations

from collections.abc import Iterable

import pandas as pd

from shoplm.reporting.benchmark_cells import ALL_SEEDS, BASELINES, title_of

NAMED = 4
"""At most so many names in a sentence."""
PROBLEMS = {
    "too_long": "longer than the window", "empty_choice": "with a choice of no token",
    "endpoint": "without an answer from the endpoint",
}  # fmt: skip
REASONS = {
    "duplicate": "the same as another row",
    "cannot_be_scored": "whose right answer would not score fully",
    "no_gold": "without a right answer", "several_correct_answers": "with several right answers",
    "key_of_a_shot": "about the same thing as an example shown before questions",
    "empty_field": "with an empty field", "repeated": "asking the same again",
    "written_by_a_model": "whose answer a model wrote",
    "trained_key": "about something that is trained on",
}  # fmt: skip
"""Of rejected rows, in plain words."""


def list_warnings(
    results: pd.DataFrame,
    few: int,
    rejected: pd.DataFrame | None = None,
    predictions: pd.DataFrame | None = None,
    corpus_statistics: pd.DataFrame | None = None,
    problems: pd.DataFrame | None = None,
) -> list[str]:
    """Sentences, the gravest first; none where there is nothing to warn of.

    Args:
        results: see `fill_tables`.
        few: a figure from fewer examples is one to warn of.
        rejected: benchmark, task, reason.
        predictions: see `shoplm.tasks.evaluation.predictions`.
        corpus_statistics: has `contaminated`.
        problems: kind, benchmark, task, variant, detail (`benchmark_problems`).
    """
    tasks = results[(results["level"] == "task") & ~results["variant"].isin(BASELINES)]
    said = [
        _trained_on(problems),
        _absent(results),
        _partial(results),
        _few(tasks, few),
        _not_compared(problems),
        _one_seed(tasks),
        _unparsed(tasks),
        _unscored(tasks),
        _problems(predictions),
        _shots_dropped(predictions),
        _rejected(rejected),
        _contamination(corpus_statistics),
    ]
    return [sentence for sentence in said if sentence]


def _absent(results: pd.DataFrame) -> str:
    tasks = results[results["level"] == "task"]
    has_data = tasks["status"].ne("absent").groupby([tasks["benchmark"], tasks["task"]]).any()
    absent = has_data.index[~has_data].to_frame(index=False)
    if absent.empty:
        return ""
    by_benchmark = absent.groupby("benchmark", sort=False)["task"].agg(list)
    parts = [f"{title_of(name)}: {_names(tasks)}" for name, tasks in by_benchmark.items()]
    return f"There is no data for {_count(len(absent), 'task')} ({'; '.join(parts)})."


def _trained_on(problems: pd.DataFrame | None) -> str:
    if problems is None:
        return ""
    found = problems[problems["kind"] == "trained_on_held_out"]
    if found.empty:
        return ""
    of = ", ".join(map(title_of, found["benchmark"].unique()))
    return (
        f"{_names(found['variant'].unique())} were trained on tasks that {of} holds out "
        f"({_names(found['task'].unique())}): their scores there do not say what a new task gets."
    )


def _not_compared(problems: pd.DataFrame | None) -> str:
    if problems is None:
        return ""
    found = problems[problems["kind"] == "not_compared"]
    parts = [
        f"{title_of(row['benchmark'])}, {row['variant']} {row['detail']}"
        for row in found.to_dict("records")
    ]
    return f"Not compared: {'; '.join(parts)}." if parts else ""


def _partial(results: pd.DataFrame) -> str:
    of = results[(results["status"] == "partial") & (results["level"] != "task")]
    names = [
        title_of(row["benchmark"])
        if row["level"] == "benchmark"
        else f"{title_of(row['benchmark'])} {row['task']}"
        for row in of.to_dict("records")
    ]
    if not names:
        return ""
    return (
        f"Means over {_names(dict.fromkeys(names))} are partial (marked *): they leave out tasks "
        "or answers, since there are none, and stand beside no full mean."
    )


def _few(tasks: pd.DataFrame, few: int) -> str:
    n = tasks[tasks["value"].notna()].groupby(["benchmark", "task"])["n"].max()
    small = n[n < few]
    if small.empty:
        return ""
    return (
        f"{len(small)} of {_count(len(n), 'task')} have fewer than {few} examples (the least: "
        f"{small.min():.0f}): differences there are mostly chance, whatever their size."
    )


def _one_seed(tasks: pd.DataFrame) -> str:
    alone = tasks[tasks["seed"].astype(str) != ALL_SEEDS]
    if alone.empty or alone.groupby("variant")["seed"].nunique().max() > 1:
        return ""
    return (
        "Every model was trained with one seed: how much another run would move a figure is not "
        "known, and intervals do not say."
    )


def _unparsed(tasks: pd.DataFrame) -> str:
    free = tasks[(tasks["decoding"] == "free") & (tasks["n"] > 0)]
    if not free["n_unparsed"].sum():
        return ""
    by_variant = free.groupby("variant", sort=False)[["n_unparsed", "n"]].sum()
    share = by_variant["n_unparsed"] / by_variant["n"]
    total = by_variant["n_unparsed"].sum() / by_variant["n"].sum()
    return (
        f"{total:.0%} of freely written answers could not be understood (most: "
        f"{share.idxmax()}, {share.max():.0%}); they count as wrong."
    )


def _unscored(tasks: pd.DataFrame) -> str:
    names = tasks.loc[tasks["status"] == "unscored", "task"].unique()
    return f"There is no scorer here for {_names(names)}: they have no score." if len(names) else ""


def _problems(predictions: pd.DataFrame | None) -> str:
    if predictions is None:
        return ""
    counts = predictions["problem"].dropna().value_counts()
    if counts.empty:
        return ""
    parts = [f"{PROBLEMS.get(name, name)} {n:,}" for name, n in counts.items()]
    return (
        f"Questions that could not be answered: {', '.join(parts)}. Those of an endpoint "
        "that gave no answer have no score; others count as wrong."
    )


def _shots_dropped(predictions: pd.DataFrame | None) -> str:
    if predictions is None:
        return ""
    models = predictions[~predictions["variant"].isin(BASELINES)]
    dropped = models["n_shots_left"] < models["n_shots"]
    if not dropped.any():
        return ""
    names = models.loc[dropped, "task"].unique()
    return (
        f"{dropped.mean():.0%} of prompts were longer than the window and lost examples from the "
        f"left ({_names(names)})."
    )


def _rejected(rejected: pd.DataFrame | None) -> str:
    if rejected is None or rejected.empty:
        return ""
    counts = rejected["reason"].value_counts()
    parts = [f"{REASONS.get(reason, reason)} {n:,}" for reason, n in counts.items()]
    return f"{_count(len(rejected), 'benchmark row')} could not be used: {', '.join(parts)}."


def _contamination(statistics: pd.DataFrame | None) -> str:
    if statistics is None:
        return (
            "Whether the training text shows benchmark text is not known here: there are no corpus "
            "statistics."
        )
    found = int(statistics["contaminated"].sum())
    if not found:
        return ""
    return (
        f"{_count(found, 'record')} of the corpus showed text of a benchmark and "
        f"{'was' if found == 1 else 'were'} left out of training."
    )


def _names(names: Iterable[str]) -> str:
    names = list(names)
    more = f" and {len(names) - NAMED} more" if len(names) > NAMED else ""
    return ", ".join(map(str, names[:NAMED])) + more


def _count(n: int, what: str) -> str:
    return f"{n:,} {what}{'' if n == 1 else 's'}"
