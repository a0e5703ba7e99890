"""What the funnel at the end of the small demo leaves behind."""

import pandas as pd
import pytest

VARIANTS = {"seq_md", "seq", "shared_bottom", "seq_md_two", "seq_md_third_frozen"}
ORDERS = {"popular_first", "random"}
TASKS = ["click", "cart", "purchase"]


@pytest.fixture(scope="module")
def results(demo_catalog):
    return demo_catalog.load("funnel_results")


def test_every_row_of_the_log_is_on_a_side(demo_catalog):
    statistics = demo_catalog.load("log_statistics")
    rows = statistics.loc[statistics["figure"] == "rows", "value"]
    log = demo_catalog.load("search_log").to_pandas()
    assert rows.sum() == len(log) and (rows > 0).all()
    for task in TASKS:
        happened = statistics.loc[statistics["figure"] == task, "value"]
        assert happened.sum() == log[task].sum()


def test_what_was_planted_depends_on_the_region(demo_catalog):
    split = demo_catalog.load("feature_split").set_index("feature")
    planted = demo_catalog.load("simulation_truth")["search_log"]["shifted_features"]
    assert len(planted) == 5 and split.loc[planted, "dependent"].all()
    largest = split["maximum"].nlargest(len(planted))  # the others differ by chance, of few rows
    assert set(largest.index) == set(planted)
    masks = demo_catalog.load("region_masks")
    assert set(masks["variant"]) == {"seq_md", "seq_md_two", "seq_md_third_frozen"}
    assert set(masks["region"]) == set(demo_catalog.load("search_log").to_pandas()["region"])
    assert set(masks["feature"]) == set(split.index[split["dependent"]])
    assert masks["mask"].between(0.04, 21).all()


def test_every_model_predicts_every_test_row_once(demo_catalog):
    predictions = demo_catalog.load("funnel_predictions")
    statistics = demo_catalog.load("log_statistics").set_index(["side", "figure"])["value"]
    assert set(predictions["variant"]) == VARIANTS and set(predictions["log"]) == {"shop"}
    assert (predictions.groupby("variant", observed=True)["row"].nunique()
            == statistics["test", "rows"]).all()  # fmt: skip
    assert not predictions.duplicated(["variant", "row"]).any()
    two = predictions["variant"] == "seq_md_two"
    assert predictions.loc[two, "p_3"].isna().all()
    rest = predictions.loc[~two, ["p_1", "p_2", "p_3"]]
    assert rest.stack().between(0, 1).all() and len(rest.dropna()) == len(rest)


def test_results_are_the_tidy_table_of_the_contract(results):
    assert list(results)[:7] == ["log", "variant", "seed", "task", "platform", "region", "metric"]
    whole = results[results["platform"].eq("all") & results["region"].eq("all")]
    auc = whole[whole["metric"].eq("auc") & whole["seed"].eq("mean")]
    assert len(auc) == len(TASKS) * len(VARIANTS | ORDERS)
    assert set(auc["variant"]) == VARIANTS | ORDERS
    known = auc[auc["status"] == "complete"]
    assert known["value"].between(0, 1).all()
    assert set(known.loc[known["variant"] == "seq_md_two", "task"]) == {"click", "cart"}
    assert {"app", "web"} <= set(results["platform"]) and results["region"].nunique() > 2
    violations = whole[whole["metric"].eq("violations") & whole["variant"].str.startswith("seq")]
    assert (violations["value"].dropna() == 0).all() and violations["value"].notna().any()


def test_models_costs_and_pairs(demo_catalog):
    assert set(demo_catalog.load("funnel_models")) == {f"{name}/seed-0" for name in VARIANTS}
    costs = demo_catalog.load("funnel_costs").set_index("variant")
    assert set(costs.index) == VARIANTS and (costs["rows_per_second"] > 0).all()
    third = costs.loc["seq_md_third_frozen"]
    assert third["trained_parameters"] < 0.2 * third["parameters"]
    pairs = demo_catalog.load("funnel_comparison")
    assert set(zip(pairs["variant"], pairs["against"], strict=True)) == {
        ("seq_md", "shared_bottom"), ("seq_md", "popular_first"), ("seq_md", "seq"),
    }  # fmt: skip
    metrics = demo_catalog.load("funnel_metrics")
    assert set(metrics["variant"]) == VARIANTS and {"train", "validation"} == set(metrics["split"])
    described = demo_catalog.load("funnel_variants").set_index("variant")
    assert described.loc["seq_md_third_frozen", "initial"] == "seq_md_two"
    assert pd.isna(described.loc["seq_md", "initial"]) and not described.loc["seq", "md"]


def test_the_page_and_its_figures(demo_catalog):
    page = demo_catalog.load("funnel_page")
    for words in ("seq_md", "shared_bottom", "local_price", "plotly"):
        assert words in page
    figures = demo_catalog.load("funnel_figures")
    assert len(figures) >= 3 and all(load().to_plotly_json() for load in figures.values())
