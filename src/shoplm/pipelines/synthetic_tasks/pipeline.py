"""Wiring of `synthetic_tasks`."""

from kedro.pipeline import Node, Pipeline

from shoplm.pipelines.synthetic_tasks import nodes

PARAMS = "params:synthetic_tasks"


def create_pipeline() -> Pipeline:
    """Make instructions from open data and by a language model, and pass them through gates."""
    steps = [
        (nodes.make_open_instructions,
         ["task_library", "task_tables", "instruction_files", PARAMS],
         ["open_instructions", "refused_rows"]),
        (nodes.generate_samples, ["task_library", "task_tables", "language_model", PARAMS],
         ["generated_samples", "refused_samples", "generation_usage"]),
        (nodes.check_instructions,
         ["open_instructions", "generated_samples", "task_library", PARAMS],
         "checked_instructions"),
        (nodes.list_contents, ["checked_instructions", "task_library", PARAMS],
         "instruction_contents"),
        (nodes.find_wrong_language, ["instruction_contents", "task_library", PARAMS],
         "wrong_language"),
        (nodes.find_duplicates, ["instruction_contents", "wrong_language", PARAMS],
         "duplicate_instructions"),
        (nodes.list_benchmarks,
         ["benchmark_files", "task_library", "instruction_files", PARAMS],
         "instruction_benchmarks"),
        (nodes.find_benchmark_overlap,
         ["instruction_contents", "wrong_language", "duplicate_instructions",
          "instruction_benchmarks", PARAMS],
         "overlapping_instructions"),
        (nodes.collect_instructions,
         ["checked_instructions", "wrong_language", "duplicate_instructions",
          "overlapping_instructions", "refused_rows", "refused_samples", "task_library"],
         ["instructions", "quarantined_samples", "instruction_statistics"]),
        (nodes.plot_instructions, "instruction_statistics",
         ["instructions_figure", "gates_figure"]),
        (nodes.render_instructions_page,
         ["instructions", "quarantined_samples", "instruction_statistics", "generation_usage",
          "instructions_figure", "gates_figure", PARAMS],
         "instructions_page"),
    ]  # fmt: skip
    return Pipeline(
        [Node(func, inputs, outputs, name=func.__name__) for func, inputs, outputs in steps],
        namespace="synthetic_tasks",
        prefix_datasets_with_namespace=False,
    )
