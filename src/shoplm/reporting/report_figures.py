"""Figures of the report: variants by benchmark, the checkpoint curve and the ladder."""

from __future__ import annotations

from collections.abc import Collection, Iterable, Sequence

import pandas as pd
import plotly.graph_objects as go
from plotly.subplots import make_subplots

from shoplm.reporting.benchmark_cells import BASELINES, PARTIAL, PARTLY, Cells, title_of
from shoplm.reporting.curve_points import curve_points, name_curves
from shoplm.reporting.figures import COLOURS, styled
from shoplm.reporting.paper_tables import OURS

BASE, PRETRAINED, TUNED, OTHER = "base", "pre-trained", "tuned", "other"
FAMILIES = {BASE: "#6b7680", PRETRAINED: COLOURS[0], TUNED: COLOURS[1], OTHER: COLOURS[4]}
DASHES = dict(zip(BASELINES, ("dash", "dot"), strict=True))
GREY = "#8a949c"
LINE, GAP, PANEL, HEAD, FOOT = 24, 66, 250, 112, 44
"""Pixels: a variant, between panels, a panel of curves, above all panels and below."""


def plot_benchmarks(
    results: pd.DataFrame, pretrained: Collection[str] = (), tuned: Collection[str] = ()
) -> go.Figure:
    """Mean score of every variant on every benchmark, with intervals; baselines are lines.

    Args:
        results: see `fill_tables`.
        pretrained: variants of continual pre-training, which have a colour of their own.
        tuned: the same of instruction tuning.
    """
    cells = Cells(results)
    family = {BASE: BASE} | dict.fromkeys(pretrained, PRETRAINED) | dict.fromkeys(tuned, TUNED)
    panels = {
        benchmark: [
            figure
            for variant in cells.variants
            if (figure := cells.find(variant, benchmark, "benchmark"))
            and not pd.isna(figure["value"])
        ]
        for benchmark in cells.benchmarks
    }
    panels = {name: figures for name, figures in panels.items() if figures}
    if not panels:
        return _empty("Scores by benchmark", "No benchmark was measured.")
    families = list(FAMILIES)
    models = {
        name: sorted(
            (f for f in figures if f["variant"] not in BASELINES),
            key=lambda f: families.index(family.get(f["variant"], OTHER)),
        )
        for name, figures in panels.items()
    }
    heights = [max(len(figures), 1) * LINE + 16 for figures in models.values()]
    figure = make_subplots(
        len(panels), 1, subplot_titles=list(map(title_of, panels)), row_heights=heights,
        vertical_spacing=_spacing(heights),
    )  # fmt: skip
    legend = set()
    for row, (benchmark, figures) in enumerate(panels.items(), start=1):
        place = {"row": row, "col": 1}
        names = [f["variant"] for f in models[benchmark]]
        for kind, colour in FAMILIES.items():
            of = [f for f in models[benchmark] if family.get(f["variant"], OTHER) == kind]
            if not of:
                continue
            figure.add_scatter(
                x=[100 * f["value"] for f in of], y=[names.index(f["variant"]) for f in of],
                mode="markers", name=kind, legendgroup=kind, showlegend=kind not in legend,
                marker={"size": 9, "color": colour}, error_x=_bars(of, colour),
                customdata=[
                    (f["variant"], _points(f["ci_low"]), _points(f["ci_high"]), f["n"]) for f in of
                ],
                hovertemplate="%{customdata[0]}: %{x:.1f} (%{customdata[1]} to %{customdata[2]}), "
                "n %{customdata[3]}<extra></extra>", **place,
            )  # fmt: skip
            legend.add(kind)
        figure.update_yaxes(
            tickvals=list(range(len(names))), range=[len(names) - 0.4, -0.6],
            ticktext=[f["variant"] + PARTLY * (f["status"] == PARTIAL) for f in models[benchmark]],
            showgrid=False, zeroline=False, automargin=True, tickfont_size=11, **place,
        )  # fmt: skip
        for baseline in (f for f in figures if f["variant"] in BASELINES):
            _draw_baseline(figure, baseline, len(names), baseline["variant"] not in legend, place)
            legend.add(baseline["variant"])
    ends = [f["ci_high"] for figures in panels.values() for f in figures]
    ends += [f["value"] for figures in panels.values() for f in figures]
    figure.update_xaxes(nticks=6, range=_span(ends))
    figure.update_xaxes(title="score, points of 100", row=len(panels), col=1)
    _left_titles(figure)
    total = sum(heights) + GAP * (len(panels) - 1)
    return _framed(styled(figure, "Scores by benchmark, mean over tasks"), total)


def plot_checkpoint_curve(curve: pd.DataFrame, benchmarks: Iterable[str] = ()) -> go.Figure:
    """Scores along continual pre-training by tokens seen; the band is the interval.

    Args:
        curve: see `curve_points`.
        benchmarks: those that are drawn; none named: all.
    """
    points, titles = curve_points(curve), name_curves(curve)
    wanted = [name for name in benchmarks if name in titles] or list(titles)
    if not wanted:
        return _empty("Scores along pre-training", "No checkpoint was measured.")
    heights = [PANEL] * len(wanted)
    figure = make_subplots(
        len(wanted), 1, subplot_titles=[titles[name] for name in wanted],
        shared_xaxes=len(wanted) > 1, vertical_spacing=_spacing(heights),
    )  # fmt: skip
    _left_titles(figure)
    variants = [v for v in dict.fromkeys(points["variant"]) if v not in BASELINES]
    for row, benchmark in enumerate(wanted, start=1):
        for number, variant in enumerate(variants):
            of = points[(points["benchmark"] == benchmark) & (points["variant"] == variant)]
            _draw_curve(
                figure, of["tokens"], of, variant, COLOURS[number % len(COLOURS)], row, row == 1
            )
        guesses = points[(points["benchmark"] == benchmark) & points["variant"].isin(BASELINES)]
        for name, value in guesses.groupby("variant")["value"].mean().items():
            _mark_baseline(figure, name, value, row)
    figure.update_xaxes(rangemode="tozero", nticks=6)
    figure.update_xaxes(title="tokens of pre-training", row=len(wanted), col=1)
    figure.update_yaxes(nticks=5, automargin=True)
    total = sum(heights) + GAP * (len(wanted) - 1)
    return _framed(styled(figure, "Scores along pre-training, points of 100"), total)


def plot_score_ladder(paper_tables: pd.DataFrame, table: str, title: str) -> go.Figure:
    """The rows of one filled table as steps from left to right, a line for each column.

    Args:
        paper_tables: see `fill_tables`.
        table: name of the table.
        title: of the figure.
    """
    of = paper_tables[(paper_tables["table"] == table) & (paper_tables["source"] == OURS)]
    measured = of[of["value"].notna()]
    steps = measured[~measured["row"].isin(BASELINES)]
    labels = list(dict.fromkeys(steps["label"]))
    if len(labels) < 2:
        return _empty(title, "Fewer than two steps of it were measured.")
    columns = list(dict.fromkeys(steps["column"]))
    figure = make_subplots(1, 1)
    means = steps.loc[steps["level"] == "benchmark", "column"].unique()
    ordered = [c for c in columns if c not in means] + [c for c in columns if c in means]
    for number, column in enumerate(ordered):
        is_mean = column in means
        colour = "#222" if is_mean else COLOURS[number % len(COLOURS)]
        lines = steps[steps["column"] == column]
        places = lines["label"].map(labels.index)
        _draw_curve(figure, places, lines, column, colour, 1, True, band=is_mean,
                    width=3 if is_mean else 1.5)  # fmt: skip
    mean = measured[measured["row"].isin(BASELINES) & (measured["level"] == "benchmark")]
    for row in mean.to_dict("records"):
        _mark_baseline(figure, row["row"], row["value"], 1)
    figure.update_xaxes(
        tickvals=list(range(len(labels))), ticktext=[_broken(label) for label in labels],
        range=[-0.3, len(labels) - 0.7], tickfont_size=11, automargin=True, showgrid=False,
        zeroline=False,
    )  # fmt: skip
    figure.update_yaxes(title="score, points of 100", rangemode="tozero", nticks=6)
    return _framed(styled(figure, title), 300)


def _draw_curve(
    figure: go.Figure,
    x: pd.Series,
    rows: pd.DataFrame,
    name: str,
    colour: str,
    panel: int,
    legend: bool,
    band: bool = True,
    width: float = 2,
) -> None:
    place = {"row": panel, "col": 1}
    if band and rows["ci_low"].notna().all() and len(rows) > 1:
        x_there_and_back = [*x, *x[::-1]]
        ends = [*(100 * rows["ci_high"]), *(100 * rows["ci_low"])[::-1]]
        figure.add_scatter(
            x=x_there_and_back, y=ends, fill="toself", mode="none", opacity=0.1, fillcolor=colour,
            legendgroup=name, showlegend=False, hoverinfo="skip", **place,
        )  # fmt: skip
    figure.add_scatter(
        x=x, y=100 * rows["value"], mode="lines+markers", name=name, legendgroup=name,
        showlegend=legend, line={"color": colour, "width": width}, marker={"size": 6},
        customdata=[
            (_points(low), _points(high))
            for low, high in zip(rows["ci_low"], rows["ci_high"], strict=True)
        ],
        hovertemplate=f"{name}: %{{y:.1f}} (%{{customdata[0]}} to %{{customdata[1]}})"
        "<extra></extra>", **place,
    )  # fmt: skip


def _draw_baseline(
    figure: go.Figure, baseline: dict, n_lines: int, legend: bool, place: dict[str, int]
) -> None:
    name = baseline["variant"]
    figure.add_scatter(
        x=[100 * baseline["value"]] * 2, y=[-0.6, max(n_lines, 1) - 0.4], mode="lines", name=name,
        legendgroup=name, showlegend=legend, hovertemplate=f"{name}: %{{x:.1f}}<extra></extra>",
        legendrank=2_000,  # after the models, which later panels may be the first to have
        line={"color": GREY, "dash": DASHES[name], "width": 1.5}, **place,
    )  # fmt: skip


def _mark_baseline(figure: go.Figure, name: str, value: float, panel: int) -> None:
    figure.add_hline(
        y=100 * value, line={"color": GREY, "dash": DASHES[name], "width": 1.5},
        annotation={"text": name, "font": {"size": 11, "color": GREY}},
        annotation_position="bottom right", row=panel, col=1,
    )  # fmt: skip


def _bars(figures: Sequence[dict], colour: str) -> dict:
    return {
        "array": [100 * (f["ci_high"] - f["value"]) for f in figures],
        "arrayminus": [100 * (f["value"] - f["ci_low"]) for f in figures],
        "thickness": 1.5, "width": 0, "color": colour,
    }  # fmt: skip


def _points(value: float) -> str:
    return "?" if pd.isna(value) else f"{100 * value:.1f}"


def _broken(label: str) -> str:
    """A label in lines of about twelve characters."""
    lines = [""]
    for word in label.split():
        if lines[-1] and len(lines[-1]) + len(word) > 12:
            lines.append("")
        lines[-1] = f"{lines[-1]} {word}".strip()
    return "<br>".join(lines)


def _span(values: Sequence[float]) -> list[float]:
    """From 0 to the largest, in points, with room for half a marker at both ends."""
    top = max([value for value in values if not pd.isna(value)] or [1])
    return [-2 * top, 104 * top]


def _left_titles(figure: go.Figure) -> None:
    """Before lines are marked: their names are annotations too."""
    figure.update_annotations(font_size=13, x=0, xanchor="left")


def _spacing(heights: Sequence[int]) -> float:
    total = sum(heights) + GAP * (len(heights) - 1)
    return GAP / total if len(heights) > 1 else 0


def _framed(figure: go.Figure, panels: int) -> go.Figure:
    """Keep the legend at the same distance above the panels, whatever their height."""
    height = HEAD + panels + FOOT
    return figure.update_layout(
        height=height, margin={"t": HEAD, "b": FOOT}, title_y=1 - 8 / height,
        legend_y=1 + 26 / panels,
    )  # fmt: skip


def _empty(title: str, text: str) -> go.Figure:
    figure = styled(go.Figure(), title).update_layout(height=HEAD + FOOT)
    figure.add_annotation(text=text, showarrow=False, x=0, xref="paper", xanchor="left")
    return figure.update_xaxes(visible=False).update_yaxes(visible=False)
