import json
from dataclasses import replace

import numpy as np
import pandas as pd
import pytest

from shoplm.reporting.funnel import draw_figures, fill_studies
from shoplm.reporting.funnel_pairs import list_md_pairs
from shoplm.reporting.funnel_section import report_sections
from shoplm.reporting.funnel_settings import FunnelStudies
from simulated_funnel import (
    MODELS,
    PAIRS,
    cell,
    join_tables,
    lead,
    part,
    simulate_comparison,
    simulate_results,
    simulate_tables,
    words,
)

STUDIES = FunnelStudies.model_validate(
    {
        "studies": {
            "ablation": {
                "title": "Apart", "source": "SEQ+MD", "reference": "peer",
                "columns": {"ndcg": {}, "violations": {"metric": "violations"},
                            "rate": {"cost": "rows_per_second"}},
                "rows": {"seq_md": {"label": "full"}, "seq": {"label": "SEQ only"},
                         "popular_first": {"paper": {"NDCG@10, purchase": 0.638}},
                         "neither": {"variant": "shared_bottom"}},
            },
            "places": {
                "title": "Places", "source": "ours", "kind": "bars",
                "columns": {"ndcg": {"task": "purchase", "each": "regions"}},
                "rows": {"seq": {}, "mmoe": {}},
            },
            "threshold": {
                "title": "Threshold", "source": "ours", "kind": "lines", "axis": "threshold",
                "columns": {"ndcg": {"task": "purchase"}, "features": {"cost": "n_dependent"}},
                "rows": {"seq": {"x": 0.9, "group": "SEQ"}, "seq_md": {"x": 0.3, "group": "SEQ"}},
            },
            "transfer": {"title": "A task more", "source": "ours", "columns": {"ndcg": {}},
                         "rows": {"frozen": {}, "tuned": {}}},
            "dropped": None,
        }
    }
)  # fmt: skip


@pytest.fixture(scope="module")
def tables():
    return simulate_tables()


@pytest.fixture(scope="module")
def page(tables):
    return words(tables, STUDIES)


def test_all_models_stand_with_every_metric_by_task(page):
    heading, row = "All models: purchase", ["mmoe"]
    assert cell(page, heading, row, "NDCG@10") == "0.770<br>(0.755 to 0.785)"
    assert cell(page, heading, row, "AUC").startswith("0.780<br>")
    assert cell(page, heading, row, "log loss") == "0.0500<br>(0.0490 to 0.0510)"
    assert cell(page, heading, row, "violations") == "25.00%<br>(24.50% to 25.50%)"
    row = ["purchase", "mmoe"]
    assert cell(page, "Calibration", row, "calibration error").startswith("0.0020")
    assert cell(page, "Calibration", row, "predicted / observed").startswith("1.05")
    assert "<details><summary>show" in part(page, "Calibration")
    heading = "All models: checkout"
    assert cell(page, heading, ["random"], "NDCG@10").startswith("0.450")
    assert cell(page, heading, ["random"], "log loss") == ""
    table = part(page, heading)
    assert table.index("<td>random</td>") < table.index("<td>popular_first</td>")
    assert table.index("<td>popular_first</td>") < table.index("<td>seq_md</td>")
    assert "<th>violations</th>" not in table  # there is no task before it


def test_several_seeds_show_their_spread():
    page = words(simulate_tables(seeds=(0, 1, 2)))
    text = cell(page, "All models: checkout", ["seq_md"], "NDCG@10")
    assert text == "0.788 ±0.008<br>(0.772 to 0.804)"  # 0.78, 0.7878 and 0.7956
    assert cell(page, "Costs", ["seq_md"], "seeds") == "3"
    assert "There is one seed" not in page


def test_platforms_and_regions_stand_apart(page):
    mobile = cell(page, "By platform", ["checkout", "seq"], "mobile")
    assert mobile == "0.750<br>(0.735 to 0.765)<br>AUC 0.760"
    assert cell(page, "By region", ["checkout", "seq"], "TW").startswith("0.740")
    assert cell(page, "By region", ["checkout", "lists"], "US") == "150"
    both = cell(page, "By region on mobile", ["purchase", "random"], "US")
    assert both.startswith("0.420<br>")


def test_figures_that_are_not_defined_say_why():
    results = simulate_results()
    gone = (results["task"] == "purchase") & (results["region"] == "US")
    results.loc[gone, ["value", "ci_low", "ci_high"]] = np.nan
    results.loc[gone, "status"] = "no positives"
    page = words(simulate_tables(results=results))
    assert cell(page, "By region", ["purchase", "seq"], "US") == "no positives"
    few = "1 of 3 regions, 2 of 6 regions on a platform"
    assert f"purchase: no positives in {few}." in page


def test_md_is_shown_beside_the_same_model_without(page):
    row = ["mmoe", "purchase", "NDCG@10"]
    assert cell(page, "Plug and play", row, "without MD").startswith("0.770")
    assert cell(page, "Plug and play", row, "with MD").startswith("0.790")
    assert cell(page, "Plug and play", row, "difference") == "+0.020<br>(+0.015 to +0.025)"
    assert cell(page, "Plug and play", row, "corrected p") == "0.0020"
    assert cell(page, "Plug and play", row, "outcome") == "better"
    less = ["seq", "checkout"]
    assert cell(page, "Plug and play: log loss", less, "outcome") == "better"
    assert cell(page, "Plug and play: log loss", less, "difference").startswith("−0.0200")
    tests = part(page, "Paired tests")
    assert cell(page, "Paired tests", ["seq_md", "mmoe_md", "checkout", "AUC"], "n") == "1,200"
    assert "<td>mmoe</td>" not in tests  # pairs of MD stand in their own section


def test_pairs_of_md_are_alike_in_all_else():
    models = {
        "plain": ("seq", False, 0.7),
        "full": ("seq", True, 0.7),
        "tried": ("seq", True, 0.7),
        "hinge": ("seq", True, 0.7),
        "mmoe": ("mmoe", False, 0.7),
        "mmoe_md": ("mmoe", True, 0.7),
    }
    variants = simulate_tables(models=models).variants.set_index("variant", drop=False)
    settings = {"md": True, "md_module": {"widths": [8]}, "hidden": 32}
    variants["settings"] = json.dumps(settings)
    variants.loc["plain", "settings"] = json.dumps({"hidden": 32, "md": False, "md_module": {}})
    variants.loc["hinge", "settings"] = json.dumps(settings | {"regulariser": "hinge"})
    assert list_md_pairs(variants) == [("full", "plain"), ("mmoe_md", "mmoe")]
    for column, value in [("training", "{}"), ("tasks", "checkout"), ("initial", "plain"),
                          ("frozen", True), ("log", "other"), ("n_dependent", 0)]:  # fmt: skip
        other = variants.copy()
        other.loc["mmoe_md", column] = value
        assert list_md_pairs(other) == [("full", "plain")], column


def test_a_difference_without_a_test_has_no_interval(tables):
    page = words(replace(tables, comparison=simulate_comparison([])))
    row = ["seq", "checkout", "NDCG@10"]
    assert cell(page, "Plug and play", row, "difference") == "+0.020"
    assert cell(page, "Plug and play", row, "outcome") == "not tested"
    assert "No pair of variants was named" in part(page, "Paired tests")
    assert "without a test between them" in lead(page)
    assert "changed NDCG@10 by +0.020 to +0.020 (not tested), and AUC" in lead(page)


def test_the_summary_follows_from_the_numbers(tables, page):
    said = lead(page)
    assert "Of checkout, seq_md has the highest NDCG@10, 0.780; the best of the others is " in said
    assert "mmoe_md with 0.770, a difference beyond noise (corrected p 0.0020)." in said
    assert "MD in front of 2 models, task by task, changed NDCG@10 by +0.020 to +0.020" in said
    assert "(beyond noise: 4 of 4 gained, 0 lost), and AUC by +0.020 to +0.020 (" in said
    assert "on 0% of the rows by SEQ models and on 25.00% of the rows by the others." in said
    unsure = replace(tables, comparison=simulate_comparison(PAIRS, p_holm=0.4))
    said = lead(words(unsure))
    assert "a difference that the test does not show (corrected p 0.40)" in said
    assert said.count("(beyond noise: 0 of 4 gained, 0 lost)") == 2
    worse = simulate_comparison([("seq_md", "seq", 0.02), ("mmoe_md", "mmoe", -0.03)])
    said = lead(words(replace(tables, comparison=worse)))
    assert "changed NDCG@10 by −0.030 to +0.020" in said
    assert "(beyond noise: 2 of 4 gained, 2 lost)" in said


def test_the_best_of_many_settings_is_not_called_the_best():
    tried = MODELS | {"seq_md_threshold": ("seq", True, 0.95)}
    page = words(simulate_tables(models=tried))
    assert "seq_md has the highest NDCG@10, 0.780" in lead(page)
    assert "seq_md_threshold" not in part(page, "All models: checkout").split("<details", 1)[0]
    other = "Other settings of these models"
    assert cell(page, other, ["checkout", "seq_md_threshold"], "NDCG@10").startswith("0.950")


def test_another_model_may_be_ahead_of_seq():
    models = MODELS | {"mmoe_md": ("mmoe", True, 0.9)}
    said = lead(words(simulate_tables(models=models)))
    assert "mmoe_md has the highest NDCG@10, 0.900; the best SEQ is seq_md with 0.780" in said


def test_features_name_the_regions_that_differ_and_who_decided(page):
    heading = "Numeric features by region"
    assert cell(page, heading, ["price"], "largest distance") == "0.520"
    assert cell(page, heading, ["price"], "between") == "CA and TW"
    assert cell(page, heading, ["price"], "the feature is") == "dependent"
    assert cell(page, heading, ["hour"], "decided by") == "hand"
    assert cell(page, "Masks", ["mmoe_md", "US"], "price") == "1.50"
    assert "2 of 4</b><span>numeric features depend on the region" in page
    assert "0.5 halves the feature" in part(page, "Masks")


def test_what_was_left_out_and_what_it_cost_stands_there(page):
    assert cell(page, "The log", ["rows"], "train") == "80,000"
    assert cell(page, "The log", ["purchase positives"], "test") == "500"
    assert cell(page, "Rejected features", ["weight"], "reason") == "constant"
    assert cell(page, "Costs", ["seq"], "training rows/s") == "79,000"
    assert cell(page, "Costs", ["seq"], "peak memory, GB") == "1.25"
    assert "There is one seed" in page


def test_studies_show_gaps_and_other_figures(tables, page):
    assert cell(page, "Apart", ["full"], "NDCG@10, checkout").startswith("0.780")
    assert cell(page, "Apart", ["full"], "training rows/s") == "80,000"
    assert cell(page, "Apart", ["popular_first (peer)"], "NDCG@10, purchase") == "0.638"
    assert cell(page, "Apart", ["neither"], "NDCG@10, checkout") == ""
    assert "neither (variant shared_bottom): NDCG@10, checkout, NDCG@10, purchase, " in page
    assert cell(page, "Places", ["mmoe"], "NDCG@10, purchase, TW").startswith("0.750")
    random = cell(page, "Apart", ["random"], "NDCG@10, checkout")
    assert random.startswith("0.450") and "random (variant random)" not in page
    assert cell(page, "Places", ["popular_first"], "NDCG@10, purchase, TW").startswith("0.600")
    absent = part(page, "A task more")
    assert "Absent: none of its variants was trained." in absent and "<details>" in absent
    filled = fill_studies(tables, STUDIES)
    assert {"study", "row", "column", "value", "ci_low", "ci_high"} <= set(filled)
    full = filled.query("row == 'seq_md' and column == 'violations, purchase' and seed == 'mean'")
    assert full["value"].tolist() == [0.0]
    assert fill_studies(tables, FunnelStudies()).empty


def test_an_environment_names_studies_that_are_there():
    with pytest.raises(ValueError, match="'apart' is none of the studies"):
        FunnelStudies.model_validate(STUDIES.model_dump() | {"shown": ["apart"]})


def test_each_log_has_a_block_of_its_own(tables):
    renamed = {f"{name}_merch": of for name, of in MODELS.items()}
    merch = simulate_tables("merch", models=renamed, tasks=("shown", "bought"))
    both = join_tables(tables, merch)
    page = words(both, STUDIES)
    assert cell(page, "All models: checkout, shop", ["seq"], "NDCG@10").startswith("0.760")
    heading = "All models: shown, merch"
    assert cell(page, heading, ["seq_merch"], "NDCG@10").startswith("0.760")
    assert "<td>seq</td>" not in part(page, heading)
    assert lead(page).startswith("shop: Of checkout, seq_md has")
    assert '<p class="lead">merch: Of shown, seq_md_merch has' in page
    assert "Apart, shop</h2>" in page and "Apart, merch</h2>" not in page
    row = ["mmoe_merch", "bought", "NDCG@10"]
    assert cell(page, "Plug and play, merch", row, "difference") == "+0.020"


def test_nothing_measured_is_said(tables):
    empty = {name: table.head(0) for name, table in vars(tables).items()}
    page = words(replace(tables, **empty))
    assert lead(page) == "Nothing was measured."


def test_the_report_shows_the_first_log(tables):
    results = pd.concat([simulate_results(), simulate_results("merch")])
    (section,) = report_sections(results)
    rows = section.table.set_index("")
    assert rows.loc["seq", "purchase"] == "0.780\n(0.764 to 0.796)\nAUC 0.790"
    assert list(rows.index[:2]) == ["random", "popular_first"] and len(section.figure.data) == 2
    assert "funnel.html" in section.text and "shop" in section.text
    figures = draw_figures(tables, FunnelStudies())
    shown = report_sections(results, figures)[1:]
    assert [of.figure for of in shown] == [
        figures[name] for name in ("feature_split", "masks", "gains_by_region")
    ]
    for nothing in (None, results.head(0)):
        (section,) = report_sections(nothing, figures)
        assert section.table is None and "No model of the funnel was measured" in section.text
