"""Nodes of `evaluation`."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path
from typing import TYPE_CHECKING, Any

from shoplm.pipelines.evaluation.params import EvaluationParams
from shoplm.reporting.paper_table_settings import PaperTables

if TYPE_CHECKING:
    from pandas import DataFrame
    from plotly.graph_objects import Figure

    from shoplm.tasks.synthesis.endpoint import Endpoint
    from shoplm.tasks.task import Task
else:  # kedro resolves these hints to validate parameters; the first node that runs imports them
    DataFrame = Figure = Endpoint = Task = Any


def gather_examples(
    task_library: dict[str, Task],
    instructions: DataFrame,
    instruction_splits: DataFrame,
    task_tables: dict[str, DataFrame],
    instruction_files: Path,
    params: EvaluationParams,
) -> tuple[DataFrame, DataFrame, DataFrame]:
    """What is measured on and what is shown before it, the rows that are neither, and sources."""
    from shoplm.tasks.evaluation import examples

    return examples.gather_examples(
        task_library,
        params.used_benchmarks(),
        params.examples,
        instructions=instructions,
        splits=instruction_splits,
        tables=task_tables,
        root=instruction_files,
    )


def make_requests(
    benchmark_examples: DataFrame,
    task_library: dict[str, Task],
    base_model: Path,
    params: EvaluationParams,
) -> DataFrame:
    """Every question in every way of asking it; without shots as instruction tuning shows it."""
    from shoplm.corpus.prompting import PromptTemplate
    from shoplm.tasks.evaluation import requests
    from shoplm.tasks.evaluation.settings import PromptFrame

    template = PromptTemplate.open(base_model, params.prompting)
    frame = PromptFrame.of_template(template.stated)
    return requests.make_requests(benchmark_examples, task_library, params.asking, frame)


def answer_requests(
    benchmark_requests: DataFrame,
    base_model: Path,
    other_base_models: dict[str, Callable[[], Path]],
    pretrained_models: dict[str, Path],
    pretrain_checkpoints: dict[str, Path],
    sft_models: dict[str, Path],
    evaluated_endpoint: Endpoint | None,
    params: EvaluationParams,
    pretraining: Any,
    tuning: Any,
) -> tuple[DataFrame, DataFrame, DataFrame]:
    """Put its benchmarks to every model: answers, what each model was asked, and what it took."""
    from shoplm.pipelines.evaluation import answering, plan

    models = plan.Models(
        base_model,
        other_base_models,
        pretrained_models,
        sft_models,
        endpoint=evaluated_endpoint is not None,
        configured=[name for of in (pretraining, tuning) for name in plain(of)["variants"]],
    )
    planned = [
        *plan.plan_models(models, params),
        *plan.plan_checkpoints(models, pretrain_checkpoints, params),
    ]
    answers, costs = answering.ask_models(planned, benchmark_requests, evaluated_endpoint, params)
    return answers, answering.list_models(planned), costs


def score_answers(
    benchmark_answers: DataFrame,
    evaluated_models: DataFrame,
    benchmark_requests: DataFrame,
    benchmark_examples: DataFrame,
    benchmark_sources: DataFrame,
    task_library: dict[str, Task],
    params: EvaluationParams,
) -> tuple[DataFrame, DataFrame, DataFrame]:
    """Scores of final models and baselines, those of checkpoints, and answers that are none."""
    from pandas import concat

    from shoplm.pipelines.evaluation import answering
    from shoplm.tasks.evaluation import baselines, predictions, similarity

    answered = answering.split_answers(benchmark_answers, evaluated_models)
    scored, unparsed = predictions.score_answers(
        answered, benchmark_requests, benchmark_examples, task_library, params.asking
    )
    baseline = baselines.predict_baselines(
        benchmark_requests, benchmark_examples, benchmark_sources, task_library
    )
    both = similarity.score_similarity(
        concat([scored, baseline], ignore_index=True),
        benchmark_examples,
        answering.load_encoders(params.sentence_encoders),
    )
    on_the_way = both["tokens"].notna()
    return both[~on_the_way].drop(columns="tokens"), both[on_the_way], unparsed


def summarise_scores(
    benchmark_predictions: DataFrame,
    benchmark_sources: DataFrame,
    task_library: dict[str, Task],
    params: EvaluationParams,
) -> DataFrame:
    """Scores of every model by task, group and benchmark, with intervals."""
    from shoplm.metrics import benchmark
    from shoplm.tasks.evaluation import benchmarks

    groups = benchmarks.list_groups(params.used_benchmarks(), task_library)
    return benchmark.summarise_scores(
        benchmark_predictions, groups, params.bootstrap, benchmark_sources
    )


def trace_checkpoints(
    checkpoint_predictions: DataFrame,
    benchmark_predictions: DataFrame,
    pretrain_metrics: DataFrame,
    params: EvaluationParams,
    pretraining: Any,
) -> DataFrame:
    """Scores along continual pre-training, from its start to its end (EcomGPT-CT, Figure 3)."""
    from shoplm.metrics import benchmark
    from shoplm.pipelines.evaluation import curve

    points = curve.collect_points(
        checkpoint_predictions, benchmark_predictions, pretrain_metrics, params, pretraining
    )
    return benchmark.checkpoint_curve(points, {}, params.bootstrap)


def compare_models(
    benchmark_predictions: DataFrame, task_library: dict[str, Task], params: EvaluationParams
) -> DataFrame:
    """Variants against each other on the same examples."""
    from shoplm.metrics import benchmark_comparison
    from shoplm.pipelines.evaluation import comparing
    from shoplm.tasks.evaluation import benchmarks

    groups = benchmarks.list_groups(params.used_benchmarks(), task_library)
    possible, _ = comparing.part_pairs(params.comparisons, benchmark_predictions)
    return benchmark_comparison.compare_models(
        benchmark_predictions, possible, params.bootstrap, groups
    )


def fill_tables(benchmark_results: DataFrame, tables: PaperTables) -> DataFrame:
    """The papers' tables with our figures, and what would fill the cells that are empty."""
    from shoplm.reporting import paper_tables

    return paper_tables.fill_tables(benchmark_results, tables.kept())


def plot_benchmarks(
    benchmark_results: DataFrame,
    checkpoint_curve: DataFrame,
    paper_tables: DataFrame,
    pretrain_metrics: DataFrame,
    sft_variants: DataFrame,
    tables: PaperTables,
    params: EvaluationParams,
) -> tuple[Figure, Figure, Figure]:
    """Scores of all models, along pre-training, and up the ladder."""
    from shoplm.reporting import report
    from shoplm.reporting.report_data import ReportData

    data = ReportData(
        results=benchmark_results,
        paper_tables=paper_tables,
        curve=checkpoint_curve,
        pretrain_metrics=pretrain_metrics,
        sft_variants=sft_variants,
    )
    figures = report.draw_figures(data, tables.kept(), params.report)
    return figures["benchmarks"], figures["curve"], figures["ladder"]


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


def render_report(
    benchmark_results: DataFrame,
    paper_tables: DataFrame,
    benchmark_comparison: DataFrame,
    checkpoint_curve: DataFrame,
    benchmark_predictions: DataFrame,
    unparsed_answers: DataFrame,
    benchmark_sources: DataFrame,
    rejected_benchmark_rows: DataFrame,
    evaluation_costs: DataFrame,
    corpus_statistics: DataFrame,
    mixing_report: dict[str, Any],
    pretrain_metrics: DataFrame,
    instruction_statistics: DataFrame,
    sft_variants: DataFrame,
    sft_metrics: DataFrame,
    benchmarks_figure: Figure,
    curve_figure: Figure,
    score_ladder_figure: Figure,
    tables: PaperTables,
    params: EvaluationParams,
) -> tuple[str, str]:
    """What was trained on what and what it bought, as one HTML page and as Markdown."""
    from shoplm.reporting import report, report_markdown
    from shoplm.reporting.report_data import ReportData
    from shoplm.reporting.versions import list_versions

    data = ReportData(
        results=benchmark_results,
        paper_tables=paper_tables,
        comparison=benchmark_comparison,
        curve=checkpoint_curve,
        predictions=benchmark_predictions,
        unparsed=unparsed_answers,
        sources=benchmark_sources,
        rejected=rejected_benchmark_rows,
        costs=evaluation_costs,
        corpus_statistics=corpus_statistics,
        mixing_report=mixing_report,
        pretrain_metrics=pretrain_metrics,
        instruction_statistics=instruction_statistics,
        sft_variants=sft_variants,
        sft_metrics=sft_metrics,
        versions=list_versions(),
    )
    figures = {
        "benchmarks": benchmarks_figure, "curve": curve_figure, "ladder": score_ladder_figure,
    }  # fmt: skip
    return (
        report.render_report(data, figures, tables.kept(), params.report),
        report_markdown.render_report_markdown(data, tables.kept(), params.report),
    )


def write_cards(
    pretrained_models: dict[str, Path],
    sft_models: dict[str, Path],
    benchmark_results: DataFrame,
    mixing_report: dict[str, Any],
    pretrain_metrics: DataFrame,
    sft_variants: DataFrame,
    sft_selections: DataFrame,
    sft_metrics: DataFrame,
    pretraining: Any,
    tuning: Any,
) -> dict[str, str]:
    """A card for every final model, which comes to lie beside it."""
    from shoplm.reporting import model_cards

    data = model_cards.CardData(
        results=benchmark_results,
        mixing_report=mixing_report,
        pretrain_metrics=pretrain_metrics,
        sft_variants=sft_variants,
        sft_selections=sft_selections,
        sft_metrics=sft_metrics,
        settings={"continual_pretrain": plain(pretraining), "sft": plain(tuning)},
    )
    return model_cards.write_cards(pretrained_models, sft_models, data)


def plain(params: Any) -> dict[str, Any]:
    """Parameters of another pipeline as kedro hands them over, typed or not, as plain values."""
    return params.model_dump(mode="json") if hasattr(params, "model_dump") else dict(params)
