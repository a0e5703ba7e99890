"""What the report shows of the funnel."""

from __future__ import annotations

from collections.abc import Mapping

import pandas as pd
from plotly.graph_objects import Figure

from shoplm.reporting.funnel_cells import NDCG, Scores
from shoplm.reporting.funnel_figures import plot_scores
from shoplm.reporting.funnel_sections import (
    FEATURES_TEXT,
    GAINS,
    GAINS_TEXT,
    MASKS,
    MASKS_TEXT,
    SPLIT,
)
from shoplm.reporting.funnel_tables import tabulate_tasks
from shoplm.reporting.funnel_texts import INTRODUCTION
from shoplm.reporting.page import Section

TITLE = "The funnel (SEQ+MD)"
DRAWN = {
    SPLIT: ("numeric features by region", FEATURES_TEXT),
    MASKS: ("masks by region", MASKS_TEXT),
    GAINS: ("gains by region", GAINS_TEXT),
}
"""Figures of the first search log that the report shows, each with its heading and what it is."""


def report_sections(
    results: pd.DataFrame | None, figures: Mapping[str, Figure] | None = None
) -> list[Section]:
    """All models by task on the first search log, its features, masks and gains by region.

    Args:
        results: `funnel_results`, or None where there is none; the page of the funnel has the rest.
        figures: `funnel_figures`; of `DRAWN`, those that are there.
    """
    if results is None or results.empty:
        return [
            Section(TITLE, "No model of the funnel was measured: the pipeline `recsys` does it.")
        ]
    log = results["log"].iloc[0]
    scores = Scores(results[results["log"] == log])
    first = Section(
        TITLE,
        f"{INTRODUCTION} Search lists of {log}, by task: {scores.title(NDCG)} within lists with a "
        "positive, its interval over lists, and AUC. random: what chance expects; popular_first: "
        "by the item's past rate. funnel.html, beside this page, says what each model is, and has "
        "tests and everything else.",
        tabulate_tasks(scores),
        plot_scores(scores, scores.variants),
    )
    shown = [
        Section(f"{TITLE}: {heading}", text, figure=figures[name])
        for name, (heading, text) in DRAWN.items()
        if figures and name in figures
    ]
    return [first, *shown]
