"""Figures that studies share: points with intervals, lines, and curves along training."""

from __future__ import annotations

from collections.abc import Sequence
from typing import NamedTuple

import pandas as pd
import plotly.graph_objects as go
from plotly.colors import hex_to_rgb
from plotly.subplots import make_subplots

from shoplm.reporting.figures import COLOURS, line_looks, styled
from shoplm.reporting.page import MIN_WIDTH

MEAN = "mean"
"""The seed of rows that are means over seeds."""
LINE, HEAD, FOOT = 30, 100, 45  # pixels: of a line, above the panels and below
PANEL = 160  # pixels that a panel needs
SYMBOLS = ("circle", "diamond", "square", "x")


class Scale(NamedTuple):
    """How values of an axis are written."""

    ticks: str
    """Format of d3."""
    hover: str
    """Format of a point's value."""
    start: str
    """`tozero` where 0 means something, else `normal`."""
    title: str = ""
    """Of the axis."""


SHARES = Scale(".1%", ".2%", "tozero")


def plot_points(
    rows: pd.DataFrame, title: str, lines: Sequence[str] | None = None, scale: Scale = SHARES
) -> go.Figure:
    """A point and its interval for each figure; of several seeds, a small circle each.

    Args:
        rows: line, series, panel, seed (`mean` for the point), value, ci_low, ci_high, n.
        title: of the figure.
        lines: their order, from the top; the default is that of the rows.
        scale: of the values.
    """
    lines = list(lines if lines is not None else dict.fromkeys(rows["line"]))
    panels, series = list(dict.fromkeys(rows["panel"])), list(dict.fromkeys(rows["series"]))
    if rows.empty:
        return styled(go.Figure(), title)
    figure = make_subplots(
        1, len(panels), shared_yaxes=True, subplot_titles=panels, horizontal_spacing=0.04
    )
    lane = 0.7 / len(series)
    for column, panel in enumerate(panels, start=1):
        for number, name in enumerate(series):
            part = rows[(rows["panel"] == panel) & (rows["series"] == name)]
            shift = (number - (len(series) - 1) / 2) * lane
            _draw(figure, part, lines, shift, number, name, column,
                  column == 1 and len(series) > 1, scale.hover)  # fmt: skip
        for line in range(0, len(lines), 2):
            figure.add_hrect(y0=line - 0.5, y1=line + 0.5, fillcolor="#f3f6f8", line_width=0,
                             layer="below", row=1, col=column)  # fmt: skip
    figure.update_yaxes(
        tickvals=list(range(len(lines))), ticktext=lines, range=[len(lines) - 0.5, -0.5],
        showgrid=False, zeroline=False, automargin=True, tickfont_size=11,
    )  # fmt: skip
    figure.update_xaxes(
        nticks=4, rangemode=scale.start, tickformat=scale.ticks, title=scale.title or None,
        tickangle=0,
    )  # fmt: skip
    figure.update_annotations(font_size=13)
    figure.update_layout(meta={MIN_WIDTH: PANEL * len(panels)} if len(panels) > 2 else None)
    inner = LINE * len(lines) + 12 * max(len(series) - 2, 0) * len(lines)
    return framed(styled(figure, title), HEAD + FOOT + inner)


def plot_lines(
    rows: pd.DataFrame, title: str, axis: str, logarithmic: bool, scale: Scale = SHARES
) -> go.Figure:
    """Figures over a number, such as parameters or a rank: a line a series, a panel a column.

    Args:
        rows: x, series, panel, line (a point's name), seed (`mean`), value, ci_low, ci_high, n.
        title: of the figure.
        axis: what x counts.
        logarithmic: draw x by its logarithm.
        scale: of the values.
    """
    panels, series = list(dict.fromkeys(rows["panel"])), list(dict.fromkeys(rows["series"]))
    if rows.empty:
        return styled(go.Figure(), title)
    figure = make_subplots(1, len(panels), subplot_titles=panels, horizontal_spacing=0.08)
    means = rows[rows["seed"] == MEAN]
    for column, panel in enumerate(panels, start=1):
        for number, name in enumerate(series):
            part = means[(means["panel"] == panel) & (means["series"] == name)].sort_values("x")
            colour = COLOURS[number % len(COLOURS)]
            figure.add_scatter(
                x=part["x"], y=part["value"], name=name, legendgroup=name, mode="lines+markers",
                showlegend=column == 1, line={"color": colour}, error_y=_bars(part, colour),
                customdata=part[["line", "ci_low", "ci_high", "n"]],
                hovertemplate=_hover("y", scale.hover), row=1, col=column,
            )  # fmt: skip
    figure.update_xaxes(title=axis, type="log" if logarithmic else "linear", nticks=5)
    figure.update_yaxes(tickformat=scale.ticks, nticks=5, rangemode=scale.start, automargin=True)
    figure.update_yaxes(title=scale.title or None, row=1, col=1)
    figure.update_annotations(font_size=13)
    return framed(styled(figure, title), 360)


def plot_curves(measured: pd.DataFrame, x: str, title: str, hover: str) -> go.Figure:
    """A curve a variant along its training; of several seeds, their mean and range.

    Variants with one measurement alone have no curve.

    Args:
        measured: variant, step, value, and `x`.
        x: column of the horizontal axis.
        title: of the figure.
        hover: what a point says.
    """
    figure = go.Figure()
    steps = measured.groupby("variant", sort=False)["step"].nunique()
    kept = list(steps[steps > 1].index)
    looks = line_looks(kept)
    for variant in kept:
        look = looks[variant]
        points = measured[measured["variant"] == variant].groupby("step")
        curve = pd.DataFrame(
            {
                "x": points[x].mean(), "middle": points["value"].mean(),
                "low": points["value"].min(), "high": points["value"].max(),
            }
        )  # fmt: skip
        if (curve["high"] > curve["low"]).any():
            figure.add_scatter(
                x=[*curve["x"], *curve["x"][::-1]],
                y=[*curve["high"], *curve["low"][::-1]], fill="toself", line_width=0, mode="lines",
                fillcolor=f"rgba{(*hex_to_rgb(look['color']), 0.15)}", hoverinfo="skip",
                showlegend=False, legendgroup=variant,
            )  # fmt: skip
        figure.add_scatter(
            x=curve["x"], y=curve["middle"], name=variant, legendgroup=variant,
            mode="lines+markers", marker_size=5, line=look,
            hovertemplate=hover,
        )  # fmt: skip
    framed(styled(figure, title), 420 + 8 * len(kept))
    # many names, in some lines on a narrow page: below, where there is room
    return figure.update_layout(legend={"y": -0.2, "yanchor": "top"}, margin_t=50)


def framed(figure: go.Figure, height: int) -> go.Figure:
    """Keep the legend at the same distance above the panels, whatever the height."""
    return figure.update_layout(
        height=height, margin={"t": HEAD, "b": FOOT}, title_y=1 - 8 / height,
        legend_y=1 + 24 / (height - HEAD - FOOT),
    )  # fmt: skip


def _draw(
    figure: go.Figure,
    rows: pd.DataFrame,
    lines: Sequence[str],
    shift: float,
    number: int,
    name: str,
    column: int,
    legend: bool,
    form: str,
) -> None:
    colour = COLOURS[number % len(COLOURS)]
    symbol = SYMBOLS[number // len(COLOURS) % len(SYMBOLS)]
    mean = rows["seed"] == MEAN
    height = rows["line"].map(lines.index) + shift
    common = {"legendgroup": name, "row": 1, "col": column}
    if rows.loc[~mean, "seed"].nunique() > 1:
        figure.add_scatter(
            x=rows["value"][~mean], y=height[~mean], mode="markers", showlegend=False, opacity=0.7,
            marker={"symbol": "circle-open", "size": 5, "color": colour},
            hovertemplate=f"one seed: %{{x:{form}}}", **common,
        )  # fmt: skip
    points = rows[mean]
    figure.add_scatter(
        x=points["value"], y=height[mean], mode="markers", name=name, showlegend=legend,
        marker={"size": 8, "color": colour, "symbol": symbol}, error_x=_bars(points, colour),
        customdata=points[["line", "ci_low", "ci_high", "n"]],
        hovertemplate=_hover("x", form), **common,
    )  # fmt: skip


def _bars(rows: pd.DataFrame, colour: str) -> dict:
    return {
        "array": (rows["ci_high"] - rows["value"]).fillna(0),
        "arrayminus": (rows["value"] - rows["ci_low"]).fillna(0),
        "thickness": 1.5, "width": 0, "color": colour,
    }  # fmt: skip


def _hover(axis: str, form: str) -> str:
    value, low, high = (f"%{{{name}:{form}}}" for name in (axis, "customdata[1]", "customdata[2]"))
    return f"%{{customdata[0]}}: {value} ({low} to {high}), %{{customdata[3]}} cases"
