"""Nodes of `evaluation`."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path
from typing import TYPE_CHECKING, Any

from shoplm.pipelines.evaluation.params import EvaluationParams

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
) -> tuple[DataFrame, DataFrame, DataFrame]:
    """Put its benchmarks to every model: answers, what each model was asked, and what it took."""
    from shoplm.pipelines.evaluation import answering, plan

    models = plan.Models(
        base_model,
        other_base_models,
        pretrained_models,
        sft_models,
        endpoint=evaluated_endpoint is not None,
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
    from shoplm.pipelines.evaluation import answering
    from shoplm.tasks.evaluation import baselines, predictions

    answered = answering.split_answers(benchmark_answers, evaluated_models)
    scored, unparsed = predictions.score_answers(
        answered, benchmark_requests, benchmark_examples, task_library, params.asking
    )
    baseline = baselines.predict_baselines(
        benchmark_requests, benchmark_examples, benchmark_sources, task_library
    )
    return (*answering.part_checkpoints(scored, baseline), unparsed)
