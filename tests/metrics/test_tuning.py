"""Tuned models against untuned ones and each other, with values worked out by hand."""

import itertools

import numpy as np
import pandas as pd
import pytest

from shoplm.metrics.settings import BootstrapSettings
from shoplm.metrics.significance import bootstrap_ratio
from shoplm.metrics.tuning import COMPARISON, RESULTS, compare_tuned, list_trained
from shoplm.metrics.tuning_scores import untuned

BOOTSTRAP = BootstrapSettings(samples=199)
MODELS = {"small": "base", "large": "base"}


def documents(n=6):
    """Task `say` (concepts) with answers alone; `pick` (reasoning), questions of two choices."""
    rows = []
    for task, capability in (("say", "concepts"), ("pick", "reasoning")):
        for number in range(n):
            of = {"instruction_id": f"{task}{number}", "task": task, "capability": capability,
                  "side": "validation", "group": f"g{number // 2}", "n_characters": 5,
                  "is_common": False}  # fmt: skip
            rows.append(
                of | {"split": f"validation_{task}", "document": number, "choice": -1,
                      "is_right": True}
            )  # fmt: skip
            for choice in (0, 1) if task == "pick" else ():
                rows.append(
                    of | {"split": f"choices_{task}", "document": 2 * number + choice,
                          "choice": choice, "is_right": choice == number % 2,
                          "is_common": choice == 0}
                )  # fmt: skip
    return pd.DataFrame(rows)


def losses(docs, models, seeds=(0,)):
    """`models`: (variant, step) -> function of a document's row and seed -> loss."""
    rows = []
    for ((variant, step), loss), seed in itertools.product(models.items(), seeds):
        for row in docs.to_dict("records"):
            rows.append(
                {"variant": variant, "seed": seed, "step": step, "tokens": step * 100,
                 "split": row["split"], "document": row["document"],
                 "n_targets": 4 if row["task"] == "say" else 2, "loss": loss(row, seed)}
            )  # fmt: skip
    return pd.DataFrame(rows)


def never(row, seed):
    """Finds the wrong answer more probable; 2 nats a token."""
    return 8.0 if row["task"] == "say" else 4.0 + row["is_right"]


def always(row, seed):
    return 4.0 + seed if row["task"] == "say" else 3.0 - row["is_right"]


def half(row, seed):
    """Right where the right answer is the first choice."""
    return 4.0 if row["task"] == "say" else 2.0 + (row["choice"] == 1)


RUNS = {("small", 0): never, ("small", 9): half, ("large", 0): never, ("large", 9): always}


@pytest.fixture(scope="module")
def compared():
    docs = documents()
    return compare_tuned(losses(docs, RUNS, (0, 1)), docs, MODELS, BOOTSTRAP, [("large", "small")])


def value(table, **where):
    chosen = table
    for column, wanted in where.items():
        chosen = chosen[chosen[column] == wanted]
    assert len(chosen) == 1, chosen
    return chosen.iloc[0]


def test_results_by_hand(compared):
    results, _ = compared
    assert list(results.columns) == RESULTS
    assert set(results["variant"]) == {"small", "large", "base untuned", "baseline"}

    def of(variant, task, metric, seed="all"):
        return value(results, variant=variant, task=task, metric=metric, seed=seed)["value"]

    assert of("base untuned", "say", "loss") == 8 / 4
    assert of("small", "say", "loss") == 4 / 4
    assert of("large", "say", "loss", "0") == 1 and of("large", "say", "loss", "1") == 5 / 4
    assert of("large", "say", "loss") == 9 / 8  # the mean of both seeds
    assert of("base untuned", "pick", "accuracy") == 0
    assert of("small", "pick", "accuracy") == 0.5 and of("large", "pick", "accuracy") == 1
    assert of("baseline", "pick", "random_accuracy") == 0.5
    assert of("baseline", "pick", "majority_accuracy") == 0.5
    # of both tasks alike, not of tokens: (2 + 5/2) / 2
    assert of("base untuned", "all", "loss") == pytest.approx((8 / 4 + 5 / 2) / 2)
    assert of("base untuned", "reasoning", "loss") == pytest.approx(5 / 2)
    levels = dict(zip(results["task"], results["level"], strict=True))
    assert levels["say"] == "task" and levels["concepts"] == "capability" and levels["all"] == "all"
    assert value(results, variant="small", task="all", metric="loss", seed="all")["n"] == 12


def test_differences_by_hand(compared):
    _, comparison = compared
    assert list(comparison.columns) == COMPARISON
    row = value(comparison, variant="large", against="base untuned", task="pick",
                metric="accuracy", seed="all")  # fmt: skip
    assert row["value"] == 1 and (row["ci_low"], row["ci_high"]) == (1, 1)
    assert row["p_value"] == 2 / 2**3  # three groups, all of the same sign
    pair = value(comparison, variant="large", against="small", task="pick", metric="accuracy",
                 seed="all")  # fmt: skip
    assert pair["value"] == 0.5 and pair["n"] == 6
    # one pair of one task: nothing to correct for; two variants against the untuned: doubled
    assert pair["p_holm"] == pair["p_value"] and row["p_holm"] == 2 * row["p_value"]
    assert comparison.loc[comparison["seed"] != "all", "p_value"].isna().all()


def test_intervals_resample_groups():
    docs = documents(12)
    rng = np.random.default_rng(0)
    noise = dict(zip(docs.index, rng.gamma(2, 2, len(docs)), strict=True))
    table = losses(docs, {("small", 0): never, ("small", 3): lambda row, seed: 0.0})
    last = table["step"] == 3
    table.loc[last, "loss"] = list(noise.values())
    results, comparison = compare_tuned(table, docs, {"small": "base"}, BOOTSTRAP)
    of = docs.assign(loss=table.loc[last, "loss"].to_numpy())
    groups = of[of["split"] == "validation_say"].groupby("group")["loss"].sum()
    expected = bootstrap_ratio(groups, np.full(6, 8), BOOTSTRAP)
    row = value(results, variant="small", task="say", metric="loss", seed="all")
    assert row[["value", "ci_low", "ci_high"]].tolist() == pytest.approx(
        [part[0] for part in expected]
    )
    gaps = bootstrap_ratio(groups - 16, np.full(6, 8), BOOTSTRAP)
    row = value(comparison, variant="small", task="say", metric="loss", seed="all")
    assert row[["value", "ci_low", "ci_high"]].tolist() == pytest.approx([p[0] for p in gaps])


def test_held_out_tasks_stand_apart():
    docs = documents()
    docs["side"] = docs["task"].map({"say": "validation", "pick": "held_out"})
    results, _ = compare_tuned(losses(docs, RUNS), docs, MODELS, BOOTSTRAP)
    by_split = results.groupby("split")["task"].agg(set)
    assert by_split["validation"] == {"say", "concepts", "all"}
    assert by_split["held_out"] == {"pick", "reasoning", "all"}


def test_variants_from_several_models_have_each_its_own_start():
    docs = documents()
    runs = RUNS | {("large", 0): half}
    results, comparison = compare_tuned(
        losses(docs, runs), docs, {"small": "base", "large": "mixed"}, BOOTSTRAP
    )
    start = results[results["metric"].eq("accuracy") & results["task"].eq("pick")]
    start = start[start["seed"] == "all"].set_index("variant")["value"]
    assert start["base untuned"] == 0 and start[untuned("mixed")] == 0.5
    assert set(comparison["against"]) == {"base untuned", "mixed untuned"}


@pytest.mark.parametrize(
    ("change", "words"),
    [
        (lambda t: t[(t["step"] > 0) | (t["variant"] != "large")], "'large', seed 0 has no losses"),
        (lambda t: t.drop(t.index[-1]), "not measured on the same|right answers|possible answers"),
        (lambda t: t.assign(document=t["document"] + 50), "is not among sft_held_out_documents"),
    ],
)
def test_what_cannot_be_compared_is_refused(change, words):
    docs = documents()
    with pytest.raises(ValueError, match=words):
        compare_tuned(change(losses(docs, RUNS)), docs, MODELS, BOOTSTRAP)


def test_pairs_name_variants_with_a_seed_in_common():
    docs = documents()
    table = losses(docs, RUNS)
    with pytest.raises(ValueError, match="pairs: no variant 'huge'"):
        compare_tuned(table, docs, MODELS, BOOTSTRAP, [("huge", "small")])
    apart = table.assign(seed=table["variant"].map({"small": 0, "large": 1}))
    with pytest.raises(ValueError, match="no seed in common"):
        compare_tuned(apart, docs, MODELS, BOOTSTRAP, [("large", "small")])


def test_a_mean_over_tasks_weighs_each_alike_in_every_resample():
    """Tasks without spread leave none to their mean, however far they lie apart."""
    docs = documents(12)
    docs["group"] = docs["task"] + docs["group"]
    far = {("small", 0): never, ("small", 9): lambda row, seed: 4.0 if row["task"] == "say" else 10}
    table = losses(docs[docs["choice"] < 0], far)
    results, comparison = compare_tuned(table, docs, {"small": "base"}, BOOTSTRAP)
    row = value(results, variant="small", task="all", metric="loss", seed="all")
    assert row[["value", "ci_low", "ci_high"]].tolist() == pytest.approx([(1 + 5) / 2] * 3)
    row = value(comparison, variant="small", task="all", metric="loss", seed="all")
    assert row[["value", "ci_low", "ci_high"]].tolist() == pytest.approx([3 - (2 + 2.5) / 2] * 3)
    # the difference of `say` is below 0 and that of `pick` above: the test sees them as measured
    assert 2 / 2**12 < row["p_value"] <= 1


def test_the_interval_of_a_mean_is_that_of_what_the_tasks_leave():
    docs = documents(12)
    table = losses(docs, {("small", 0): never, ("small", 9): half})
    rng = np.random.default_rng(1)
    last = table["step"] == 9
    table.loc[last, "loss"] += rng.normal(0, 1, last.sum())
    results, _ = compare_tuned(table, docs, {"small": "base"}, BOOTSTRAP)
    of = docs.assign(loss=table.loc[last, "loss"].to_numpy())
    of = of[of["choice"] < 0]
    mean = of["loss"] / of["task"].map({"say": 4, "pick": 2})
    inner = (mean - mean.groupby(of["task"]).transform("mean")).groupby(of["group"]).mean()
    expected = bootstrap_ratio(inner + mean.mean(), np.ones(6), BOOTSTRAP)  # six groups of both
    row = value(results, variant="small", task="all", metric="loss", seed="all")
    assert row[["value", "ci_low", "ci_high"]].tolist() == pytest.approx([p[0] for p in expected])


def test_tasks_of_one_group_leave_a_mean_without_an_interval():
    docs = documents()
    docs["group"] = docs["task"]
    results, _ = compare_tuned(losses(docs, RUNS), docs, MODELS, BOOTSTRAP)
    assert results[["ci_low", "ci_high"]].isna().all(axis=None)
    assert results["value"].notna().all()


def test_tasks_that_a_variant_was_trained_on_stand_by_themselves():
    docs = documents()
    selections = pd.DataFrame(
        [("few", 0, "say", 5), ("few", 0, "pick", 0), ("few", 1, "pick", 5),
         ("both", 0, "say", 5), ("both", 0, "pick", 5), ("both", 1, "elsewhere", 5)],
        columns=["selection", "seed", "task", "n"],
    )  # fmt: skip
    trained = list_trained(selections, {"small": "few", "large": "both"})
    results, comparison = compare_tuned(
        losses(docs, RUNS, (0, 1)), docs, MODELS, BOOTSTRAP, [("large", "small")], trained=trained
    )
    at = results[results["level"] == "trained"]
    assert set(at["task"]) == {"small", "large"} and set(at["split"]) == {"validation"}

    def of(variant, tasks, metric="loss", seed="all"):
        return value(at, variant=variant, task=tasks, metric=metric, seed=seed)["value"]

    # seed 0 was trained on `say` (1 nat a token), seed 1 on `pick` (2 or 3 nats in 2 tokens)
    assert of("small", "small", seed="0") == 4 / 4
    expected = np.mean([(2 + (row["choice"] == 1)) / 2 for row in docs.to_dict("records")
                        if row["task"] == "pick" and row["choice"] < 0])  # fmt: skip
    assert of("small", "small", seed="1") == pytest.approx(expected)
    assert of("small", "small") == pytest.approx((1 + expected) / 2)
    assert of("base untuned", "small", seed="0") == 8 / 4
    assert set(at.query("task == 'large'")["seed"]) == {"all", "0"}  # nothing measured of seed 1
    assert of("large", "large", "accuracy") == pytest.approx(1)
    assert of("baseline", "large", "random_accuracy") == pytest.approx(0.5)
    compared = comparison[comparison["level"] == "trained"]
    assert set(compared["against"]) == {"base untuned"}  # pairs are not of one variant's tasks
    gain = value(compared, variant="small", metric="loss", seed="0")["value"]
    assert gain == pytest.approx(1 - 2)


def test_a_difference_is_from_a_variants_own_start():
    docs = documents()

    def nearly(row, seed):
        return never(row, seed) * 1.0005

    results, comparison = compare_tuned(
        losses(docs, RUNS | {("large", 0): nearly}), docs, MODELS, BOOTSTRAP
    )
    assert set(results["variant"]) == {"small", "large", "base untuned", "baseline"}
    assert (
        value(results, variant="base untuned", task="say", metric="loss", seed="all")["value"] == 2
    )
    gain = value(comparison, variant="large", task="say", metric="loss", seed="all")
    assert gain["value"] == pytest.approx(1 - 2 * 1.0005, abs=1e-9)
    # one that starts elsewhere is named beside the first
    results, comparison = compare_tuned(
        losses(docs, RUNS | {("large", 0): half}), docs, MODELS, BOOTSTRAP
    )
    assert "base untuned (large)" in set(results["variant"])
    assert comparison.set_index("variant")["against"].loc["large"].unique().tolist() == [
        "base untuned (large)"
    ]
