"""Sections of the page of the funnel, of one search log."""

from __future__ import annotations

from collections.abc import Mapping

import pandas as pd
from plotly.graph_objects import Figure

from shoplm.metrics.funnel import AUC, LOG_LOSS
from shoplm.reporting.funnel_cells import BASELINES, NDCG, Scores
from shoplm.reporting.funnel_data import FunnelTables
from shoplm.reporting.funnel_figures import VALIDATION
from shoplm.reporting.funnel_pairs import list_md_pairs
from shoplm.reporting.funnel_settings import FunnelStudySettings
from shoplm.reporting.funnel_studies import write_figure
from shoplm.reporting.funnel_tables import (
    CALIBRATION,
    describe_machine,
    tabulate_by,
    tabulate_costs,
    tabulate_gains,
    tabulate_masks,
    tabulate_scores,
    tabulate_split,
    tabulate_statistics,
    tabulate_tests,
)
from shoplm.reporting.funnel_texts import describe_budget, describe_training, explain_no_md
from shoplm.reporting.page import Section
from shoplm.reporting.recommendation_tables import LEVEL
from shoplm.reporting.study_tables import list_gaps, show_study

SCORES, SPLIT, MASKS, GAINS, LEARNING = (
    "scores", "feature_split", "masks", "gains_by_region", "learning",
)  # fmt: skip
"""Figures of a search log by name."""
FEATURES_TEXT = (
    "How far the distribution of a numeric feature in a region is from the region where it differs "
    "most, in training rows. Above the threshold (another colour) a feature is dependent (bold): "
    "MD multiplies it by a factor of the region. set: decided by hand. Features of other kinds are "
    "not measured, and MD leaves them alone."
)
MASKS_TEXT = (
    "A mask is a learned factor on the scaled feature, mean over seeds: 0.5 halves the feature in "
    "that region, 1 leaves it as it is, 2 doubles it."
)
GAINS_TEXT = "With MD less without, by region; the line is the interval, where it was tested."

Figures = Mapping[str, Figure | None]


def score_sections(tables: FunnelTables, scores: Scores, figures: Figures) -> list[Section]:
    """All models by task, by platform and region, and their tests."""
    ndcg = scores.title(NDCG)
    main = scores.choose(tables.main_variants())
    by_task = {task: tabulate_scores(scores, [task], main) for task in scores.tasks}
    by_task = {task: table for task, table in by_task.items() if table is not None}
    if not by_task:
        return [Section("All models", "No model was measured.")]
    first, found = next(iter(by_task)), []
    for task, table in by_task.items():
        text, figure = "As above.", None
        if task == first:
            text, figure = _how_to_read(tables, ndcg), figures.get(SCORES)
        found.append(Section(f"All models: {task}", text, table, figure))
    others = [name for name in scores.variants if name not in main]
    table = tabulate_scores(scores, scores.tasks, others)
    if table is not None:
        text = "Of the studies; the best of them is best by chance too. Otherwise as above."
        found.append(Section("Other settings of these models", text, table, folded=True))
    table = tabulate_scores(scores, scores.tasks, scores.variants, CALIBRATION)
    if table is not None:
        text = (
            "calibration error: mean distance of predicted from observed shares. predicted / "
            "observed: sums over all rows; 1 is best."
        )
        found.append(Section("Calibration", text, table, folded=True))
    cells = (
        f"{ndcg}, below it its interval and AUC. lists: all of them, those without a positive too."
    )
    for key in ("platform", "region"):
        table = tabulate_by(scores, key, main)
        if table is not None:
            found.append(Section(f"By {key}", cells, table, folded=True))
    if len(scores.platforms) > 1 and len(scores.regions) > 1:
        for platform in scores.platforms:
            table = tabulate_by(scores, "region", main, platform)
            found.append(Section(f"By region on {platform}", cells, table, folded=True))
    tests = tabulate_tests(scores, tables.comparison, list_md_pairs(tables.variants))
    text = f"Differences on the same lists, the first less the other. {_how_tested()}"
    none = "No pair of variants was named for a test."
    return [*found, Section("Paired tests", none if tests is None else text, tests)]


def region_sections(tables: FunnelTables, scores: Scores, figures: Figures) -> list[Section]:
    """Which features depend on the region, what MD makes of them, and what that bought."""
    split = tabulate_split(tables.feature_split)
    found = []
    if len(scores.regions) == 1:
        text = f"There is one region, {scores.regions[0]}: no feature can depend on it."
        found.append(Section("Numeric features by region", text))
    else:
        text = FEATURES_TEXT + " The table has all of them."
        figure = figures.get(SPLIT)
        found.append(Section("Numeric features by region", text, split, figure, folded=True))
    pairs = list_md_pairs(tables.variants)
    masks = tabulate_masks(tables.region_masks)
    off = f"Absent: {explain_no_md(tables.variants, scores.regions)}"
    text = MASKS_TEXT if masks is not None else off
    found.append(Section("Masks", text, masks, figures.get(MASKS), folded=True))
    gains = tabulate_gains(scores, tables.comparison, pairs, [NDCG, AUC])
    if gains is None:
        return [*found, Section("Plug and play", off), Section("Gains by region", off)]
    text = f"Each model without MD and with it in front, otherwise the same. {_how_tested()}"
    found.append(Section("Plug and play", text, gains))
    losses = tabulate_gains(scores, tables.comparison, pairs, [LOG_LOSS])
    found.append(
        Section("Plug and play: log loss", "As above; less is better.", losses, folded=True)
    )
    if figures.get(GAINS) is not None:
        found.append(Section("Gains by region", GAINS_TEXT, figure=figures[GAINS]))
    return found


def study_sections(
    filled: pd.DataFrame, studies: Mapping[str, FunnelStudySettings], figures: Figures
) -> list[Section]:
    """The studies of which `filled` has rows, and what is absent of them."""
    found = []
    for name, of in filled.groupby("study", sort=False):
        study, gaps = studies[name], list_gaps(of[~of["variant"].isin(BASELINES)])
        trained = (of["source"] == "ours") & ~of["variant"].isin(BASELINES)
        absent = bool(of.loc[trained, "value"].isna().all())
        text = f"{study.source}. {study.note}".strip()
        text += " Absent: none of its variants was trained." if absent else ""
        if (of["source"] == "paper").any():
            text += f" Rows marked ({study.reference}) are not ours."
        samples = [
            {"title": "What would fill the empty cells", "parts": [("variants", "\n".join(gaps))]}
        ]
        table = show_study(of, write_figure, study.reference)
        table.columns = [
            label.replace(*((", ", ",\n") if ", " in label else (" ", "\n"))) for label in table
        ]
        found.append(
            Section(
                study.title, text, table, figures.get(name),
                samples=samples if gaps else [], open_first=False, folded=absent,
            )
        )  # fmt: skip
    return found


def background_sections(tables: FunnelTables, figures: Figures) -> list[Section]:
    """What the log has, what was left out of it, training and its costs."""
    text, figure = describe_training(tables), figures.get(LEARNING)
    if not (tables.metrics["split"] == VALIDATION).any():
        text += " There is no learning curve: nothing was measured while training."
    found = [Section("Training", text, figure=figure)]
    costs = tabulate_costs(tables.costs)
    text = (
        "Measured by the training program, means over seeds. Reading of batches counts. "
        f"{describe_machine(tables.costs)} {describe_budget(tables.variants)}"
    )
    found.append(Section("Costs", "Nothing was trained." if costs is None else text, costs))
    statistics = tabulate_statistics(tables.log_statistics)
    if statistics is not None:
        text = "Rows, lists and rows with a positive label, by side."
        found.append(Section("The log", text, statistics))
    rejected = tables.rejected_features.drop(columns="log")
    text = "Features that no model saw, and why."
    none = "No feature was rejected."
    some = len(rejected) > 0
    found.append(Section("Rejected features", text if some else none, rejected if some else None))
    return found


def _how_to_read(tables: FunnelTables, ndcg: str) -> str:
    sure = f"{tables.results['confidence'].max():.0%}"
    return (
        f"{ndcg}: mean over lists with a positive, ties share what their places bring. All else is "
        f"over rows. After ± the standard deviation of seeds, below it the {sure} interval over "
        "lists. violations: share of rows with this task predicted above the one before. "
        "random: what chance expects; popular_first: by the item's past rate; neither gives "
        "probabilities."
    )


def _how_tested() -> str:
    return (
        "A sign-flip test over lists (seeds are averaged first); p is corrected (Holm) over the "
        f"pairs and tasks of a metric. Under {LEVEL} a difference counts as one; intervals are not "
        "corrected."
    )
