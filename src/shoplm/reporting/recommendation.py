"""The page of recommendation: one model for all domains, against others, and what it cost."""

from __future__ import annotations

from collections.abc import Mapping

import pandas as pd
from plotly.graph_objects import Figure

from shoplm.reporting.page import Section, render_page
from shoplm.reporting.recommendation_cells import (
    ALL,
    LEAVE_ONE_OUT,
    NDCG_10,
    TEMPORAL,
    Scores,
    ranking_label,
)
from shoplm.reporting.recommendation_data import RecommendationTables
from shoplm.reporting.recommendation_figures import plot_learning, plot_scores
from shoplm.reporting.recommendation_settings import RecommendationStudies, StudySettings
from shoplm.reporting.recommendation_studies import fill_study, plot_study, write_figure
from shoplm.reporting.recommendation_summary import list_facts, list_warnings, summarise
from shoplm.reporting.recommendation_tables import (
    LEVEL,
    count_rejected,
    tabulate_by,
    tabulate_costs,
    tabulate_scores,
    tabulate_statistics,
    tabulate_tests,
    tabulate_trials,
)
from shoplm.reporting.study_tables import list_gaps, show_study

__all__ = ["RecommendationTables", "draw_figures", "fill_studies", "render_recommendation_page"]

TITLE = "One model for all domains"
SCORES, LEARNING = "scores", "learning"
"""Figures that are there beside those of the studies."""

STATISTICS = (
    (
        "domains", "Interactions (Table 1)",
        "What is left after cleaning. Of a split: events trained on, validation and test cases, "
        "and what is history alone.",
    ),
    ("user_overlap", "Users of two domains (Table 2)", "A domain's own users are on the diagonal."),
    ("domains_of_users", "Users by number of domains (Table 3)", ""),
)  # fmt: skip
"""Tables of `interaction_statistics`."""


def fill_studies(tables: RecommendationTables, studies: RecommendationStudies) -> pd.DataFrame:
    """All tables and figures of the paper, filled; a row a figure, see `fill_study`."""
    scores = Scores(tables.results)
    filled = [
        fill_study(name, study, scores, tables.costs) for name, study in studies.kept().items()
    ]
    columns = ["study", "row", "column", "value"]
    return pd.concat(filled, ignore_index=True) if filled else pd.DataFrame(columns=columns)


def draw_figures(tables: RecommendationTables, studies: RecommendationStudies) -> dict[str, Figure]:
    """`scores` (Table 4), `learning` (validation along training), and each study by its name.

    A figure of which nothing was measured has no data.
    """
    filled = fill_studies(tables, studies)
    drawn = {
        name: plot_study(filled[filled["study"] == name], study)
        for name, study in studies.kept().items()
        if study.kind != "table"
    }
    return {
        SCORES: plot_scores(tables.results),
        LEARNING: plot_learning(tables.metrics),
        **drawn,
    }


def render_recommendation_page(
    tables: RecommendationTables,
    figures: Mapping[str, Figure],
    studies: RecommendationStudies,
) -> str:
    """The HTML page of one run; it needs no network.

    Args:
        tables: what was measured.
        figures: `draw_figures`; one that is not there, or has no data, is left out.
        studies: tables and figures of the paper.
    """
    scores = Scores(tables.results)
    figures = {name: figure for name, figure in figures.items() if figure.data}
    sections = [
        *_score_sections(tables, scores, figures),
        *_study_sections(tables, studies, figures),
        *_background_sections(tables, figures),
    ]
    return render_page(
        TITLE,
        list_facts(tables, scores),
        sections,
        list_warnings(tables, scores),
        contents=True,
        lead=summarise(tables, scores),
    )


def _score_sections(
    tables: RecommendationTables, scores: Scores, figures: Mapping[str, Figure]
) -> list[Section]:
    sets = scores.names("interactions") or [""]
    found = []
    for number, name in enumerate(sets):
        of = {"interactions": name, "split": LEAVE_ONE_OUT}
        suffix = f", {name}" if len(sets) > 1 else ""
        table = tabulate_scores(scores, **of)
        if table is not None:
            found.append(
                Section(
                    f"All models (Table 4){suffix}",
                    _how_to_read(tables) if number == 0 else "As above.",
                    table,
                    figures.get(SCORES) if number == 0 else None,
                )
            )
        temporal = tabulate_scores(scores, **{**of, "split": TEMPORAL})
        if temporal is not None:
            found.append(
                Section(
                    f"Temporal split{suffix}",
                    "Trained on what came before a moment in time and tested on what came after "
                    "it, so that nothing of the future leaks. Otherwise as above.",
                    temporal,
                )
            )
        found += _part_sections(scores, of, suffix)
    if not (scores.means["split"] == TEMPORAL).any() or scores.means.loc[
        scores.means["split"] == TEMPORAL, "value"
    ].isna().all():  # fmt: skip
        found.append(Section("Temporal split", f"Absent: {_why_no_time(tables)}"))
    return [*found, *_test_sections(tables)]


def _test_sections(tables: RecommendationTables) -> list[Section]:
    rows = tables.comparison
    if rows.empty:
        return [Section("Paired tests", "No pair of variants was named for a test.")]
    whole = (rows["domain"] == ALL) & (rows["subset"] == ALL)
    first = whole & (rows["metric"] == NDCG_10)
    found = [
        Section(
            "Paired tests",
            "Differences on the same users, by a sign-flip test over them (the seeds of a variant "
            "are averaged first); p is corrected (Holm) over the pairs of a figure. Under "
            f"{LEVEL} a difference counts as one; intervals are not corrected.",
            tabulate_tests(rows[first]),
        )
    ]
    if (whole & ~first).any():
        table = tabulate_tests(rows[whole & ~first])
        found.append(Section("Paired tests of recall", "As above.", table, folded=True))
    if not whole.all():
        text = "As above; p is corrected over pairs and domains, and over pairs and subsets."
        table = tabulate_tests(rows[~whole])
        found.append(Section("Paired tests by domain and subset", text, table, folded=True))
    return found


def _part_sections(scores: Scores, of: Mapping[str, str], suffix: str) -> list[Section]:
    """By domain; same, mix and diff; cold items; domains that no model was trained on."""
    found = []
    domains = [name for name in scores.names("domain", **of) if name != ALL]
    for title, text, key, values, rest in (
        ("By domain", "", "domain", domains, {"subset": ALL}),
        (
            "Same, Mix, Diff",
            "By what the ten events before the target are of: its own domain alone, its own and "
            "others, or others alone.",
            "subset", ["same", "mix", "diff"], {"domain": ALL},
        ),
        (
            "Cold items",
            "Targets that no training event has: counting models cannot know them, and such a "
            "target ties with every other unseen item.",
            "subset", ["cold"], {"domain": ALL},
        ),
        (
            "Domains never trained on (zero-shot)", "", "domain", domains,
            {"subset": "zero_shot"},
        ),
    ):  # fmt: skip
        table = tabulate_by(scores, key, values, **of, **rest) if values else None
        if table is not None and len(table.columns) > 2:
            cells = "Recall@1 / Recall@10 / NDCG@10, below it the interval of the last."
            found.append(Section(f"{title}{suffix}", f"{text} {cells}".strip(), table, folded=True))
    return found


def _study_sections(
    tables: RecommendationTables, studies: RecommendationStudies, figures: Mapping[str, Figure]
) -> list[Section]:
    filled = fill_studies(tables, studies)
    found = []
    for name, study in studies.kept().items():
        of = filled[filled["study"] == name]
        gaps = list_gaps(of)
        samples = [
            {"title": "What would fill the empty cells", "parts": [("variants", "\n".join(gaps))]}
        ]
        found.append(
            Section(
                study.title,
                _study_text(study),
                show_study(of, write_figure, study.reference),
                figures.get(name),
                samples=samples if gaps else [],
                open_first=False,
                folded=bool(of.loc[of["source"] == "ours", "value"].isna().all()),
            )
        )
    return found


def _study_text(study: StudySettings) -> str:
    text = f"{study.source}. {study.note}".strip()
    if any(column.cost is None for column in study.columns.values()):
        text += f" Ranked among {ranking_label(study.protocol, study.history)}"
        text += ", temporal split." if study.split == TEMPORAL else "."
    if any(row.paper for row in study.kept_rows().values()):
        text += " Rows marked (paper) are the paper's own: other models and data."
    return text


def _background_sections(
    tables: RecommendationTables, figures: Mapping[str, Figure]
) -> list[Section]:
    found = [
        Section(
            "Costs (Table 6)",
            "Measured by the training program, means over seeds. Hours do not count the test; "
            "memory is the most that one process held.",
            tabulate_costs(tables.costs, tables.variants),
        )
    ]
    if LEARNING in figures:
        found.append(
            Section(
                "Learning curves",
                "Of validation cases, the same each time. The best weights by validation are what "
                "is tested.",
                figure=figures[LEARNING],
            )
        )
    if tables.trials is not None and len(tables.trials):
        found.append(
            Section(
                "Search of hyperparameters",
                "On validation cases alone, with the same budget for each variant that is "
                "searched. As set: the value of the settings that the search began with, which "
                "are its first trial.",
                tabulate_trials(tables.trials),
            )
        )
    found.append(Section("The variants", "", tables.variants))
    for name, title, text in STATISTICS:
        table = tabulate_statistics(tables.statistics, name)
        if table is not None:
            found.append(Section(title, text, table))
    if tables.rejected is not None:
        rejected = count_rejected(tables.rejected, tables.rejected_items)
        text = "Rows of the input that no model saw, by reason."
        none = "No row of the input was rejected."
        found.append(Section("Rejected rows", none if rejected is None else text, rejected))
    return found


def _how_to_read(tables: RecommendationTables) -> str:
    return (
        "Recall@1 / Recall@10 / NDCG@10, each times 100. Below it: the "
        f"{tables.bootstrap.confidence:.0%} interval of NDCG@10 over users, by formula (ABC) and, "
        "after ±, the standard deviation of seeds. The target is ranked among items of its "
        "domain: sampled ones (the paper) or all; history excluded: what the user had before is "
        "not among them. Ties count half. random: what chance expects."
    )


def _why_no_time(tables: RecommendationTables) -> str:
    absent = tables.absent
    reasons = [] if absent is None else absent.loc[absent["split"] == TEMPORAL, "reason"]
    return "; ".join(dict.fromkeys(reasons)) or "no variant was trained on it."
