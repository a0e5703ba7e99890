"""Nodes of `evaluation` that show what was measured."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path
from typing import TYPE_CHECKING, Any

from shoplm.pipelines.evaluation.params import EvaluationParams, as_plain_values
from shoplm.reporting.paper_table_settings import PaperTables

if TYPE_CHECKING:
    from pandas import DataFrame
    from plotly.graph_objects import Figure

    from shoplm.reporting.report_data import ReportData
else:  # kedro resolves these hints to validate parameters; the first node that runs imports them
    DataFrame = Figure = ReportData = Any


def list_problems(
    benchmark_sources: DataFrame,
    benchmark_predictions: DataFrame,
    sft_variants: DataFrame,
    sft_selections: DataFrame,
    params: EvaluationParams,
) -> DataFrame:
    """What is absent, small, spoilt, not answered or not compared."""
    from pandas import concat

    from shoplm.pipelines.evaluation import comparing
    from shoplm.tasks.evaluation import problems

    found = problems.describe_problems(
        benchmark_sources,
        benchmark_predictions,
        params.used_benchmarks(),
        comparing.tasks_tuned_on(sft_variants, sft_selections),
        params.report.few,
    )
    untested = comparing.list_untested(params.comparisons, benchmark_predictions)
    return concat([found, untested], ignore_index=True)


def plot_benchmarks(
    benchmark_results: DataFrame,
    checkpoint_curve: DataFrame,
    paper_tables: DataFrame,
    pretrain_metrics: DataFrame,
    sft_variants: DataFrame,
    params: EvaluationParams,
) -> tuple[Figure, Figure, Figure]:
    """Scores of all models, along pre-training, and up the ladder."""
    from shoplm.reporting import report

    data = _collect(
        params,
        results=benchmark_results,
        paper_tables=paper_tables,
        curve=checkpoint_curve,
        pretrain_metrics=pretrain_metrics,
        sft_variants=sft_variants,
    )
    figures = report.draw_figures(data, params.report)
    return figures["benchmarks"], figures["curve"], figures["ladder"]


def render_report(
    benchmark_results: DataFrame,
    paper_tables: DataFrame,
    benchmark_comparison: DataFrame,
    checkpoint_curve: DataFrame,
    benchmark_predictions: DataFrame,
    unparsed_answers: DataFrame,
    benchmark_sources: DataFrame,
    rejected_benchmark_rows: DataFrame,
    benchmark_problems: DataFrame,
    evaluation_costs: DataFrame,
    corpus_statistics: DataFrame,
    mixing_report: dict[str, Any],
    pretrain_metrics: DataFrame,
    instruction_statistics: DataFrame,
    sft_variants: DataFrame,
    sft_metrics: DataFrame,
    sequential_results: DataFrame | None,
    funnel_results: DataFrame | None,
    funnel_figures: dict[str, Callable[[], Figure]],
    benchmarks_figure: Figure,
    curve_figure: Figure,
    score_ladder_figure: Figure,
    tables: PaperTables,
    params: EvaluationParams,
) -> tuple[str, str]:
    """What was trained on what and what it bought, as one HTML page and as Markdown."""
    from shoplm.reporting import report

    data = _collect(
        params,
        results=benchmark_results,
        paper_tables=paper_tables,
        comparison=benchmark_comparison,
        curve=checkpoint_curve,
        predictions=benchmark_predictions,
        unparsed=unparsed_answers,
        sources=benchmark_sources,
        rejected=rejected_benchmark_rows,
        problems=benchmark_problems,
        costs=evaluation_costs,
        corpus_statistics=corpus_statistics,
        mixing_report=mixing_report,
        pretrain_metrics=pretrain_metrics,
        instruction_statistics=instruction_statistics,
        sft_variants=sft_variants,
        sft_metrics=sft_metrics,
        sequential_results=sequential_results,
        funnel_results=funnel_results,
        funnel_figures={name: load() for name, load in funnel_figures.items()},
    )
    figures = {
        "benchmarks": benchmarks_figure, "curve": curve_figure, "ladder": score_ladder_figure,
    }  # fmt: skip
    return report.render_report(data, figures, tables.kept(), params.report)


def write_cards(
    pretrained_models: dict[str, Path],
    sft_models: dict[str, Path],
    benchmark_results: DataFrame,
    benchmark_predictions: DataFrame,
    benchmark_problems: DataFrame,
    mixing_report: dict[str, Any],
    pretrain_metrics: DataFrame,
    sft_variants: DataFrame,
    sft_selections: DataFrame,
    sft_metrics: DataFrame,
    pretraining: Any,
    tuning: Any,
) -> dict[str, str]:
    """A card for every final model, which comes to lie beside it."""
    from shoplm.reporting import card_data, model_cards

    data = card_data.CardData(
        results=benchmark_results,
        mixing_report=mixing_report,
        pretrain_metrics=pretrain_metrics,
        sft_variants=sft_variants,
        sft_selections=sft_selections,
        sft_metrics=sft_metrics,
        problems=benchmark_problems,
        languages=benchmark_predictions.groupby("variant")["language"].unique().to_dict(),
        settings={"continual_pretrain": as_plain_values(pretraining),
                  "sft": as_plain_values(tuning)},
    )  # fmt: skip
    return model_cards.write_cards(pretrained_models, sft_models, data)


def _collect(params: EvaluationParams, **tables: Any) -> ReportData:
    from shoplm.reporting.report_data import ReportData
    from shoplm.reporting.versions import list_versions

    return ReportData(
        **tables,
        bootstrap=params.bootstrap,
        example_seed=params.examples.seed,
        versions=list_versions(),
    )
