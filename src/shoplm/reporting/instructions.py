"""The page of synthetic_tasks."""

from __future__ import annotations

import hashlib
from collections.abc import Mapping, Sequence
from typing import Any

import pandas as pd
import plotly.graph_objects as go

from shoplm.reporting.figures import COLOURS, styled
from shoplm.reporting.page import Section, render_page

SOURCES = {"open_data": "open data", "language_model": "language model"}
CAPABILITIES = ("concepts", "reasoning", "behaviour", "multilingual", "general")
ALL_GATES = "all"
LONGEST_TEXT = 1_500
"""Characters of a prompt or answer that the page shows."""


def plot_instructions(statistics: pd.DataFrame) -> go.Figure:
    """Instructions kept of each task by source (columns of `instruction_statistics`)."""
    kept = _totals(statistics, ["capability", "task", "source"])
    place = {name: n for n, name in enumerate(CAPABILITIES)}
    order = kept[["capability", "task"]].drop_duplicates()
    order = order.sort_values(["capability", "task"], key=lambda c: c.map(place).fillna(c))
    names = [f"{row.task} ({row.capability})" for row in order.itertuples() if row.task]
    figure = go.Figure()
    for number, (source, label) in enumerate(SOURCES.items()):
        rows = kept[kept["source"].eq(source) & kept["task"].ne("")]
        figure.add_bar(
            y=rows["task"] + " (" + rows["capability"] + ")", x=rows["n_out"], name=label,
            orientation="h", marker_color=COLOURS[number],
        )  # fmt: skip
    figure.update_layout(barmode="stack", height=160 + 20 * len(names))
    figure.update_yaxes(categoryorder="array", categoryarray=names[::-1], automargin=True)
    figure.update_xaxes(title="instructions")
    return styled(figure, "Instructions kept by task")


def plot_gates(statistics: pd.DataFrame) -> go.Figure:
    """Share of what went into each gate that came out, by source."""
    gates = list(dict.fromkeys(statistics["gate"]))
    figure = go.Figure()
    for number, (source, label) in enumerate(SOURCES.items()):
        rows = statistics[statistics["source"] == source]
        counts = rows.groupby("gate")[["n_in", "n_out"]].sum().reindex(gates).dropna()
        counts = counts[counts["n_in"] > 0]
        figure.add_bar(
            x=counts.index, y=counts["n_out"] / counts["n_in"], name=label,
            marker_color=COLOURS[number], customdata=counts.astype("int64"),
            hovertemplate="%{customdata[1]:,} of %{customdata[0]:,}",
        )  # fmt: skip
    figure.update_yaxes(tickformat=".0%", range=[0, 1.02], title="share let through")
    return styled(figure, "What each gate lets through")


def draw_samples(
    instructions: pd.DataFrame, quarantined: pd.DataFrame, n: int, seed: int
) -> dict[str, pd.DataFrame]:
    """`kept`: n instructions of each task and source; `quarantined`: n of each reason."""
    return {
        "kept": _draw(instructions, ["capability", "task", "source"], n, seed),
        "quarantined": _draw(quarantined, ["reason"], n, seed),
    }


def render_instructions_page(
    statistics: pd.DataFrame,
    usage: pd.DataFrame,
    samples: Mapping[str, pd.DataFrame],
    figures: Mapping[str, go.Figure],
) -> str:
    """The HTML page of one run.

    Args:
        statistics: `instruction_statistics`.
        usage: `generation_usage`.
        samples: see `draw_samples`.
        figures: `instructions` and `gates`.
    """
    everything = statistics[statistics["gate"] == ALL_GATES]
    read, kept = everything["n_in"].sum(), everything["n_out"].sum()
    by_source = everything.groupby("source")["n_out"].sum()
    facts = {
        "rows and samples read": f"{read:,}",
        "kept": f"{kept:,}",
        "quarantined": f"{read - kept:,}",
        "tasks": f"{everything.loc[everything['n_out'] > 0, 'task'].nunique():,}",
        **{f"from {label}": f"{by_source.get(source, 0):,}" for source, label in SOURCES.items()},
    }
    return render_page(
        "Instructions",
        facts,
        [
            Section(
                "By task",
                "Rows and samples read for each task, and what passed every gate. Rows that gave "
                "no instruction have no language. A table that a recipe needs, or a published "
                "file, may be absent: then its tasks are too.",
                _table(statistics, ["capability", "task", "source", "language"]),
                figures["instructions"],
            ),
            Section(
                "By difficulty",
                "As the samples of a language model state it; open data and the offline server "
                "state none.",
                _table(statistics, ["difficulty", "source"]),
            ),
            Section(
                "Gates",
                "In the order in which they are asked; what goes into a gate is what the one "
                "before let through. The first counts rows and samples from which no instruction "
                "could be made.",
                _gate_table(statistics),
                figures["gates"],
            ),
            Section(
                "The language model",
                "Samples asked for and had, by task, and what it took.",
                usage,
            ),
            Section(
                "Samples",
                "Instructions drawn at random from each task.",
                samples=[
                    {
                        "title": f"{row.capability}, {row.task}: {row.origin}",
                        "parts": [("prompt", _cut(row.prompt)), ("answer", _cut(row.answer))],
                    }
                    for row in samples["kept"].itertuples()
                ],
            ),
            Section(
                "Quarantined",
                "Drawn at random from each reason.",
                samples=[
                    {
                        "title": f"{row.reason}: {row.task or row.origin}",
                        "parts": [
                            ("why", row.detail),
                            ("prompt", _cut(row.prompt)),
                            ("answer", _cut(row.answer)),
                        ],
                    }
                    for row in samples["quarantined"].itertuples()
                ],
            ),
        ],
    )


def _totals(statistics: pd.DataFrame, by: list[str]) -> pd.DataFrame:
    every = statistics[statistics["gate"] == ALL_GATES].fillna(dict.fromkeys(by, ""))
    return every.groupby(by)[["n_in", "n_out"]].sum().reset_index()


def _table(statistics: pd.DataFrame, by: list[str]) -> pd.DataFrame:
    totals = _totals(statistics, by).rename(columns={"n_in": "read", "n_out": "kept"})
    return totals.assign(share=(totals["kept"] / totals["read"]).map("{:.1%}".format))


def _gate_table(statistics: pd.DataFrame) -> pd.DataFrame:
    counts = statistics.groupby(["source", "gate"], sort=False)[["n_in", "n_out"]].sum()
    share = counts["n_out"] / counts["n_in"].clip(lower=1)
    return counts.assign(share=share.map("{:.1%}".format)).reset_index()


def _draw(table: pd.DataFrame, by: Sequence[str], n: int, seed: int) -> pd.DataFrame:
    def place(name: Any) -> str:
        return hashlib.md5(f"{seed}:samples:{name}".encode(), usedforsecurity=False).hexdigest()

    keyed = table.assign(_place=table["instruction_id"].map(place)).sort_values([*by, "_place"])
    return keyed.groupby(list(by)).head(n).drop(columns="_place").reset_index(drop=True)


def _cut(text: str) -> str:
    return text if len(text) <= LONGEST_TEXT else text[: LONGEST_TEXT - 1] + "…"
