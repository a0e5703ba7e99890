"""The page of the funnel: SEQ+MD against other models of ordered tasks, by task and region."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import replace

import pandas as pd
from plotly.graph_objects import Figure

from shoplm.reporting.funnel_cells import Scores
from shoplm.reporting.funnel_data import FunnelTables
from shoplm.reporting.funnel_figures import (
    plot_feature_split,
    plot_gains,
    plot_learning,
    plot_masks,
    plot_scores,
)
from shoplm.reporting.funnel_pairs import list_md_pairs
from shoplm.reporting.funnel_sections import (
    GAINS,
    LEARNING,
    MASKS,
    SCORES,
    SPLIT,
    background_sections,
    region_sections,
    score_sections,
    study_sections,
)
from shoplm.reporting.funnel_settings import FunnelStudies
from shoplm.reporting.funnel_studies import COLUMNS, fill_study, plot_study
from shoplm.reporting.funnel_summary import SEQ, list_facts, list_warnings, summarise
from shoplm.reporting.funnel_texts import INTRODUCTION, explain_models
from shoplm.reporting.page import Section, render_page

__all__ = ["FunnelTables", "draw_figures", "fill_studies", "render_funnel_page"]

TITLE = "The funnel as a sequence, regions as distributions"
OF_LOG = (SCORES, SPLIT, MASKS, GAINS, LEARNING)
"""Figures of every search log, beside those of the studies."""


def fill_studies(tables: FunnelTables, studies: FunnelStudies) -> pd.DataFrame:
    """All studies, filled; a row a figure, see `fill_study`."""
    scores = _scores(tables)
    filled = [fill_study(name, study, tables, scores) for name, study in studies.kept().items()]
    return pd.concat(filled, ignore_index=True) if filled else pd.DataFrame(columns=COLUMNS)


def draw_figures(tables: FunnelTables, studies: FunnelStudies) -> dict[str, Figure]:
    """`OF_LOG`, and each study by its name.

    Of several search logs the first has these names, and others have `_<log>` behind them. A figure
    of which nothing was measured is left out.
    """
    found = {}
    for log, scores in _scores(tables).items():
        of, behind = tables.of_log(log), _behind(tables, log)
        pairs, main = list_md_pairs(of.variants), of.main_variants()
        found |= {
            SCORES + behind: plot_scores(scores, scores.choose(main)),
            SPLIT + behind: plot_feature_split(of.feature_split, of.feature_distances),
            MASKS + behind: plot_masks(of.region_masks, _masked_variant(of)),
            GAINS + behind: plot_gains(scores, of.comparison, pairs),
            LEARNING + behind: plot_learning(of.metrics, main),
        }
    filled = fill_studies(tables, studies)
    for name, study in studies.kept().items():
        if study.kind != "table":
            found[name] = plot_study(filled[filled["study"] == name], study)
    return {name: figure for name, figure in found.items() if figure.data}


def render_funnel_page(
    tables: FunnelTables, figures: Mapping[str, Figure], studies: FunnelStudies
) -> str:
    """The HTML page of one run; it needs no network.

    Args:
        tables: what was measured.
        figures: `draw_figures`.
        studies: further tables and figures, and notes on the logs.
    """
    filled, kept = fill_studies(tables, studies), studies.kept()
    by_log = _scores(tables)
    sections, warnings, leads = [explain_models(tables)] if by_log else [], [], []
    for log, scores in by_log.items():
        of, name = tables.of_log(log), log if len(by_log) > 1 else ""
        own = dict(figures) | {key: figures.get(key + _behind(tables, log)) for key in OF_LOG}
        blocks = [
            *score_sections(of, scores, own),
            *region_sections(of, scores, own),
            *study_sections(filled[filled["log"] == log], kept, figures),
            *background_sections(of, own),
        ]
        sections += [
            replace(block, title=f"{block.title}, {name}") if name else block for block in blocks
        ]
        leads.append(summarise(name, of, scores))
        if log in studies.notes:
            warnings.append(f"{name}: {studies.notes[log]}" if name else studies.notes[log])
        warnings += list_warnings(name, of, scores)
    sections += study_sections(filled[~filled["log"].isin(by_log)], kept, figures)
    described = tables.variants.replace({True: "yes", False: "no"})
    sections.append(Section("The variants", "", described, folded=True))
    first = next(iter(by_log), None)
    return render_page(
        TITLE,
        {} if first is None else list_facts(tables.of_log(first), by_log[first]),
        sections,
        warnings,
        contents=True,
        lead="\n".join(leads) or "Nothing was measured.",
        introduction=INTRODUCTION,
    )


def _scores(tables: FunnelTables) -> dict[str, Scores]:
    results = tables.results
    return {log: Scores(results[results["log"] == log]) for log in tables.logs()}


def _behind(tables: FunnelTables, log: str) -> str:
    """Behind the names of a log's figures."""
    return "" if log == tables.logs()[0] else f"_{log}"


def _masked_variant(tables: FunnelTables) -> str:
    """Whose masks are drawn: the first that is a sequence, else the first."""
    masked = list(dict.fromkeys(tables.region_masks["variant"]))
    models = dict(zip(tables.variants["variant"], tables.variants["model"], strict=True))
    return next((name for name in masked if models.get(name) == SEQ), masked[0] if masked else "")
