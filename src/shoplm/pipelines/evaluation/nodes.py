"""Nodes of `evaluation`."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path
from typing import TYPE_CHECKING, Any

from shoplm.pipelines.evaluation.params import EvaluationParams, as_plain_values
from shoplm.reporting.paper_table_settings import PaperTables

if TYPE_CHECKING:
    from pandas import DataFrame

    from shoplm.tasks.synthesis.endpoint import Endpoint
    from shoplm.tasks.task import Task
else:  # kedro resolves these hints to validate parameters; the first node that runs imports them
    DataFrame = Endpoint = Task = Any


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
    tokens = template.vocabulary
    frame = PromptFrame.of_template(
        template.stated, end_of_text=tokens.tokenizer.id_to_token(tokens.eos_id)
    )
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
        configured=[
            name for of in (pretraining, tuning) for name in as_plain_values(of)["variants"]
        ],
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
    from shoplm.tasks.evaluation import benchmarks, predictions

    predictions.check_predictions(benchmark_predictions, task_library)
    groups = benchmarks.list_groups(params.used_benchmarks(), task_library)
    return benchmark.summarise_scores(
        benchmark_predictions, groups, params.bootstrap, benchmark_sources
    )


def trace_checkpoints(
    checkpoint_predictions: DataFrame,
    benchmark_predictions: DataFrame,
    benchmark_sources: DataFrame,
    pretrain_metrics: DataFrame,
    task_library: dict[str, Task],
    params: EvaluationParams,
    pretraining: Any,
) -> DataFrame:
    """Scores along continual pre-training, from its start to its end (EcomGPT-CT, Figure 3)."""
    from shoplm.metrics import benchmark
    from shoplm.pipelines.evaluation import curve
    from shoplm.tasks.evaluation import baselines, benchmarks, predictions

    predictions.check_predictions(checkpoint_predictions, task_library)
    points = curve.collect_points(
        checkpoint_predictions, benchmark_predictions, pretrain_metrics, params, pretraining
    )
    is_baseline = benchmark_predictions["variant"].isin([baselines.RANDOM, baselines.MAJORITY])
    return benchmark.checkpoint_curve(
        points,
        benchmarks.list_groups(params.used_benchmarks(), task_library),
        params.bootstrap,
        benchmark_sources,
        benchmark_predictions[is_baseline],
    )


def compare_models(
    benchmark_predictions: DataFrame,
    benchmark_sources: DataFrame,
    task_library: dict[str, Task],
    params: EvaluationParams,
) -> DataFrame:
    """Variants against each other on the same examples."""
    from shoplm.metrics import benchmark_comparison
    from shoplm.pipelines.evaluation import comparing
    from shoplm.tasks.evaluation import benchmarks, predictions

    predictions.check_predictions(benchmark_predictions, task_library)
    groups = benchmarks.list_groups(params.used_benchmarks(), task_library)
    possible, _ = comparing.part_pairs(params.comparisons, benchmark_predictions)
    return benchmark_comparison.compare_models(
        benchmark_predictions, possible, params.bootstrap, groups, benchmark_sources
    )


def fill_tables(benchmark_results: DataFrame, tables: PaperTables) -> DataFrame:
    """The papers' tables with our figures, and what would fill the cells that are empty."""
    from shoplm.reporting import paper_tables

    return paper_tables.fill_tables(benchmark_results, tables.kept())
