"""What a reader of the report sees first: one sentence, and a few figures."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from typing import Any

import pandas as pd

from shoplm.reporting.benchmark_cells import (
    ALL_SEEDS,
    BASELINES,
    PARTIAL,
    PARTLY,
    Cells,
    percent,
    title_of,
)
from shoplm.reporting.report_data import ReportData

MINUS = "\N{MINUS SIGN}"


def summarise(data: ReportData) -> str:
    """Which benchmarks any model beats both baselines on, by more than its interval."""
    above, others = [], []
    for benchmark, figures in means_of(data.ordered_results()).items():
        guesses = [figures[name]["value"] for name in BASELINES if name in figures]
        models = [figure for name, figure in figures.items() if name not in BASELINES]
        if len(guesses) < len(BASELINES) or not models:
            continue
        better = [f for f in models if f["ci_low"] > max(guesses)]
        if better:
            names = ", ".join(figure["variant"] for figure in better)
            above.append(f"{title_of(benchmark)} ({names})")
        else:
            others.append(title_of(benchmark))
    said = []
    if above:
        said.append(
            "Models are above both a random and the most frequent answer, by more than their "
            f"interval, on {_join(above)}"
        )
    if others:
        none = (
            "no model is above both a random and the most frequent answer by more than its interval"
        )
        said.append(f"on {_join(others)} {'none is' if above else none}")
    sentence = "; ".join(said)
    return f"{sentence[0].upper()}{sentence[1:]}." if sentence else ""


def list_facts(data: ReportData) -> dict[str, str]:
    """The figures of the tiles by their labels."""
    results = data.results
    models = [name for name in dict.fromkeys(results["variant"]) if name not in BASELINES]
    trained = {*data.pretrained_variants(), *data.tuned_variants()} & set(models)
    alone = results[results["variant"].isin(trained) & (results["seed"].astype(str) != ALL_SEEDS)]
    seeds = alone.groupby("variant")["seed"].nunique()
    label = "models measured"
    if trained:
        least, most = int(seeds.min()), int(seeds.max())
        many = f"{most}" if least == most else f"{least} to {most}"
        label += f"; {len(trained)} trained here, {many} seed{'s' * (most > 1)} each"
    facts = {label: f"{len(models)}"}
    tasks = results[(results["level"] == "task") & results["value"].notna()]
    if data.predictions is not None:
        distinct = data.predictions[["task", "example_id"]].drop_duplicates()
        facts[f"examples of {tasks['task'].nunique()} tasks"] = f"{len(distinct):,}"
    bests = best_variants(results)
    for benchmark, figures in means_of(data.ordered_results()).items():
        if benchmark not in bests:
            continue
        best = figures[bests[benchmark]]
        start = data.start_of(best["variant"])
        beside = [
            f"{_signed(best['value'] - figures[name]['value'])} against {name}"
            for name in (start, "majority")
            if name in figures and name != best["variant"]
        ]
        what = "best model" if not trained or best["variant"] in trained else "best, untrained"
        label = ": ".join([f"{title_of(benchmark)}, {what}", ", ".join(beside)])
        star = PARTLY * (best["status"] == PARTIAL)
        facts[label.removesuffix(": ")] = f"{best['variant']} {percent(best['value'])}{star}"
    return facts


def best_variants(results: pd.DataFrame) -> dict[str, str]:
    """The variant with the highest mean of each benchmark, baselines aside."""
    of_models = {
        benchmark: {name: f["value"] for name, f in figures.items() if name not in BASELINES}
        for benchmark, figures in means_of(results).items()
    }
    return {b: max(values, key=values.__getitem__) for b, values in of_models.items() if values}


def means_of(results: pd.DataFrame) -> dict[str, dict[str, Mapping[str, Any]]]:
    """Figures of benchmarks by variant, those with a value."""
    cells = Cells(results)
    return {
        benchmark: {
            name: figure
            for name in cells.variants
            if (figure := cells.find(name, benchmark, "benchmark")) is not None
            and not pd.isna(figure["value"])
        }
        for benchmark in cells.benchmarks
    }


def _signed(difference: float) -> str:
    return f"{100 * difference:+.1f}".replace("-", MINUS)


def _join(names: Iterable[str]) -> str:
    *others, last = names
    return f"{', '.join(others)} and {last}" if others else last
