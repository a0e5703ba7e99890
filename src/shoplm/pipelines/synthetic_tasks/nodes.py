"""Nodes of `synthetic_tasks`."""

from __future__ import annotations

import logging
from pathlib import Path
from typing import TYPE_CHECKING, Any

from shoplm.pipelines.synthetic_tasks.params import SyntheticTasksParams

if TYPE_CHECKING:
    from ibis import Table
    from pandas import DataFrame
    from plotly.graph_objects import Figure

    from shoplm.corpus.sources import TextSources
    from shoplm.tasks.synthesis.endpoint import Endpoint
    from shoplm.tasks.task import Task
else:  # kedro resolves these hints to validate parameters; the first node that runs imports them
    Table = DataFrame = Figure = TextSources = Endpoint = Task = Any

logger = logging.getLogger(__name__)


def make_open_instructions(
    task_library: dict[str, Task],
    task_tables: dict[str, DataFrame],
    instruction_files: Path,
    params: SyntheticTasksParams,
) -> tuple[DataFrame, DataFrame]:
    """Instructions from open data, and the rows that gave none."""
    from shoplm.tasks import collecting

    tasks = _chosen(task_library, params)
    return collecting.make_open_instructions(
        tasks, task_tables, instruction_files, params.open_data, params.seed
    )


def generate_samples(
    task_library: dict[str, Task],
    task_tables: dict[str, DataFrame],
    language_model: Endpoint,
    params: SyntheticTasksParams,
) -> tuple[DataFrame, DataFrame, DataFrame]:
    """Instructions from a language model, the samples that are none, and what it took."""
    from shoplm.tasks.synthesis import generation
    from shoplm.tasks.synthesis.endpoint import EndpointError

    tasks, settings = _chosen(task_library, params), params.language_model
    try:
        made = generation.generate(tasks, task_tables, language_model, settings, params.responses)
    except EndpointError as error:
        if not params.keep_partial or error.generated is None:
            raise
        logger.error("the language model failed, what it answered is kept: %s", error)
        made = error.generated
    return made.instructions, made.quarantined, made.usage


def check_instructions(
    open_instructions: DataFrame,
    generated_samples: DataFrame,
    task_library: dict[str, Task],
    params: SyntheticTasksParams,
) -> DataFrame:
    """Both roads together, with the reason of what a gate refuses that looks at it alone."""
    from pandas import concat

    from shoplm.tasks import gates

    parts = [part for part in (open_instructions, generated_samples) if len(part)]
    both = concat(parts or [open_instructions], ignore_index=True)
    return gates.check_instructions(both, task_library, params.lengths)


def list_contents(
    checked_instructions: DataFrame, task_library: dict[str, Task], params: SyntheticTasksParams
) -> DataFrame:
    """What each instruction is about, apart from the wording that its task's prompts share."""
    from shoplm.tasks import contents, gates

    passed = gates.require_instructions(checked_instructions)
    return contents.list_contents(passed, task_library, params.template)


def find_wrong_language(
    instruction_contents: Table, task_library: dict[str, Task], params: SyntheticTasksParams
) -> Table:
    """Instructions whose content is in another language than they are said to be in."""
    from shoplm.corpus import filtering

    limits = params.languages
    exempt = [name for name, task in task_library.items() if task.capability == "multilingual"]
    exempt += limits.multilingual_tasks
    judged = instruction_contents.filter(~instruction_contents.source.isin(exempt))
    return filtering.find_wrong_language(
        judged, limits.min_script_share, limits.min_words, limits.min_function_words
    )


def find_duplicates(
    instruction_contents: Table, wrong_language: Table, params: SyntheticTasksParams
) -> DataFrame:
    """Instructions of a task that ask and answer nearly the same as one that stays."""
    from shoplm.corpus import part_duplicates

    left = instruction_contents.anti_join(wrong_language, "record_id")
    return part_duplicates.find_part_duplicates(left, params.deduplication)


def list_benchmarks(
    benchmark_files: TextSources,
    task_library: dict[str, Task],
    instruction_files: Path,
    params: SyntheticTasksParams,
) -> DataFrame:
    """Texts that no instruction may hold: examples of benchmarks, and other benchmark files.

    Of a file that a task reads, the benchmark is what its `benchmark` section takes of it: a file
    may be split into training and test. All tasks of the library count, chosen or not.
    """
    from pandas import concat

    from shoplm.corpus import reformulation
    from shoplm.tasks import collecting, contents

    examples, read = collecting.read_benchmark_examples(task_library, instruction_files)
    own = contents.list_contents(examples, task_library, params.template)
    own = own[["source", "own", "whole"]].explode("own")
    own.columns = ["name", "text", "whole"]
    others = benchmark_files.without(read)
    records, _, _ = reformulation.reformulate_sources(others)
    texts = records.select(name="source", text="text").to_pandas().assign(whole="")
    both = concat([own, texts]).fillna("").drop_duplicates()
    return both.astype(str).sort_values(["name", "text", "whole"], ignore_index=True)


def find_benchmark_overlap(
    instruction_contents: Table,
    wrong_language: Table,
    duplicate_instructions: Table,
    instruction_benchmarks: Table,
    params: SyntheticTasksParams,
) -> Table:
    """Instructions that ask what a benchmark asks, or share long n-grams with one."""
    from shoplm.corpus import contamination

    left = instruction_contents.anti_join(wrong_language, "record_id")
    left = left.anti_join(duplicate_instructions, "record_id")
    left = left.mutate(text=left.own.join("\n"))
    return contamination.find_overlap(left, instruction_benchmarks, params.contamination)


def collect_instructions(
    checked_instructions: DataFrame,
    wrong_language: Table,
    duplicate_instructions: Table,
    overlapping_instructions: Table,
    refused_rows: DataFrame,
    refused_samples: DataFrame,
    task_library: dict[str, Task],
) -> tuple[DataFrame, DataFrame, DataFrame]:
    """The instructions that pass every gate, those that do not, and counts of both by gate."""
    from shoplm.tasks import gates, statistics

    later = {
        "language": wrong_language.to_pandas(),
        "duplicates": duplicate_instructions.to_pandas(),
        "benchmarks": overlapping_instructions.to_pandas(),
    }
    fates = gates.collect_fates(
        checked_instructions, later, [refused_rows, refused_samples], task_library
    )
    kept, quarantined = gates.part_fates(fates)
    return kept, quarantined, statistics.describe_instructions(fates)


def plot_instructions(instruction_statistics: DataFrame) -> tuple[Figure, Figure]:
    """Instructions by task, and what each gate lets through."""
    from shoplm.reporting import instructions

    return (
        instructions.plot_instructions(instruction_statistics),
        instructions.plot_gates(instruction_statistics),
    )


def render_instructions_page(
    instructions: DataFrame,
    quarantined_samples: DataFrame,
    instruction_statistics: DataFrame,
    generation_usage: DataFrame,
    instructions_figure: Figure,
    gates_figure: Figure,
    params: SyntheticTasksParams,
) -> str:
    """Counts, figures and samples on one HTML page."""
    from shoplm.reporting import instructions as page

    figures = {"instructions": instructions_figure, "gates": gates_figure}
    samples = page.draw_samples(instructions, quarantined_samples, params.samples, params.seed)
    return page.render_instructions_page(instruction_statistics, generation_usage, samples, figures)


def _chosen(task_library: dict[str, Task], params: SyntheticTasksParams) -> dict[str, Task]:
    from shoplm.tasks import collecting

    return collecting.choose_tasks(
        task_library, params.tasks, params.leave_out, params.named_tasks()
    )
