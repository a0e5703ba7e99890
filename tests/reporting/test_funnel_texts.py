import json
from dataclasses import replace

import pandas as pd
import pytest

from shoplm.reporting.funnel import draw_figures
from shoplm.reporting.funnel_data import FunnelTables
from shoplm.reporting.funnel_settings import FunnelStudies
from simulated_funnel import MODELS, TRAINING, cell, lead, part, simulate_tables, words

ORDINARY = {name: of for name, of in MODELS.items() if not of[1]}


@pytest.fixture(scope="module")
def tables():
    return simulate_tables()


@pytest.fixture(scope="module")
def page(tables):
    return words(tables)


def test_a_stranger_is_told_what_is_seen(page):
    start = page.split('class="lead"')[0]
    assert "A funnel is the way from a list of items" in start and "MD, in front of any" in start
    legend = part(page, "The models")
    assert "MD in front: seq_md, mmoe_md" in legend and "MMoE: mmoe, mmoe_md" in legend
    assert "gbm" not in legend  # it was not trained


def test_what_must_be_known_of_a_log_stands_before_the_figures(tables):
    studies = FunnelStudies(notes={"shop": "It is simulated.", "never": "Not of this run."})
    before = words(tables, studies).split("<nav>")[0]
    assert "<li>It is simulated.</li>" in before and "Not of this run" not in before


def training_of(tables, **changed):
    """Section on training, and on costs, where the last variant is trained otherwise."""
    kept = tables.variants["training"].tolist()
    other = json.dumps(json.loads(TRAINING) | changed)
    page = words(replace(tables, variants=tables.variants.assign(training=[*kept[:-1], other])))
    return part(page, "Training"), part(page, "Costs")


def test_the_page_says_how_models_were_trained(tables, page):
    text = part(page, "Training")
    assert "passes was chosen on the validation dates" in text and "trained afresh" in text
    assert "no learning curve" not in text
    equal = "at most 2 passes over the rows, batches of 1,024 rows, a learning rate of 0.005."
    assert f"{equal} Sizes differ" in part(page, "Costs")
    assert "All ran on cpu with 1 thread." in part(page, "Costs")
    text, costs = training_of(tables, refit=False, learning_rate=0.01)
    assert "seq_md, seq, mmoe: The number" in text and "mmoe_md: The number" in text
    assert "which learned from no row of them" in text
    assert "Not equal: a learning rate of 0.005 to 0.01." in costs
    text, _ = training_of(tables, validation=None)
    assert (
        "mmoe_md: Each model was trained once, on all dates before the test, for 2 passes" in text
    )
    nothing = replace(tables, metrics=tables.metrics.head(0))
    assert "There is no learning curve" in part(words(nothing), "Training")
    assert "learning" not in draw_figures(nothing, FunnelStudies())


def test_without_md_its_sections_say_that_it_is_absent():
    plain = simulate_tables(models=ORDINARY)
    page = words(plain)
    for heading in ("Masks", "Plug and play", "Gains by region"):
        assert "Absent: No model with MD was trained." in part(page, heading)
    assert "No model with MD was trained." in lead(page)
    figures = draw_figures(plain, FunnelStudies())
    assert "masks" not in figures and "gains_by_region" not in figures


def test_where_no_feature_depends_on_the_region_md_was_off(tables):
    off = {"variants": tables.variants.assign(n_dependent=0),
           "region_masks": tables.region_masks.head(0),
           "costs": tables.costs.assign(warnings="MD is off: nothing depends")}  # fmt: skip
    page = words(replace(tables, **off))
    why = "MD was off in every model: no numeric feature depends on the region."
    assert why in lead(page) and why in part(page, "Plug and play") and why in part(page, "Masks")
    assert page.count("MD is off") == 1  # the page says what every run warned of


@pytest.mark.parametrize("name", ["US", "NA"])
def test_a_region_may_have_any_name(name, tmp_path):
    regions = ("CA", "TW", name)
    read = {}
    for key, table in vars(simulate_tables(regions=regions)).items():
        table.to_csv(tmp_path / key, index=False)
        read[key] = pd.read_csv(tmp_path / key, keep_default_na=False, na_values=[""])
    found = FunnelTables(**read)
    page = words(found)
    assert cell(page, "By region", ["checkout", "seq"], name).startswith("0.720")
    assert cell(page, "Masks", ["mmoe_md", name], "price") == "1.50"
    figures = draw_figures(found, FunnelStudies())
    for figure in ("feature_split", "masks"):
        assert name in figures[figure].data[0].x
    assert name in figures["gains_by_region"].layout.yaxis.ticktext


def test_with_one_region_md_is_off_and_nothing_stands_by_region():
    alone = simulate_tables(regions=("US",))
    page = words(alone)
    assert ">By region</h2>" not in page
    assert "There is one region, US: no feature can depend on it." in page
    why = "There is one region, US: nothing can depend on it, and MD is off in every model."
    assert why in page
    assert "MD was off in every model: there is one region, US." in lead(page)
    assert "feature_split" not in draw_figures(alone, FunnelStudies())


def test_warnings_of_runs_stand_once(tables):
    costs = tables.costs.assign(warnings=["few rows; or none\nslow", *["few rows; or none"] * 3])
    page = words(replace(tables, costs=costs))
    assert page.count("Runs warn: few rows; or none.") == 1 and "Runs warn: slow (seq_md)." in page
