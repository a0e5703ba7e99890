import numpy as np
import pytest
from benchmark_rows import QUICK, answers, row_of, table_of
from scipy.stats import binomtest

from shoplm.metrics.benchmark import summarise_scores
from shoplm.metrics.benchmark_figures import mean_interval, mean_over_tasks
from shoplm.metrics.benchmark_scores import TaskScores
from shoplm.metrics.settings import BootstrapSettings
from shoplm.metrics.significance import bootstrap_ratio


def test_an_interval_is_that_of_the_bootstrap_of_groups():
    rng = np.random.default_rng(0)
    scores, groups = rng.uniform(size=60), np.arange(60) // 3
    columns = {"group": [f"p{n:02d}" for n in groups]}
    quick = BootstrapSettings(samples=4_999)
    results = summarise_scores(answers("base", scores, **columns), {}, quick)
    task = row_of(results, seed="0", level="task")
    theirs = bootstrap_ratio(np.bincount(groups, scores), np.full(20, 3.0), quick)
    assert (task["ci_low"], task["ci_high"]) == pytest.approx(
        (theirs.low[0], theirs.high[0]), abs=0.01
    )
    assert task["n"] == 60 and task["n_groups"] == 20
    whole = row_of(results, seed="0", level="benchmark")  # of one task: the same, linearised
    assert (whole["ci_low"], whole["ci_high"]) == pytest.approx(
        (theirs.low[0], theirs.high[0]), abs=0.01
    )


def test_an_interval_of_f1_resamples_both_of_its_sums():
    rng = np.random.default_rng(1)
    gold, predicted = rng.integers(1, 6, 80), rng.integers(0, 6, 80)
    right = np.minimum(np.minimum(gold, predicted), rng.integers(0, 4, 80))
    counts = list(zip(right.tolist(), predicted.tolist(), gold.tolist(), strict=True))
    quick = BootstrapSettings(samples=4_999)
    task = row_of(summarise_scores(answers("base", counts), {}, quick), seed="0", level="task")
    theirs = bootstrap_ratio(2.0 * right, predicted + gold, quick)
    assert task["value"] == pytest.approx(theirs.value[0])
    assert (task["ci_low"], task["ci_high"]) == pytest.approx(
        (theirs.low[0], theirs.high[0]), abs=0.01
    )


def test_an_interval_of_a_mean_knows_that_tasks_share_products():
    rng = np.random.default_rng(2)
    scores = rng.integers(0, 2, 40).astype(float)
    widths = []
    for shared in (False, True):
        groups = [f"p{n}" for n in range(40)]
        parts = [
            answers("base", scores, task, group=groups if shared else [task + g for g in groups])
            for task in ("a", "b", "c", "d")
        ]
        whole = row_of(summarise_scores(table_of(*parts), {}, QUICK), seed="0", level="benchmark")
        widths.append(whole["ci_high"] - whole["ci_low"])
    # the same products answered alike in four tasks say no more than one task does
    assert widths[1] == pytest.approx(2 * widths[0], rel=0.2)
    assert widths[1] == pytest.approx(2 * 1.96 * scores.std() / np.sqrt(40), rel=0.2)


def test_one_group_has_no_interval():
    predictions = answers("base", [1, 0, 1], "colour", group="one product")
    results = summarise_scores(predictions, {"shop": {"alone": ["colour"]}}, QUICK)
    alone = results[results["task"].isin(["colour", "alone"])]
    assert len(alone) == 4 and alone[["ci_low", "ci_high"]].isna().all(axis=None)


@pytest.mark.parametrize(
    ("n", "end"), [(4, 1 - 0.025**0.25), (20, 1 - 0.025**0.05)], ids=["of 4", "of 20"]
)
def test_nothing_or_all_right_is_no_certainty(n, end):
    predictions = table_of(answers("none", [0] * n), answers("every", [1] * n))
    results = summarise_scores(predictions, {"shop": {"alone": ["colour"]}}, QUICK)
    assert len(results) == 2 * 2 * 3  # variants, seeds, levels
    ends = results.set_index("variant")[["ci_low", "ci_high"]]
    assert ends.loc["none"].to_numpy() == pytest.approx(np.tile([0, end], (6, 1)))
    assert ends.loc["every"].to_numpy() == pytest.approx(np.tile([1 - end, 1], (6, 1)))
    theirs = binomtest(0, n).proportion_ci(0.95, "exact")
    assert (theirs.low, theirs.high) == pytest.approx((0, end))


def test_nothing_right_in_several_tasks_counts_each_product_once():
    shared = {"group": [f"p{n}" for n in range(4)]}
    apart = table_of(answers("base", [0] * 4, "colour"), answers("base", [0] * 4, "size"))
    same = table_of(*(answers("base", [0] * 4, task, **shared) for task in ("colour", "size")))
    unlike = answers("base", [0] * 4, group=["p", "p", "q", "r"])
    for predictions, n in ((apart, 8), (same, 4), (unlike, 2)):  # half the weight is of p alone
        whole = row_of(summarise_scores(predictions, {}, QUICK), seed="0", level="benchmark")
        assert (whole["ci_low"], whole["ci_high"]) == pytest.approx((0, 1 - 0.025 ** (1 / n)))


def test_examples_that_are_alike_otherwise_have_no_interval():
    predictions = table_of(
        answers("base", [0.5, 0.5, 0.5], "title"),
        answers("base", [(0, 1, 1), (0, 2, 1)], "spans"),
        answers("base", [0, 0], "colour"), answers("base", [1, 1], "size"),
    )  # fmt: skip
    groups = {
        "shop": {"half": ["title"], "with f1": ["spans", "colour"], "both": ["colour", "size"]}
    }
    results = summarise_scores(predictions, groups, QUICK)
    known = set(results.loc[results["ci_low"].notna(), "task"])
    assert known == {"colour", "size"}  # of 0.5 and of F1 nothing is known, nor of means with them


def test_an_f1_that_could_not_be_scored_takes_no_interval_from_a_mean():
    spans = answers("base", [None, None], "spans", metric="micro_f1", parsed=True)
    results = summarise_scores(table_of(spans, answers("base", [0, 0])), {}, QUICK)
    whole = row_of(results, seed="0", level="benchmark")
    assert (whole["ci_low"], whole["ci_high"]) == pytest.approx((0, 1 - 0.025**0.5))


@pytest.mark.parametrize("right", [np.linspace(0.2, 0.8, 14), np.full(14, 0.15)])
def test_an_interval_of_a_mean_over_small_tasks_holds_the_truth_as_often_as_it_says(right):
    """14 tasks of 4 examples: without the correction for so few it is 0.90."""
    rng = np.random.default_rng(5)
    models = [("v", n) for n in range(2_000)]
    shape = (len(models), 4)
    known, none = np.ones(shape, bool), np.zeros(shape, bool)
    tasks = {}
    for n, share in enumerate(right):
        ids = np.array([f"{n}-{k}" for k in range(4)], dtype=object)
        parts = np.stack([rng.random(shape) < share, known]).astype(float)
        tasks[f"t{n}"] = TaskScores(
            "shop", f"t{n}", "free", "accuracy", models, ids, ids, np.arange(4), parts, known,
            known, none, [""] * len(models),
        )  # fmt: skip
    mean = mean_over_tasks(tasks, [list(tasks)])
    low, high = mean_interval(mean.values, mean.influences, BootstrapSettings(samples=999))
    inside = (low <= right.mean()) & (right.mean() <= high)
    assert 0.93 < inside.mean() < 0.97


def test_no_interval_leaves_what_a_score_can_be():
    products = ["a"] * 10 + ["b", "c"]  # drawn twice, `a` takes more off the mean than there is
    parts = [
        answers("base", [0] * 10 + [1, 0], task, group=products) for task in ("colour", "size")
    ]
    results = summarise_scores(table_of(*parts), {}, QUICK)
    whole = row_of(results, seed="all", level="benchmark")
    assert 0 <= whole["ci_low"] < whole["value"] < whole["ci_high"] <= 1
