import re

import numpy as np
import pandas as pd
import pytest

from shoplm.metrics.perplexity import compare_models
from shoplm.metrics.settings import BootstrapSettings
from shoplm.reporting.pretraining import (
    plot_perplexity,
    plot_training,
    render_pretraining_page,
)
from shoplm.reporting.pretraining_figures import order_splits
from simulated_training import simulate_training

BOOTSTRAP = BootstrapSettings(samples=499)
PAIRS = [("mixed", "separate")]


def show(losses, metrics, pairs=PAIRS):
    comparison = compare_models(losses, BOOTSTRAP, pairs, 8_000)
    figures = {"training": plot_training(metrics), "perplexity": plot_perplexity(comparison)}
    return comparison, figures, render_pretraining_page(metrics, comparison, figures)


@pytest.fixture(scope="module")
def one_seed():
    return show(*simulate_training())


@pytest.fixture(scope="module")
def three_seeds():
    return show(*simulate_training(seeds=(0, 1, 2)))


def traces(figure, name):
    return [trace for trace in figure.data if trace.name == name]


def cell(page, heading, row, column):
    """A cell of the table under a heading."""
    part = page[page.index(f"<h2>{heading}</h2>") :]
    table = part[part.index("<table") : part.index("</table>")]
    rows = [re.findall(r"<t[hd]>(.*?)</t[hd]>", line) for line in table.split("</tr>")]
    found = [cells for cells in rows if cells[: len(row)] == list(row)]
    assert len(found) == 1, (row, rows)
    return found[0][rows[0].index(column)]


def test_the_page_shows_each_change_with_its_interval(one_seed):
    comparison, _, page = one_seed
    chosen = comparison[
        (comparison["variant"] == "ecom_only") & (comparison["against"] == "base")
    ].query("split == 'general' and seed == 'all'")
    value, low, high = 100 * (chosen[["value", "ci_low", "ci_high"]].iloc[0] - 1)
    shown = cell(page, "Learned and forgotten", ["general"], "ecom_only")
    assert shown == f"+{value:.1f}% ({low:.1f} to {high:.1f})"
    assert "−" in cell(page, "Learned and forgotten", ["shop_zh"], "mixed")
    assert cell(page, "Runs", ["mixed"], "tokens") == "129,024"
    assert "A uniform guess over the vocabulary has 8,000." in page
    assert "±" not in cell(page, "Perplexity at the end", ["shop"], "mixed")
    assert "There is one seed" in page and "narrower than it should" not in page
    assert cell(page, "Perplexity at the end", ["shop"], "groups") == "120"


def test_several_seeds_show_their_spread(three_seeds):
    _, figures, page = three_seeds
    assert "±" in cell(page, "Perplexity at the end", ["shop"], "mixed")
    assert "the 3 seeds" in page
    circles = [t for t in figures["perplexity"].data if t.marker.symbol == "circle-open"]
    assert [len(trace.x) for trace in circles] == [27] * 4  # seeds times splits, a variant
    bands = [trace for trace in figures["training"].data if trace.fill == "toself"]
    assert len(bands) == 8 * 4


def test_a_difference_needs_a_small_p_and_seeds_that_agree():
    losses, metrics = simulate_training(
        {"mixed": (0, 0, -0.5), "separate": (0, 0, 0)}, seeds=(0, 1, 2), n_documents=80
    )
    torn = losses["split"].str.startswith("shop") & losses["variant"].eq("mixed")
    pulls = losses["seed"].map({0: -0.5, 1: -0.5, 2: 0.2}) * (losses["step"] > 0)
    losses.loc[torn, "loss"] += (pulls * losses["n_targets"])[torn]
    comparison, _, page = show(losses, metrics)
    row = comparison.query("against == 'separate' and split == 'shop' and seed == 'all'").iloc[0]
    assert row["p_holm"] < 0.05
    where = ("Variants against each other", ["mixed", "separate", "shop"], "outcome")
    assert cell(page, *where) == "seeds disagree"
    where[1][2] = "clusters"
    assert cell(page, *where) == "better"
    assert "mixed against separate on clusters: better" in page


def test_points_and_curves_are_the_data(one_seed):
    comparison, figures, _ = one_seed
    (points,) = traces(figures["perplexity"], "mixed")
    rows = comparison.query("variant == 'mixed' and against == 'base' and seed == 'all'")
    assert sorted(points.x) == pytest.approx(sorted(rows["value"]))
    assert list(points.error_x.array) == pytest.approx(list(rows["ci_high"] - rows["value"]))
    by_place = rows.set_index("split")["value"]
    order = order_splits(rows["split"])
    assert [by_place[order[round(y)]] for y in points.y] == pytest.approx(list(points.x))
    assert list(figures["perplexity"].layout.yaxis.ticktext)[:2] == ["<b>general</b>", "general_en"]
    curves = traces(figures["training"], "mixed")
    assert len(curves) == 2 + 6 and sum(trace.showlegend for trace in curves) == 1
    _, metrics = simulate_training()
    held_out = metrics.query("variant == 'mixed' and metric == 'perplexity'")
    expected = held_out[held_out["split"] == "general_en"]
    assert list(curves[2].x) == list(expected["tokens"])
    assert list(curves[2].y) == pytest.approx(list(expected["value"]))


def test_a_long_run_is_drawn_with_few_points_that_keep_its_mean():
    _, metrics = simulate_training(n_steps=1_000, n_documents=4)
    loss = traces(plot_training(metrics), "mixed")[0]
    raw = metrics.query("variant == 'mixed' and split == 'train' and metric == 'loss'")["value"]
    assert 40 <= len(loss.x) <= 60
    assert np.mean(loss.y) == pytest.approx(raw.mean(), rel=0.01)


def test_splits_come_general_shop_clusters_then_others():
    names = ["shop_en", "clusters_zh", "news_fr", "general", "shop", "general_zh"]
    assert order_splits(names) == [
        "general", "general_zh", "shop", "shop_en", "clusters_zh", "news_fr",
    ]  # fmt: skip


def test_one_language_one_document_and_no_pair():
    losses, metrics = simulate_training(splits=("general_en", "shop_en"), n_documents=1)
    _, figures, page = show(losses, metrics, pairs=[])
    assert (
        "No pair of variants was named" in page and "nan" not in page.lower().split("<h1>")[1][:900]
    )
    assert re.fullmatch(r"[+−][\d.]+%", cell(page, "Learned and forgotten", ["shop_en"], "mixed"))
    assert list(figures["perplexity"].layout.yaxis.ticktext) == ["general_en", "shop_en"]


def test_without_held_out_text_the_page_says_so():
    _, metrics = simulate_training(n_documents=2)
    metrics = metrics[metrics["split"] == "train"]
    comparison = compare_models(pd.DataFrame(), BOOTSTRAP)
    figures = {"training": plot_training(metrics), "perplexity": plot_perplexity(comparison)}
    page = render_pretraining_page(metrics, comparison, figures)
    assert "No held-out text was measured" in page and "<b>129,024</b>" in page
    assert page.count('class="plotly-graph-div"') == 1


def test_the_page_survives_a_table_read_back_from_a_file(tmp_path, one_seed):
    comparison, figures, page = one_seed
    _, metrics = simulate_training()
    comparison.to_csv(tmp_path / "comparison.csv", index=False)
    again = pd.read_csv(tmp_path / "comparison.csv")
    assert plot_perplexity(again).to_json() == figures["perplexity"].to_json()
    rendered = render_pretraining_page(metrics, again, figures)
    without_ids = [
        re.sub(r"[0-9a-f]{8}(-[0-9a-f]{4}){3}-[0-9a-f]{12}", "", p) for p in (page, rendered)
    ]
    assert without_ids[0] == without_ids[1]
