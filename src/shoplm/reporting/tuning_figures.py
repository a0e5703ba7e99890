"""Figures of sft."""

from __future__ import annotations

from collections.abc import Sequence

import pandas as pd
import plotly.graph_objects as go
from plotly.subplots import make_subplots

from shoplm.metrics.tuning import ALL_SEEDS
from shoplm.metrics.tuning_cells import ALL, TRAINED
from shoplm.metrics.tuning_scores import ACCURACY, BASELINE, LOSS, untuned, untuned_for
from shoplm.reporting.figures import COLOURS, styled

SIDES = {
    "validation": "tasks not held out", TRAINED: "tasks it trained on",
    "held_out": "held-out tasks",
}  # fmt: skip
"""What means over tasks are of; `pooled_rows` gives them as `split`."""
GREY = "#8a949c"
LINE, HEAD, FOOT = 36, 110, 40  # pixels: of a variant, above the panels and below
SHOWN = 5
"""Variants that the figure of tasks offers."""


def plot_ladder(results: pd.DataFrame, variants: pd.DataFrame) -> go.Figure:
    """Accuracy and answer loss of every variant, means over tasks, with intervals.

    The means are those of `SIDES`. The untuned models come first; dashed lines are a random
    answer's accuracy. With several seeds, a small circle is one of them.

    Args:
        results: see `shoplm.metrics.tuning.compare_tuned`.
        variants: variant, model, rank, tasks, examples, most_of_a_task.
    """
    pooled = pooled_rows(results)
    starts = list(dict.fromkeys(name_starts(results, variants).values()))
    names = [*starts, *variants["variant"]]
    labels = [*starts, *(_label(row) for row in variants.to_dict("records"))]
    titles = ["choice accuracy", "loss of the answer, nats a token"]
    panels = [ACCURACY, LOSS]
    if not (pooled["metric"] == ACCURACY).any():
        titles, panels = titles[1:], panels[1:]
    figure = make_subplots(
        len(panels), 1, subplot_titles=titles, vertical_spacing=60 / (len(names) * LINE * 2 + 60)
    )
    sides = [side for side in SIDES if side in set(pooled["split"])]
    for row, metric in enumerate(panels, start=1):
        for number, side in enumerate(sides):
            place = {"row": row, "col": 1}
            colour = COLOURS[number]
            of = pooled[(pooled["metric"] == metric) & (pooled["split"] == side)]
            shift = (number - (len(sides) - 1) / 2) * 0.25
            _draw(figure, of, names, shift, colour, SIDES[side], place, legend=row == 1)
            if metric == ACCURACY:
                _draw_random(figure, pooled, side, colour, place, len(sides) > 1)
        figure.update_yaxes(
            tickvals=list(range(len(names))), ticktext=labels, showgrid=False, zeroline=False,
            range=[len(names) - 0.5, -0.5], automargin=True, tickfont_size=11, row=row, col=1,
        )  # fmt: skip
        for line in range(0, len(names), 2):
            figure.add_hrect(y0=line - 0.5, y1=line + 0.5, fillcolor="#f3f6f8", line_width=0,
                             layer="below", row=row, col=1)  # fmt: skip
    if panels[0] == ACCURACY:
        figure.update_xaxes(tickformat=".0%", row=1, col=1)
    figure.update_xaxes(nticks=5)
    figure.update_annotations(font_size=13)
    height = HEAD + FOOT + len(panels) * len(names) * LINE + 60
    return _framed(styled(figure, "What each variant does, mean over tasks"), height)


def plot_tasks(results: pd.DataFrame, variants: pd.DataFrame) -> go.Figure:
    """Answer loss of every task before tuning (grey) and after, with intervals.

    The variant with the lowest mean loss on tasks not held out is shown, others from the legend.

    Args and columns: see `plot_ladder`.
    """
    chosen = results[(results["metric"] == LOSS) & (results["seed"] == ALL_SEEDS)]
    tasks = chosen[chosen["level"] == "task"].assign(
        place=lambda t: t["task"] + t["split"].map({"held_out": " (held out)"}).fillna("")
    )
    by_place = tasks.pivot_table(index="place", columns="variant", values="value")
    order = best_variants(results, variants)
    starts = name_starts(results, variants)
    figure = go.Figure()
    if not order:
        return styled(figure, "Loss by task")
    gain = by_place[order[0]] - by_place[starts[order[0]]]
    held_out = gain.index.str.endswith("(held out)")
    places = [*gain[~held_out].sort_values().index, *gain[held_out].sort_values().index]
    for number, variant in enumerate(order[:SHOWN]):
        colour = COLOURS[number % len(COLOURS)]
        after = tasks[tasks["variant"] == variant].set_index("place").loc[places]
        before = by_place[starts[variant]][places]
        visible = True if number == 0 else "legendonly"
        ends = [x for pair in zip(before, after["value"], strict=True) for x in (*pair, None)]
        lines = [y for y in range(len(places)) for y in (y, y, None)]
        common = {"legendgroup": variant, "visible": visible}
        figure.add_scatter(
            x=ends, y=lines, mode="lines", line={"color": GREY, "width": 1.5}, hoverinfo="skip",
            showlegend=False, **common,
        )  # fmt: skip
        figure.add_scatter(
            x=before, y=list(range(len(places))), mode="markers", showlegend=False,
            marker={"size": 7, "color": GREY}, hovertemplate="before: %{x:.3f}", **common,
        )  # fmt: skip
        figure.add_scatter(
            x=after["value"], y=list(range(len(places))), mode="markers", name=variant,
            marker={"size": 8, "color": colour}, error_x=_bars(after, colour),
            customdata=after[["task", "ci_low", "ci_high", "n"]],
            hovertemplate="%{customdata[0]}: %{x:.3f} (%{customdata[1]:.3f} to "
            "%{customdata[2]:.3f}), %{customdata[3]} examples", **common,
        )  # fmt: skip
    figure.update_yaxes(
        tickvals=list(range(len(places))), ticktext=[_broken(place) for place in places],
        range=[len(places) - 0.5, -0.5], showgrid=False, zeroline=False, automargin=True,
        tickfont_size=11,
    )  # fmt: skip
    figure.update_xaxes(title="nats a token of the answer", nticks=5)
    figure = styled(figure, "Loss by task, before (grey) and after")
    head = 70 + 28 * len(order[:SHOWN])  # a narrow page gives each name a line
    return _framed(figure, head + FOOT + 20 + 30 * len(places), head)


def pooled_rows(rows: pd.DataFrame) -> pd.DataFrame:
    """Means over tasks, of results or of a comparison: each variant's on the sides of `SIDES`."""
    own = (rows["level"] == TRAINED) & (rows["variant"] == rows["task"])
    pooled = rows[(rows["level"] == ALL) | own].copy()
    pooled.loc[own, ["split", "task"]] = TRAINED, ALL
    return pooled


def name_starts(results: pd.DataFrame, variants: pd.DataFrame) -> dict[str, str]:
    """What the model that each variant started from is called in results."""
    there = set(results["variant"])
    pairs = zip(variants["variant"], variants["model"], strict=True)
    return {v: n if (n := untuned_for(v, m)) in there else untuned(m) for v, m in pairs}


def best_variants(results: pd.DataFrame, variants: pd.DataFrame) -> list[str]:
    """Variants by their mean answer loss on tasks not held out, the lowest first."""
    pooled = results[
        (results["metric"] == LOSS) & (results["level"] == ALL) & (results["seed"] == ALL_SEEDS)
        & (results["split"] == "validation") & results["variant"].isin(variants["variant"])
    ]  # fmt: skip
    return pooled.sort_values("value", kind="stable")["variant"].tolist()


def _draw(
    figure: go.Figure,
    rows: pd.DataFrame,
    names: Sequence[str],
    shift: float,
    colour: str,
    label: str,
    place: dict[str, int],
    legend: bool,
) -> None:
    rows = rows[rows["variant"].isin(names)]
    mean = rows["seed"] == ALL_SEEDS
    line = rows["variant"].map(names.index) + shift
    if rows.loc[~mean, "seed"].nunique() > 1:
        figure.add_scatter(
            x=rows["value"][~mean], y=line[~mean], mode="markers", showlegend=False, opacity=0.7,
            marker={"symbol": "circle-open", "size": 5, "color": colour}, legendgroup=label,
            hovertemplate="one seed: %{x:.3f}", **place,
        )  # fmt: skip
    pooled = rows[mean]
    figure.add_scatter(
        x=pooled["value"], y=line[mean], mode="markers", name=label, legendgroup=label,
        showlegend=legend, marker={"size": 8, "color": colour}, error_x=_bars(pooled, colour),
        customdata=pooled[["variant", "ci_low", "ci_high", "n"]],
        hovertemplate="%{customdata[0]}: %{x:.3f} (%{customdata[1]:.3f} to %{customdata[2]:.3f}), "
        "%{customdata[3]} examples", **place,
    )  # fmt: skip


def _draw_random(
    figure: go.Figure, pooled: pd.DataFrame, side: str, colour: str, place: dict, several: bool
) -> None:
    guess = pooled[
        (pooled["variant"] == BASELINE) & (pooled["metric"] == "random_accuracy")
        & (pooled["split"] == side) & (pooled["seed"] == ALL_SEEDS)
    ]["value"]  # fmt: skip
    if len(guess):
        figure.add_vline(
            x=guess.iloc[0], line={"color": colour if several else "#555", "dash": "dash",
                                   "width": 1.5}, **place,
        )  # fmt: skip


def _bars(rows: pd.DataFrame, colour: str) -> dict:
    return {
        "array": rows["ci_high"] - rows["value"], "arrayminus": rows["value"] - rows["ci_low"],
        "thickness": 1.5, "width": 0, "color": colour,
    }  # fmt: skip


def _label(row: dict) -> str:
    tuned = "all weights" if pd.isna(row["rank"]) else f"rank {row['rank']:.0f}"
    size = f"{row['tasks']:.0f} tasks, ≤{row['most_of_a_task']:,.0f} each"
    return f"{row['variant']}<br><span style='font-size:9px'>{size}, {tuned}</span>"


def _broken(name: str) -> str:
    """A long name in two lines, at an underscore or a blank near its middle."""
    cuts = [i for i, c in enumerate(name) if c in "_ "]
    if len(name) <= 20 or not cuts:
        return name
    cut = min(cuts, key=lambda i: abs(i - len(name) / 2))
    return f"{name[: cut + 1]}<br>{name[cut + 1 :]}"


def _framed(figure: go.Figure, height: int, head: int = HEAD) -> go.Figure:
    """Keep the legend at the same distance above the panels, whatever the height."""
    return figure.update_layout(
        height=height, margin={"t": head, "b": FOOT}, title_y=1 - 8 / height,
        legend_y=1 + 24 / (height - head - FOOT),
    )  # fmt: skip
