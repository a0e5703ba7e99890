"""One self-contained HTML page from tables, figures and samples."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any

import pandas as pd
import plotly.graph_objects as go
from jinja2 import Environment, PackageLoader, StrictUndefined
from plotly.offline import get_plotlyjs

LINE_END = "\ue000"
"""Stands for the end of a line in a cell, which pandas would escape."""
MIN_WIDTH = "min_width"
"""Of a figure's `meta`: pixels under which it is scrolled rather than squeezed."""


@dataclass(frozen=True)
class Section:
    """A heading, a sentence that says what is seen, and any of a table, a figure and samples."""

    title: str
    text: str
    table: pd.DataFrame | None = None
    figure: go.Figure | None = None
    samples: Sequence[Mapping[str, Any]] = field(default=())
    """Each has a `title` and `parts`, pairs of a label and a text."""
    open_first: bool = True
    """Show the first sample without a click."""
    folded: bool = False
    """Show the table and samples on a click alone."""


def render_page(
    title: str,
    facts: Mapping[str, str],
    sections: Sequence[Section],
    warnings: Sequence[str] = (),
    contents: bool = False,
    lead: str = "",
    introduction: str = "",
) -> str:
    """The page as HTML; it needs no network.

    Args:
        title: of the page.
        facts: what is read first, a figure under each label.
        sections: in order.
        warnings: what a reader must know before the figures, a sentence each.
        contents: list the sections, with links, before them.
        lead: what it comes to, before anything else; a line is a paragraph.
        introduction: what a stranger must know to read the lead, before it.
    """
    environment = Environment(
        loader=PackageLoader("shoplm.reporting"), autoescape=True, undefined=StrictUndefined,
        trim_blocks=True, lstrip_blocks=True,
    )  # fmt: skip
    return environment.get_template("page.html.j2").render(
        title=title,
        facts=facts,
        sections=sections,
        warnings=warnings,
        contents=contents,
        lead=lead,
        introduction=introduction,
        plotly=get_plotlyjs() if any(section.figure for section in sections) else "",
        as_table=_as_table,
        as_figure=_as_figure,
    )


def _as_table(table: pd.DataFrame) -> str:
    def shown(value: Any) -> str:
        if pd.isna(value):
            return ""
        if isinstance(value, float):
            return f"{value:,.3g}" if abs(value) < 10 else f"{value:,.1f}"
        return f"{value:,}" if isinstance(value, int) else str(value).replace("\n", LINE_END)

    numbers = table.select_dtypes("number").columns
    return (
        table.astype(object)
        .map(shown)
        .rename(columns=lambda name: str(name).replace("\n", LINE_END))
        .to_html(index=False, border=0, escape=True, classes="numbers" if len(numbers) else None)
        .replace(LINE_END, "<br>")
    )


def _as_figure(figure: go.Figure) -> str:
    drawn = figure.to_html(
        full_html=False,
        include_plotlyjs=False,
        config={"displayModeBar": False, "responsive": True},
    )
    least = (figure.layout.meta or {}).get(MIN_WIDTH)
    return f'<div style="min-width: {least}px">{drawn}</div>' if least else drawn
