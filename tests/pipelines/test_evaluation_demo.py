"""What the evaluation at the end of the small demo leaves behind."""

import json

import pandas as pd
import pytest

ASKED = {
    "base": {"ecom_icl", "general_icl", "ecom_sft"},
    "mixed": {"ecom_icl", "general_icl", "shopbench"},
    "from_base": {"ecom_sft"},
    "from_mixed": {"ecom_sft"},
    "ladder_1": {"shopbench"},
    "ladder_6": {"shopbench"},
}
BASELINES = {"random", "majority"}


@pytest.fixture(scope="module")
def predictions(demo_catalog):
    return demo_catalog.load("benchmark_predictions")


def test_every_model_and_baseline_answers_its_benchmarks(predictions):
    found = predictions.groupby("variant")["benchmark"].agg(set).to_dict()
    everything = {"ecom_icl", "general_icl", "ecom_sft", "shopbench"}
    assert found == ASKED | dict.fromkeys(BASELINES, everything)
    key = ["variant", "seed", "benchmark", "task", "example_id", "decoding"]
    assert not predictions.duplicated(key).any()
    assert predictions["score"].dropna().between(0, 1).all()


def test_all_models_have_the_same_examples_of_a_benchmark(predictions):
    for benchmark, rows in predictions.groupby("benchmark"):
        shown = rows.groupby("variant")[["task", "example_id", "decoding"]].apply(
            lambda part: set(part.itertuples(index=False, name=None))
        )
        assert all(one == shown.iloc[0] for one in shown), benchmark


def test_shots_and_measured_examples_are_apart_and_not_trained_on(demo_catalog):
    examples = demo_catalog.load("benchmark_examples")
    roles = examples.groupby(["benchmark", "task", "example_id"])["role"].nunique()
    assert set(examples["role"]) == {"measured", "shot"} and roles.max() == 1
    instructions = demo_catalog.load("instructions")
    instructions["example_id"] = [json.loads(one)["example_id"] for one in instructions["example"]]
    sides = instructions.merge(demo_catalog.load("instruction_splits"), on="instruction_id")
    measured = examples[examples["role"] == "measured"].merge(sides, on="example_id")
    assert set(measured["split"]) == {"validation", "held_out"} and len(measured) > 40


def test_a_task_without_data_is_absent_and_not_zero(demo_catalog):
    sources, results = (demo_catalog.load(n) for n in ("benchmark_sources", "benchmark_results"))
    absent = sources.loc[sources["status"] == "absent", ["benchmark", "task"]]
    rows = results.merge(absent, on=["benchmark", "task"])
    assert rows["value"].isna().all() and (rows["status"] == "absent").all()
    present = sources.loc[sources["status"] == "present", "n_measured"]
    assert present.between(1, 2).all() and len(present) > 30


def test_results_hold_every_benchmark_with_its_groups(demo_catalog):
    results = demo_catalog.load("benchmark_results")
    means = results[results["level"] == "benchmark"]
    expected = {(v, b) for v, of in ASKED.items() for b in of}
    assert expected <= set(zip(means["variant"], means["benchmark"], strict=True))
    groups = results[results["level"] == "group"].groupby("benchmark")["task"].agg(set)
    assert groups["ecom_sft"] == {"held_in", "held_out"}
    assert groups["shopbench"] == {"concepts", "reasoning", "behaviour", "multilingual"}
    compared = demo_catalog.load("benchmark_comparison")
    assert {("mixed", "base"), ("from_mixed", "from_base")} == set(
        zip(compared["variant"], compared["against"], strict=True)
    )


def test_the_curve_runs_from_the_base_model_to_the_end_of_training(demo_catalog):
    curve, metrics = demo_catalog.load("checkpoint_curve"), demo_catalog.load("pretrain_metrics")
    assert set(curve["benchmark"]) == {"general_icl"}
    beside = curve[curve["variant"] != "mixed"]
    assert set(beside["variant"]) == BASELINES and set(beside["tokens"]) == {0}
    curve = curve[curve["variant"] == "mixed"]
    tokens = sorted(set(curve["tokens"]))
    assert tokens[0] == 0 and len(tokens) == 3
    assert tokens[-1] == metrics.loc[metrics["variant"] == "mixed", "tokens"].max()


def test_report_cards_and_costs(demo_catalog, demo_project):
    page = demo_catalog.load("report")
    assert "plotly" in page and "from_mixed" in page
    assert "majority" in demo_catalog.load("report_markdown")
    cards = demo_catalog.load("model_cards")
    folder = demo_project / "data/test/06_models"
    models = {
        f"{kind}/{name}"
        for kind in ("pretrained_models", "sft_models")
        for name in demo_catalog.load(kind)
    }
    assert set(cards) == models and all((folder / n / "README.md").is_file() for n in models)
    costs = demo_catalog.load("evaluation_costs")
    assert len(costs) == len(ASKED) + 1 and (costs["examples_per_second"] > 0).all()


def test_unparsed_answers_are_counted_as_they_are_listed(demo_catalog, predictions):
    listed = demo_catalog.load("unparsed_answers")
    models = predictions[~predictions["variant"].isin(BASELINES)]
    of_curve = demo_catalog.load("checkpoint_predictions")
    unread = (~models["parsed"]).sum() + (~of_curve["parsed"]).sum()
    assert len(listed) == unread > 0
    assert isinstance(listed, pd.DataFrame) and listed["reason"].ne("").all()


@pytest.mark.parametrize("node", ["summarise_scores", "compare_models"])
def test_predictions_of_another_version_of_a_task_are_refused(predictions, demo_catalog, node):
    from shoplm.pipelines.evaluation import nodes

    old = predictions.assign(version=predictions["version"].mask(predictions["task"].eq(
        predictions["task"].iloc[0]), "0" * 16))  # fmt: skip
    rest = [demo_catalog.load(n) for n in ("benchmark_sources", "task_library")]
    with pytest.raises(ValueError, match=predictions["task"].iloc[0]):
        getattr(nodes, node)(old, *rest, demo_catalog.load("params:evaluation"))
