from pathlib import Path

import pytest
import yaml

from shoplm.metrics.funnel_rows import POPULAR_FIRST, RANDOM
from shoplm.reporting.funnel import draw_figures
from shoplm.reporting.funnel_settings import FunnelStudies
from simulated_funnel import MODELS, join_tables, simulate_tables

CONF = Path(__file__).parents[2] / "conf"


@pytest.fixture(scope="module")
def figures():
    return draw_figures(simulate_tables(seeds=(0, 1)), FunnelStudies())


def test_distances_are_to_the_farthest_region_and_change_colour_at_the_threshold(figures):
    heat = figures["feature_split"].data[0]
    assert heat.y == ("<b>price</b>", "<b>clicks</b>", "hour (set)", "position")
    assert list(heat.x) == ["CA", "TW", "US"]
    # CA-TW 0.52, CA-US 0.26, TW-US 0.173
    assert list(heat.z[0]) == pytest.approx([0.52, 0.52, 0.26])
    stops = [at for at, _ in heat.colorscale]
    assert stops[1] == stops[2] == pytest.approx(0.3 / 0.52)
    assert "0.30 threshold" in heat.colorbar.ticktext
    line = figures["feature_split"].layout.shapes[0]
    assert line.y0 == line.y1 == 1.5  # below the two dependent ones


def test_masks_are_means_over_seeds_of_the_sequence(figures):
    heat = figures["masks"].data[0]
    assert "seq_md" in figures["masks"].layout.title.text
    assert [row[1] for row in heat.text] == ["1.05", "1.05"]  # 1.0 and 1.1
    assert heat.z[0][0] < 0 < heat.z[0][2] and heat.zmin == -heat.zmax


def test_gains_have_the_intervals_of_the_tests(figures):
    points = {(t.xaxis or "x", t.name): t for t in figures["gains_by_region"].data}
    titles = [note.text for note in figures["gains_by_region"].layout.annotations[:4]]
    assert titles == ["NDCG@10, checkout", "NDCG@10, purchase", "AUC, checkout", "AUC, purchase"]
    of = points["x2", "mmoe_md"]
    assert figures["gains_by_region"].layout.yaxis.ticktext == ("all regions", "CA", "TW", "US")
    assert list(of.x) == pytest.approx([0.02, 0.02, 0.03, 0.04])
    assert list(of.error_x.array) == pytest.approx([0.005] * 4)


def test_curves_and_scores_hold_the_data(figures):
    curves = {trace.name: trace for trace in figures["learning"].data}
    assert list(curves) == list(MODELS) and list(curves["seq"].x) == [0.5, 1.0, 1.5]
    assert list(curves["seq"].y) == pytest.approx([0.72, 0.74, 0.76])
    assert figures["learning"].layout.xaxis.title.text == "passes over the training rows"
    means = next(t for t in figures["scores"].data if t.marker.symbol == "circle")
    lines = figures["scores"].layout.yaxis.ticktext
    points = {lines[int(y)]: x for x, y in zip(means.x, means.y, strict=True)}
    assert points["random"] == pytest.approx(0.45) and points["mmoe"] == pytest.approx(0.75375)


def test_another_log_has_its_name_behind():
    renamed = {f"{name}_merch": of for name, of in MODELS.items()}
    both = join_tables(simulate_tables(), simulate_tables("merch", models=renamed))
    figures = draw_figures(both, FunnelStudies())
    own = {"scores", "feature_split", "masks", "gains_by_region", "learning"}
    assert set(figures) == own | {f"{name}_merch" for name in own}
    assert "seq_md_merch" in figures["masks_merch"].layout.title.text


def test_studies_are_drawn_by_their_kind():
    studies = FunnelStudies.model_validate(
        {
            "studies": {
                "lines": {"title": "T", "source": "ours", "kind": "lines", "axis": "threshold",
                          "columns": {"a": {"task": "purchase"}, "b": {"cost": "n_dependent"}},
                          "rows": {"seq": {"x": 0.9, "group": "SEQ"},
                                   "seq_md": {"x": 0.3, "group": "SEQ"}}},
                "table": {"title": "T", "source": "ours", "columns": {"a": {}},
                          "rows": {"seq": {}}},
                "none": {"title": "T", "source": "ours", "kind": "bars", "columns": {"a": {}},
                         "rows": {"never": {}}},
            }
        }
    )  # fmt: skip
    figures = draw_figures(simulate_tables(), studies)
    assert "table" not in figures and "none" not in figures
    ndcg, features = figures["lines"].data
    assert list(ndcg.x) == [0.3, 0.9] and list(ndcg.y) == pytest.approx([0.8, 0.78])
    assert list(features.y) == [2, 0]
    assert figures["lines"].layout.xaxis.title.text == "threshold"


@pytest.mark.parametrize("environment", ["base", "study", "public"])
def test_studies_name_variants_that_the_environment_trains(environment):
    """The test environment leaves some out, to have gaps."""

    def read(kind, key):
        found = []
        for name in dict.fromkeys(["base", environment]):
            file = CONF / name / f"parameters_recsys_{kind}.yml"
            found += [yaml.safe_load(file.read_text())[key]] if file.exists() else []
        return found

    variants, studies = {RANDOM: {}, POPULAR_FIRST: {}}, {"shown": [], "studies": {}}
    for part in read("funnel", "funnel"):
        variants |= part.get("variants", {})
    for part in read("funnel_studies", "funnel_studies"):
        studies["shown"] = part.get("shown", studies["shown"])
        studies["studies"] |= part.get("studies", {})
    for study in FunnelStudies.model_validate(studies).kept().values():
        for variant in study.variants().values():
            assert variants.get(variant) is not None, (study.title, variant)
