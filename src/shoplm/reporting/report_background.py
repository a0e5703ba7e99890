"""What stands behind the scores: training, corpus, instructions, benchmarks, cost, versions."""

from __future__ import annotations

import pandas as pd

from shoplm.reporting.benchmark_cells import ALL_SEEDS, BASELINES, title_of
from shoplm.reporting.page import Section
from shoplm.reporting.report_data import ReportData
from shoplm.reporting.runs import list_runs

KEPT = "all"
"""The gate whose `n_out` counts the instructions kept."""


def tabulate_training(data: ReportData) -> pd.DataFrame | None:
    """A row a trained variant: start, data, tokens, steps, seeds; None where nothing is known."""
    parts = []
    if data.pretrain_metrics is not None and len(data.pretrain_metrics):
        runs = _runs(data.pretrain_metrics).assign(
            **{"started from": "base", "rank": "all weights"}
        )
        runs["trained on"] = [_mixture(data, variant) for variant in runs["variant"]]
        parts.append(runs)
    if data.sft_metrics is not None and len(data.sft_metrics):
        runs = _runs(data.sft_metrics)
        about = pd.DataFrame({"variant": runs["variant"]})
        if data.sft_variants is not None:
            about = about.merge(data.sft_variants, on="variant", how="left")
            runs["started from"] = about["model"].fillna("").to_numpy()
            runs["rank"] = [
                "all weights" if pd.isna(rank) else f"rank {rank:.0f}" for rank in about["rank"]
            ]
            runs["trained on"] = [
                f"{row['examples']:,.0f} instructions of {row['tasks']:.0f} tasks"
                for row in about.to_dict("records")
            ]
        parts.append(runs)
    if not parts:
        return None
    columns = ["variant", "started from", "trained on", "rank", "tokens", "steps", "seeds"]
    table = pd.concat(parts, ignore_index=True)
    return table[[c for c in columns if c in table]].fillna("")


def background_sections(data: ReportData) -> list[Section]:
    """The sections after the scores."""
    found = [
        _unparsed(data), _benchmarks(data), _corpus(data), _instructions(data), _costs(data),
        _costs_by_model(data), _made_with(data),
    ]  # fmt: skip
    return [section for section in found if section is not None]


def list_seeds(rows: pd.DataFrame) -> list[str]:
    """Seeds of trained models."""
    seeds = rows.loc[~rows["variant"].isin(BASELINES), "seed"].astype(str)
    return sorted(set(seeds) - {ALL_SEEDS})


def _runs(metrics: pd.DataFrame) -> pd.DataFrame:
    runs = list_runs(metrics)
    runs = runs.groupby("variant", sort=False).agg(
        tokens=("tokens", "max"), steps=("steps", "max"), seeds=("seed", "nunique")
    )
    return runs.astype("int64").reset_index()


def _mixture(data: ReportData, variant: str) -> str:
    """The shares of the mixture of the same name, if there is one."""
    mixtures = (data.mixing_report or {}).get("mixtures", {})
    sides = mixtures.get(variant, {}).get("sides", [])
    return ", ".join(f"{s['kind']} {s['language']} {s['achieved_share']:.0%}" for s in sides)


def _unparsed(data: ReportData) -> Section | None:
    if data.unparsed is None or data.unparsed.empty:
        return None
    counts = data.unparsed.groupby(["variant", "task", "reason"]).size().rename("answers")
    return Section(
        "Answers that could not be read",
        "They count as wrong; the table unparsed_answers has each with its prompt.",
        counts.sort_values(ascending=False, kind="stable").reset_index(),
        folded=True,
    )


def _benchmarks(data: ReportData) -> Section | None:
    if data.sources is None or data.sources.empty:
        return None
    table = data.sources.drop(
        columns=["majority", "majority_from", "seed"], errors="ignore"
    ).fillna("")
    table["benchmark"] = table["benchmark"].map(title_of)
    return Section(
        "Benchmarks",
        "Where the examples of each task come from, how many are measured, and how many others "
        "can be shown before a question; none of those is measured. Both were drawn with seed "
        f"{data.example_seed}.",
        table.rename(columns=lambda name: name.removeprefix("n_").replace("_", " ")),
        folded=True,
    )


def _corpus(data: ReportData) -> Section | None:
    statistics = data.corpus_statistics
    if statistics is None or statistics.empty:
        return None
    counts = ["records", "rejected", "duplicates", "contaminated", "kept", "tokens"]
    table = statistics.groupby(["kind", "language"], sort=False)[counts].sum().reset_index()
    return Section(
        "The corpus in brief",
        "Records by kind and language, what became of them, and the tokens kept. contaminated: "
        "they showed text of a benchmark"
        + (": checked, none found." if not table["contaminated"].sum() else "."),
        table,
    )


def _instructions(data: ReportData) -> Section | None:
    statistics = data.instruction_statistics
    if statistics is None or statistics.empty:
        return None
    kept = statistics[statistics["gate"] == KEPT]
    by = kept.groupby(["capability", "source"])[["n_in", "n_out"]].sum()
    tasks = kept[kept["n_out"] > 0].groupby(["capability", "source"])["task"].nunique()
    table = by.assign(tasks=tasks).fillna(0).astype("int64").reset_index()
    table = table.rename(columns={"n_in": "made", "n_out": "kept"})
    return Section(
        "The instructions in brief",
        "Made, and kept after all gates, by capability and source.",
        table[["capability", "source", "tasks", "made", "kept"]],
    )


def _costs(data: ReportData) -> Section | None:
    parts = []
    for name, metrics in (
        ("continual pre-training", data.pretrain_metrics), ("tuning", data.sft_metrics)
    ):  # fmt: skip
        if metrics is None or metrics.empty:
            continue
        runs = list_runs(metrics)
        seconds = (runs["tokens"] / runs["tokens a second"].replace(0, float("nan"))).sum()
        parts.append(
            {
                "what": name, "models": f"{len(runs)}", "tokens": f"{runs['tokens'].sum():,.0f}",
                "time": f"about {_time(seconds)}",
                "memory, GB": f"{runs['memory, GB'].max():.1f}",
            }
        )  # fmt: skip
    costs = data.costs
    if costs is not None and len(costs):
        tokens = costs[["prompt_tokens", "new_tokens"]].sum().sum()
        parts.append(
            {
                "what": "evaluation", "models": f"{costs['model'].nunique()}",
                "tokens": f"{tokens:,.0f}", "time": _time(costs["seconds"].sum()),
                "memory, GB": f"{costs['peak_memory'].max():.1f}",
            }
        )  # fmt: skip
    if not parts:
        return None
    text = (
        "Time of training: tokens over the median speed, without starting and measuring. Memory: "
        "the most that a process held."
    )
    return Section("Cost", text, pd.DataFrame(parts).fillna(""))


def _costs_by_model(data: ReportData) -> Section | None:
    if data.costs is None or data.costs.empty:
        return None
    names = {column: column.replace("_", " ") for column in data.costs}
    return Section(
        "Cost of evaluation by model",
        "Seconds of asking, without the loading of models; memory in GB.",
        data.costs.rename(columns=names),
        folded=True,
    )


def _made_with(data: ReportData) -> Section | None:
    seeds = ", ".join(list_seeds(data.results)) or "none"
    versions = pd.DataFrame(data.versions.items(), columns=["package", "version"])
    return Section(
        "Made with",
        f"Seeds: of trained models {seeds}; of measured examples and shots {data.example_seed}; of "
        f"the bootstrap and the tests {data.bootstrap.seed}.", versions if len(versions) else None,
        folded=len(versions) > 0,
    )  # fmt: skip


def _time(seconds: float) -> str:
    if pd.isna(seconds):
        return "an unknown time"
    if seconds < 90:
        return f"{seconds:.0f} s"
    return f"{seconds / 60:.0f} min" if seconds < 5400 else f"{seconds / 3600:.1f} h"
