"""The report: what was trained on what, and what it bought."""

from __future__ import annotations

from collections.abc import Mapping

import pandas as pd
from plotly.graph_objects import Figure

from shoplm.reporting.benchmark_cells import BASELINES, Cells, percent
from shoplm.reporting.page import Section, render_page
from shoplm.reporting.paper_table_settings import PaperTable, ReportSettings
from shoplm.reporting.paper_tables import OURS, PAPER, PARTIAL
from shoplm.reporting.report_background import (
    background_sections,
    list_seeds,
    tabulate_training,
)
from shoplm.reporting.report_data import ReportData
from shoplm.reporting.report_examples import best_variants, draw_examples
from shoplm.reporting.report_figures import (
    curve_points,
    plot_benchmarks,
    plot_checkpoint_curve,
    plot_score_ladder,
)
from shoplm.reporting.report_tables import (
    LEVEL,
    Marks,
    list_missing,
    mark_differences,
    show_paper_table,
    tabulate_benchmarks,
    tabulate_comparison,
    tabulate_decodings,
    tabulate_tasks,
)
from shoplm.reporting.report_warnings import list_warnings

TITLE = "What training on the shop bought"
LADDER = "ladder"
"""The table that the ladder's figure shows."""


def draw_figures(
    data: ReportData, tables: Mapping[str, PaperTable], settings: ReportSettings
) -> dict[str, Figure]:
    """The figures of the report: `benchmarks`, `curve` and `ladder`.

    Args and absent parts: see `render_report`.
    """
    curve = data.curve if data.curve is not None else pd.DataFrame()
    return {
        "benchmarks": plot_benchmarks(data.ordered_results(), data.tuned_variants()),
        "curve": plot_checkpoint_curve(curve, settings.curve_benchmarks),
        "ladder": plot_score_ladder(data.paper_tables, LADDER, "Score by step of the ladder"),
    }


def render_report(
    data: ReportData,
    figures: Mapping[str, Figure],
    tables: Mapping[str, PaperTable],
    settings: ReportSettings,
) -> str:
    """The HTML page; it needs no network.

    Args:
        data: what was measured and trained.
        figures: `draw_figures`; one that is not there is left out.
        tables: the settings that `data.paper_tables` was filled by.
        settings: what to show beside.
    """
    facts, sections, warnings = report_parts(data, figures, tables, settings)
    return render_page(TITLE, facts, sections, warnings=warnings, contents=True)


def report_parts(
    data: ReportData,
    figures: Mapping[str, Figure],
    tables: Mapping[str, PaperTable],
    settings: ReportSettings,
) -> tuple[dict[str, str], list[Section], list[str]]:
    """Facts, sections and warnings of the report, however it is written.

    Args: see `render_report`.
    """
    return (_facts(data), _sections(data, figures, tables, settings), _warnings(data, settings))


def _warnings(data: ReportData, settings: ReportSettings) -> list[str]:
    return list_warnings(
        data.ordered_results(), settings.few, data.sources, data.rejected, data.predictions,
        data.corpus_statistics, data.problems,
    )  # fmt: skip


def _facts(data: ReportData) -> dict[str, str]:
    results = data.ordered_results()
    cells = Cells(results)
    models = [name for name in cells.variants if name not in BASELINES]
    tasks = results[(results["level"] == "task") & results["value"].notna()]
    counts = tasks.groupby(["benchmark", "task"])["n"].max()
    seeds = list_seeds(results)
    facts = {
        f"models, {len(seeds)} seed{'s' * (len(seeds) != 1)} each": f"{len(models)}",
        f"examples of {len(counts)} tasks": f"{counts.sum():,.0f}",
    }
    for benchmark, best in best_variants(results).items():
        figures = {
            name: cells.find(name, benchmark, "benchmark") for name in ("base", *BASELINES, best)
        }
        beside = ", ".join(
            f"{name} {percent(figure['value'])}"
            for name, figure in figures.items()
            if name != best and figure is not None and not pd.isna(figure["value"])
        )
        label = f"{benchmark}, best: {best}" + (f" ({beside})" if beside else "")
        facts[label] = percent(figures[best]["value"])
    return facts


def _sections(
    data: ReportData,
    figures: Mapping[str, Figure],
    tables: Mapping[str, PaperTable],
    settings: ReportSettings,
) -> list[Section]:
    marks = mark_differences(data.comparison)
    results = data.ordered_results()
    training = tabulate_training(data)
    found = [
        Section(
            "What was trained on what",
            "Every model, what it started from and what it saw. Tokens are those of documents or "
            "of prompts and answers, without padding."
            if training is not None
            else "No account of training is at hand.",
            training,
        ),
        Section(
            "Scores by benchmark",
            "Mean over a benchmark's tasks, each counted alike, in points of 100; the mean of "
            "groups where the benchmark has them. Where answers can be picked among the possible "
            "ones, they are. " + _how_to_read(data),
            tabulate_benchmarks(results, marks),
            figures.get("benchmarks"),
        ),
    ]
    for name, table in tables.items():
        of = data.paper_tables[data.paper_tables["table"] == name]
        if len(of):
            found.append(_paper_section(table, of, marks))
            if name == LADDER and LADDER in figures:
                found.append(
                    Section(
                        "The ladder", "Thick: the mean of the tracks, with its interval.",
                        figure=figures[LADDER],
                    )
                )  # fmt: skip
    found += [_curve_section(data, figures), _tests_section(data)]
    for benchmark in dict.fromkeys(results["benchmark"]):
        found.append(
            Section(
                f"Task by task: {benchmark}",
                "picked: the best of the possible answers; written: what the model wrote, read by "
                "the task's rules.",
                tabulate_tasks(results, benchmark, marks),
                folded=True,
            )
        )
    decodings = tabulate_decodings(results)
    if len(decodings):
        found.append(
            Section(
                "Picked and written answers",
                "Means over the tasks that were asked both ways. not understood: share of written "
                "answers that the task's rules could not read, which count as wrong.",
                decodings,
            )
        )
    if data.predictions is not None and settings.examples_per_task:
        samples = draw_examples(data.predictions, results, settings.examples_per_task,
                                settings.seed)  # fmt: skip
        found.append(
            Section(
                "Examples",
                "Of every task, by the benchmark's best model, one of the best-scored predictions "
                f"and one of the worst, drawn with seed {settings.seed}.",
                samples=samples,
                open_first=False,
                folded=True,
            )
        )
    return found + background_sections(data)


def _how_to_read(data: ReportData) -> str:
    sentence = (
        "Intervals (95% unless set otherwise) say how much other examples would move a figure, "
        "those about the same thing taken together; ±, where there are several seeds, how much "
        "they do."
    )
    if data.comparison is None or data.comparison.empty:
        return f"{sentence} No pair of variants was named for a test."
    return (
        f"{sentence} \N{BLACK UP-POINTING TRIANGLE} and \N{BLACK DOWN-POINTING TRIANGLE} mark a "
        "figure above or below that of the variant named, by a paired test on the same examples, "
        f"corrected for all comparisons (under {LEVEL})."
    )


def _paper_section(table: PaperTable, rows: pd.DataFrame, marks: Marks) -> Section:
    has_paper = (rows["source"] == PAPER).any()
    text = f"{table.source}. {table.note}".strip()
    if (rows["status"] == PARTIAL).any():
        text += " * leaves out what there is no data of."
    if has_paper:
        text += " Rows marked (paper) are the paper's own: other models and data."
    missing = list_missing(rows)
    ours = rows[(rows["source"] == OURS) & ~rows["row"].isin(BASELINES)]
    samples = [{"title": "What would fill the empty cells", "parts": missing}] if missing else []
    return Section(
        table.title, text, show_paper_table(rows, marks), samples=samples, open_first=False,
        folded=ours["value"].isna().all(),
    )  # fmt: skip


def _curve_section(data: ReportData, figures: Mapping[str, Figure]) -> Section:
    title = "Along continual pre-training"
    if data.curve is None or data.curve.empty:
        return Section(title, "No checkpoint was measured: name variants under `curve`.")
    points = curve_points(data.curve)
    points = points[~points["variant"].isin(BASELINES)].copy()
    points["shown"] = points["value"].map(percent)
    wide = points.pivot_table(
        index=["benchmark", "variant"], columns="tokens", values="shown", aggfunc="first",
        sort=False,
    ).fillna("")  # fmt: skip
    wide = wide[sorted(wide.columns)]
    wide.columns = [f"{tokens:,.0f} tokens" for tokens in wide.columns]
    return Section(
        title,
        "Scores of the models kept on the way (EcomGPT-CT, Figure 3), from the base model at 0 "
        "tokens on; the band is the interval.",
        wide.reset_index(),
        figures.get("curve"),
    )


def _tests_section(data: ReportData) -> Section:
    title = "Paired tests"
    if data.comparison is None or data.comparison.empty:
        return Section(title, "No pair of variants was named for comparison.")
    return Section(
        title,
        "Differences in points of 100 on the same examples; p is corrected (Holm) over all of "
        f"them. Under {LEVEL} a difference counts as one. Of tasks, those with one are shown.",
        tabulate_comparison(data.comparison),
    )
