"""What the report shows of the funnel."""

from __future__ import annotations

import pandas as pd

from shoplm.reporting.funnel_cells import NDCG, Scores
from shoplm.reporting.funnel_figures import plot_scores
from shoplm.reporting.funnel_tables import tabulate_tasks
from shoplm.reporting.page import Section

TITLE = "The funnel (SEQ+MD)"


def funnel_section(results: pd.DataFrame | None) -> Section:
    """All models by task on the first search log; the page of the funnel has the rest.

    Args:
        results: `funnel_results`, or None where there is none.
    """
    if results is None or results.empty:
        return Section(TITLE, "No model of the funnel was measured: the pipeline `recsys` does it.")
    log = results["log"].iloc[0]
    scores = Scores(results[results["log"] == log])
    return Section(
        TITLE,
        f"Search lists of {log}, by task: {scores.title(NDCG)} within lists with a positive, its "
        "interval over lists, and AUC. random: what chance expects; popular_first: by the item's "
        "past rate. funnel.html, beside this page, has features and gains by region, tests and "
        "everything else.",
        tabulate_tasks(scores),
        plot_scores(scores, scores.variants),
    )
