"""The report: what was trained on what, and what it bought."""

from __future__ import annotations

from collections.abc import Mapping

import pandas as pd
from plotly.graph_objects import Figure

from shoplm.reporting.benchmark_cells import BASELINES, PARTIAL, PARTLY, shown, title_of
from shoplm.reporting.curve_points import curve_points, name_curves
from shoplm.reporting.funnel_section import report_sections
from shoplm.reporting.markdown_page import render_markdown
from shoplm.reporting.page import Section, render_page
from shoplm.reporting.paper_table_settings import PaperTable, ReportSettings
from shoplm.reporting.paper_tables import OURS, PAPER
from shoplm.reporting.recommendation_section import recommendation_section
from shoplm.reporting.report_background import background_sections, tabulate_training
from shoplm.reporting.report_data import ReportData
from shoplm.reporting.report_examples import draw_examples
from shoplm.reporting.report_figures import (
    plot_benchmarks,
    plot_checkpoint_curve,
    plot_score_ladder,
)
from shoplm.reporting.report_summary import list_facts, summarise
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
FAMILY = (
    "within its family: all pairs and benchmarks at one level (benchmarks, groups or tasks) and "
    "with answers of one kind (picked or written)"
)


def draw_figures(data: ReportData, settings: ReportSettings) -> dict[str, Figure]:
    """The figures of the report: `benchmarks`, `curve` and `ladder`.

    Args and absent parts: see `render_report`.
    """
    curve = data.curve if data.curve is not None else pd.DataFrame()
    return {
        "benchmarks": plot_benchmarks(
            data.ordered_results(), data.pretrained_variants(), data.tuned_variants()
        ),
        "curve": plot_checkpoint_curve(curve, settings.curve_benchmarks),
        "ladder": plot_score_ladder(data.paper_tables, LADDER, "Score by step of the ladder"),
    }


def render_report(
    data: ReportData,
    figures: Mapping[str, Figure],
    tables: Mapping[str, PaperTable],
    settings: ReportSettings,
) -> tuple[str, str]:
    """The HTML page, which needs no network, and the same as Markdown, without the figures.

    Args:
        data: what was measured and trained.
        figures: `draw_figures`; one that is not there is left out, and so is one of nothing.
        tables: the settings that `data.paper_tables` was filled by.
        settings: what to show beside.
    """
    drawn = {name: figure for name, figure in figures.items() if figure.data}
    facts, lead = list_facts(data), summarise(data)
    sections = _sections(data, drawn, tables, settings)
    warnings = list_warnings(
        data.ordered_results(), settings.few, data.rejected, data.predictions,
        data.corpus_statistics, data.problems,
    )  # fmt: skip
    return (
        render_page(TITLE, facts, sections, warnings, contents=True, lead=lead),
        render_markdown(TITLE, facts, sections, warnings, lead=lead),
    )


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
            f"ones, they are. {PARTLY} marks what leaves out tasks or answers, since there are "
            "none. " + _how_to_read(data),
            tabulate_benchmarks(results, marks),
            figures.get("benchmarks"),
        ),
    ]
    for name, table in tables.items():
        of = data.paper_tables[data.paper_tables["table"] == name]
        if len(of):
            found.append(_paper_section(table, of, marks))
            if name == LADDER and LADDER in figures:
                text = "Thick: the mean of the tracks, with its interval."
                found.append(Section("The ladder", text, figure=figures[LADDER]))
    found += [_curve_section(data, figures), _tests_section(data)]
    found.append(recommendation_section(data.sequential_results))
    found += report_sections(data.funnel_results, data.funnel_figures)
    for benchmark in dict.fromkeys(results["benchmark"]):
        found.append(
            Section(
                f"Task by task: {title_of(benchmark)}",
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
        samples = draw_examples(
            data.predictions, results, _capabilities(data), settings.examples_per_task,
            settings.seed,
        )  # fmt: skip
        found.append(
            Section(
                "Examples",
                "Of one task of each benchmark and capability, by the benchmark's best model, from "
                "the best-scored and the worst-scored predictions, drawn with seed "
                f"{settings.seed}. In parentheses the score, from 0 to 1. The notebook "
                "`benchmarks` shows more.",
                samples=samples,
                open_first=False,
                folded=True,
            )
        )
    return found + background_sections(data)


def _capabilities(data: ReportData) -> dict[str, str]:
    statistics = data.instruction_statistics
    if statistics is None:
        return {}
    named = statistics.dropna(subset=["task", "capability"])
    return dict(zip(named["task"], named["capability"], strict=True))


def _how_to_read(data: ReportData) -> str:
    bootstrap = data.bootstrap
    sentence = (
        f"Intervals ({bootstrap.confidence:.0%}, {bootstrap.samples:,} resamples, seed "
        f"{bootstrap.seed}) say how much other examples would move a figure, those about the same "
        "thing taken together; ±, where there are several seeds, how much they "
        "do. They are not corrected for how many figures there are."
    )
    if data.comparison is None or data.comparison.empty:
        return f"{sentence} No pair of variants was named for a test."
    return (
        f"{sentence} ▲ and ▼ mark a "
        "figure above or below that of the variant named, by a paired test on the same examples "
        f"whose p, corrected (Holm) {FAMILY}, is under {LEVEL}."
    )


def _paper_section(table: PaperTable, rows: pd.DataFrame, marks: Marks) -> Section:
    has_paper = (rows["source"] == PAPER).any()
    text = f"{table.source}. {table.note}".strip()
    if (rows["status"] == PARTIAL).any():
        text += f" {PARTLY} marks what leaves out tasks or answers, since there are none."
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
    names, points = name_curves(data.curve), curve_points(data.curve)
    columns = {tokens: f"{tokens:,.0f} tokens" for tokens in sorted(points["tokens"].unique())}
    lines: dict[tuple[str, str], dict[str, str]] = {}
    for row in points.to_dict("records"):
        key = (names[row["benchmark"]], row["variant"])
        line = lines.setdefault(key, dict(zip(("benchmark", "variant"), key, strict=True)))
        same = columns if row["variant"] in BASELINES else [row["tokens"]]
        line |= {columns[tokens]: shown(row).replace(" (", "\n(") for tokens in same}
    table = pd.DataFrame(lines.values()).fillna("")
    return Section(
        title,
        "Scores of the models kept on the way (EcomGPT-CT, Figure 3), from the model that training "
        "started from at 0 tokens on. These are means over the tasks named, other ones than above. "
        "The band is the interval; dashed and dotted are the baselines.",
        table[["benchmark", "variant", *columns.values()]],
        figures.get("curve"),
    )


def _tests_section(data: ReportData) -> Section:
    title = "Paired tests"
    if data.comparison is None or data.comparison.empty:
        return Section(title, "No pair of variants was named for comparison.")
    bootstrap = data.bootstrap
    return Section(
        title,
        "Differences in points of 100 on the same examples. picked: among the possible answers, "
        f"where a task has them; written: freely. p is corrected (Holm) {FAMILY}; under {LEVEL} a "
        f"difference counts as one. Intervals ({bootstrap.confidence:.0%}) are not corrected. Of "
        "tasks, those with a difference are shown.",
        tabulate_comparison(data.comparison),
    )
