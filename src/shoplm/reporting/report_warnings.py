"""What a reader must know before the figures."""

from __future__ import annotations

from collections.abc import Iterable

import pandas as pd

from shoplm.reporting.benchmark_cells import ALL_SEEDS, BASELINES, Cells

NAMED = 4
"""At most so many names in a sentence."""


def list_warnings(
    results: pd.DataFrame,
    few: int,
    sources: pd.DataFrame | None = None,
    rejected: pd.DataFrame | None = None,
    predictions: pd.DataFrame | None = None,
    corpus_statistics: pd.DataFrame | None = None,
    problems: pd.DataFrame | None = None,
) -> list[str]:
    """Sentences, the gravest first; none where there is nothing to warn of.

    Args:
        results: see `fill_tables`.
        few: a figure from fewer examples is one to warn of.
        sources: benchmark, task, status (`benchmark_sources`).
        rejected: benchmark, task, reason.
        predictions: see `shoplm.tasks.evaluation.predictions`.
        corpus_statistics: has `contaminated`.
        problems: kind, benchmark, task, variant, detail (`benchmark_problems`).
    """
    tasks = results[(results["level"] == "task") & ~results["variant"].isin(BASELINES)]
    said = [
        _trained_on(problems),
        _absent(results, sources),
        _partial(results),
        _few(tasks, few),
        _no_better(results),
        _one_seed(tasks),
        _unparsed(tasks),
        _unscored(tasks, sources),
        _problems(predictions),
        _shots_dropped(predictions),
        _rejected(rejected),
        _contamination(corpus_statistics),
    ]
    return [sentence for sentence in said if sentence]


def _absent(results: pd.DataFrame, sources: pd.DataFrame | None) -> str:
    if sources is not None:
        absent = sources.loc[sources["status"] == "absent", ["benchmark", "task"]]
    elif "status" in results:
        rows = results[(results["level"] == "task") & (results["status"] == "absent")]
        absent = rows[["benchmark", "task"]].drop_duplicates()
    else:
        return ""
    if absent.empty:
        return ""
    by_benchmark = absent.groupby("benchmark", sort=False)["task"].agg(list)
    parts = [f"{name}: {_names(tasks)}" for name, tasks in by_benchmark.items()]
    return f"There is no data for {_count(len(absent), 'task')} ({'; '.join(parts)})."


def _trained_on(problems: pd.DataFrame | None) -> str:
    if problems is None:
        return ""
    found = problems[problems["kind"] == "trained_on_held_out"]
    if found.empty:
        return ""
    return (
        f"{_names(found['variant'].unique())} were trained on tasks that a benchmark holds out "
        f"({_names(found['task'].unique())})."
    )


def _partial(results: pd.DataFrame) -> str:
    if "status" not in results:
        return ""
    of = results[(results["status"] == "partial") & (results["level"] != "task")]
    names = [
        row["benchmark"] if row["level"] == "benchmark" else f"{row['benchmark']} {row['task']}"
        for row in of.to_dict("records")
    ]
    if not names:
        return ""
    return (
        f"Means over {_names(dict.fromkeys(names))} are partial (marked *): they leave out the "
        "tasks without data, and stand beside no full mean."
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


def _no_better(results: pd.DataFrame) -> str:
    cells = Cells(results)
    lost = []
    for benchmark in cells.benchmarks:
        figures = {v: cells.find(v, benchmark, "benchmark") for v in cells.variants}
        figures = {
            v: f for v, f in figures.items() if f is not None and not pd.isna(f["value"])
        }  # fmt: skip
        guesses = [f["value"] for v, f in figures.items() if v in BASELINES]
        models = [f for v, f in figures.items() if v not in BASELINES]
        if not (guesses and models):
            continue
        ends = [f["value"] if pd.isna(f["ci_low"]) else f["ci_low"] for f in models]
        if max(ends) <= max(guesses):
            lost.append(benchmark)
    if not lost:
        return ""
    return f"On {_names(lost)} no model is above both baselines by more than its interval."


def _one_seed(tasks: pd.DataFrame) -> str:
    alone = tasks[tasks["seed"].astype(str) != ALL_SEEDS]
    if alone.empty or alone.groupby("variant")["seed"].nunique().max() > 1:
        return ""
    return (
        "Every model was trained with one seed: how much another run would move a figure is not "
        "known, and intervals do not say."
    )


def _unparsed(tasks: pd.DataFrame) -> str:
    free = tasks
    if "decoding" in tasks:
        free = tasks[tasks["decoding"] == "free"]
    free = free[free["n"].fillna(0) > 0]
    if "n_unparsed" not in free or not free["n_unparsed"].fillna(0).sum():
        return ""
    by_variant = free.groupby("variant", sort=False)[["n_unparsed", "n"]].sum()
    share = by_variant["n_unparsed"] / by_variant["n"]
    total = by_variant["n_unparsed"].sum() / by_variant["n"].sum()
    return (
        f"{total:.0%} of freely written answers could not be understood (most: "
        f"{share.idxmax()}, {share.max():.0%}); they count as wrong."
    )


def _unscored(tasks: pd.DataFrame, sources: pd.DataFrame | None) -> str:
    absent = set()
    if sources is not None:
        absent = set(sources.loc[sources["status"] == "absent", "task"])
    by_task = tasks.groupby("task", sort=False)["value"].count()
    has_status = "status" in tasks
    if has_status:
        absent |= set(tasks.loc[tasks["status"] == "absent", "task"])
    names = [task for task, count in by_task.items() if count == 0 and task not in absent]
    return f"{_names(names)} could not be scored here." if names else ""


def _problems(predictions: pd.DataFrame | None) -> str:
    if predictions is None or "problem" not in predictions:
        return ""
    counts = predictions["problem"].dropna().value_counts()
    if counts.empty:
        return ""
    parts = [f"{name} {n:,}" for name, n in counts.items()]
    return (
        f"Questions that could not be answered: {', '.join(parts)}. Those of an endpoint "
        "that gave no answer have no score; others count as wrong."
    )


def _shots_dropped(predictions: pd.DataFrame | None) -> str:
    if predictions is None or not {"n_shots", "n_shots_left"} <= set(predictions):
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
    parts = [f"{reason} {n:,}" for reason, n in counts.items()]
    return f"{_count(len(rejected), 'benchmark row')} could not be used: {', '.join(parts)}."


def _contamination(statistics: pd.DataFrame | None) -> str:
    if statistics is None or "contaminated" not in statistics:
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
