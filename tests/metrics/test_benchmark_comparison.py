import itertools

import numpy as np
import pandas as pd
import pytest
from benchmark_rows import QUICK, answers, row_of, table_of
from hypothesis import given, settings
from hypothesis import strategies as st

from shoplm.metrics.benchmark import summarise_scores
from shoplm.metrics.benchmark_comparison import COMPARISON, compare_models
from shoplm.metrics.extraction import micro_f1
from shoplm.metrics.settings import BootstrapSettings
from shoplm.metrics.significance import bootstrap_ratio, sign_flip_test

PAIR = [("mixed", "base", "shop")]


def test_three_products_that_agree_have_the_exact_p_of_one_in_four():
    predictions = table_of(answers("mixed", [1, 0.5, 0.9]), answers("base", [0, 0.25, 0.4]))
    compared = compare_models(predictions, PAIR, QUICK)
    assert list(compared.columns) == COMPARISON
    task = row_of(compared, level="task")
    assert task["value"] == pytest.approx(1.75 / 3)
    assert task["p_value"] == pytest.approx(2 / 8)  # of 8 exchanges only none and all
    whole = row_of(compared, level="benchmark")
    assert (whole["value"], whole["p_value"]) == pytest.approx((1.75 / 3, 2 / 8))


def test_a_product_in_two_tasks_is_exchanged_in_both():
    ours, theirs = [1, 0.6, 0.9], [0, 0.5, 0.4]

    def p_of(groups):
        parts = [
            answers(variant, values, task, group=[f"{group}{n}" for n in range(3)])
            for variant, values in (("mixed", ours), ("base", theirs))
            for task, group in zip(("colour", "size"), groups, strict=True)
        ]
        return row_of(compare_models(table_of(*parts), PAIR, QUICK), level="benchmark")["p_value"]

    assert p_of(["p", "p"]) == pytest.approx(2 / 8)
    assert p_of(["p", "q"]) == pytest.approx(2 / 64)


def test_f1_is_taken_anew_of_exchanged_counts():
    ours = [(3, 4, 5), (1, 1, 2), (0, 3, 1), (2, 2, 2), (1, 4, 3)]
    theirs = [(1, 2, 5), (1, 3, 2), (1, 1, 1), (0, 0, 2), (0, 1, 3)]
    predictions = table_of(answers("mixed", ours), answers("base", theirs))
    task = row_of(compare_models(predictions, PAIR, QUICK), level="task")
    assert task["value"] == pytest.approx(micro_f1(ours) - micro_f1(theirs))
    gaps = []
    for exchanged in itertools.product((False, True), repeat=5):
        first = [b if e else a for a, b, e in zip(ours, theirs, exchanged, strict=True)]
        second = [a if e else b for a, b, e in zip(ours, theirs, exchanged, strict=True)]
        gaps.append(abs(micro_f1(first) - micro_f1(second)))
    assert task["p_value"] == pytest.approx(np.mean(np.array(gaps) >= gaps[0] - 1e-12))
    assert task["ci_low"] <= task["value"] <= task["ci_high"]


def test_a_mean_over_f1_and_accuracy_is_tested_by_all_exchanges():
    f1 = {"mixed": [(2, 2, 3), (1, 2, 2)], "base": [(1, 2, 3), (0, 1, 2)]}
    scores = {"mixed": [1, 0, 1], "base": [0, 1, 1]}
    parts = [answers(v, f1[v], "spans", group=["p0", "p1"]) for v in f1]
    parts += [answers(v, scores[v], "choice", group=["p1", "p2", "p3"]) for v in f1]
    whole = row_of(compare_models(table_of(*parts), PAIR, QUICK), level="benchmark")
    gaps = []
    for signs in itertools.product((1, -1), repeat=4):
        sides = {"mixed": "base", "base": "mixed"}
        of = {
            v: ([f1[v if s > 0 else sides[v]][n] for n, s in enumerate(signs[:2])],
                [scores[v if s > 0 else sides[v]][n] for n, s in enumerate(signs[1:])])
            for v in sides
        }  # fmt: skip
        means = {v: (micro_f1(a) + np.mean(b)) / 2 for v, (a, b) in of.items()}
        gaps.append(means["mixed"] - means["base"])
    assert whole["value"] == pytest.approx(gaps[0])
    assert whole["p_value"] == pytest.approx(np.mean(np.abs(gaps) >= abs(gaps[0]) - 1e-12))
    assert whole["metric"] == "mean" and whole["n"] == 5 and whole["n_groups"] == 4


def test_many_products_have_the_paired_interval_and_the_p_of_a_sign_flip_test():
    rng = np.random.default_rng(0)
    base = rng.uniform(0, 0.8, 60)
    mixed = base + rng.normal(0.02, 0.05, 60)
    predictions = table_of(answers("mixed", np.abs(mixed)), answers("base", base))
    gaps, thorough = np.abs(mixed) - base, BootstrapSettings(samples=4_999)
    theirs = bootstrap_ratio(gaps, np.ones(60), thorough)
    p_value = sign_flip_test(gaps, thorough)[0]
    compared = compare_models(predictions, PAIR, thorough)
    for level in ("task", "benchmark"):
        row = row_of(compared, level=level)
        assert (row["ci_low"], row["ci_high"]) == pytest.approx(
            (theirs.low[0], theirs.high[0]), abs=0.002
        )
        assert row["p_value"] == pytest.approx(p_value, abs=0.01)
    alone = summarise_scores(predictions, {}, QUICK)
    spans = alone[(alone["level"] == "task") & (alone["seed"] == "0")].set_index("variant")
    assert spans.loc["mixed", "ci_low"] < spans.loc["base", "ci_high"]  # which pairing sees through
    assert p_value < 0.05


def test_seeds_are_held_against_seeds_and_a_model_of_one_seed_against_all():
    predictions = table_of(
        answers("mixed", [1, 1, 0]), answers("mixed", [1, 1, 1], seed=1),
        answers("mixed", [0, 1, 1], seed=2),
        answers("separate", [0, 0, 0], seed=1), answers("separate", [1, 0, 0], seed=2),
        answers("base", [0, 1, 0]),
    )  # fmt: skip
    pairs = [("mixed", "base", "shop"), ("mixed", "separate", "shop")]
    compared = compare_models(predictions, pairs, QUICK)
    tasks = compared[compared["level"] == "task"].set_index("against")
    # by seed 1/3, 2/3, 1/3; and, of the seeds 1 and 2 alone, 1 and 1/3
    assert tasks["value"].to_dict() == pytest.approx({"base": 4 / 9, "separate": 2 / 3})
    assert tasks["n_seeds"].to_dict() == {"base": 3, "separate": 2}
    assert tasks.loc["separate", "seed_sd"] == pytest.approx(2 / 3 / np.sqrt(2))
    whole = compared[compared["level"] == "benchmark"].set_index("against")
    assert whole["seed_sd"].to_dict() == pytest.approx(tasks["seed_sd"].to_dict())


def test_holm_corrects_over_pairs_and_benchmarks_of_a_level():
    parts = [
        answers(variant, [value] * n, benchmark=benchmark)
        for benchmark, n in (("shop", 4), ("public", 6))
        for variant, value in (("mixed", 1), ("separate", 0.5), ("base", 0))
    ]
    pairs = [
        ("mixed", "base", "shop"), ("separate", "base", "shop"), ("mixed", "base", "public"),
    ]  # fmt: skip
    compared = compare_models(table_of(*parts), pairs, QUICK)
    whole = compared[compared["level"] == "benchmark"]
    assert whole[["variant", "against", "benchmark"]].to_numpy().tolist() == [*map(list, pairs)]
    # 2 / 2^4 twice and 2 / 2^6: the least times 3, the next times 2
    assert whole["p_value"].tolist() == pytest.approx([1 / 8, 1 / 8, 1 / 32])
    assert whole["p_holm"].tolist() == pytest.approx([2 / 8, 2 / 8, 3 / 32])


def test_holm_keeps_ways_of_asking_apart():
    parts = [
        answers(variant, [value] * n, task, decoding=decoding)
        for task, decoding, n in (
            ("a", "constrained", 4),
            ("b", "constrained", 6),
            ("a", "free", 3),
        )
        for variant, value in (("mixed", 1), ("base", 0))
    ]
    compared = compare_models(table_of(*parts), PAIR, QUICK)
    tasks = compared[compared["level"] == "task"].set_index(["decoding", "task"])["p_holm"]
    # 2 / 2^4 and twice 2 / 2^6 are a family, and 2 / 2^3 is alone
    assert tasks.to_dict() == pytest.approx(
        {("constrained", "a"): 1 / 8, ("constrained", "b"): 2 / 32, ("free", "a"): 1 / 4}
    )


def test_a_mean_that_lacks_a_task_that_was_asked_for_says_so():
    predictions = table_of(
        answers("mixed", [1, 1]), answers("base", [0, 1]), answers("other", [1, 1], "size")
    )
    sources = pd.DataFrame(
        [
            ("shop", "colour", "present", ""), ("shop", "title", "absent", "no titles.csv"),
            ("shop", "size", "present", ""), ("public", "news", "absent", "no news.csv"),
        ],
        columns=["benchmark", "task", "status", "detail"],
    )  # fmt: skip
    without = row_of(compare_models(predictions, PAIR, QUICK), level="benchmark")
    assert (without["status"], without["detail"]) == ("complete", "")
    compared = compare_models(predictions, PAIR, QUICK, sources=sources)
    whole = row_of(compared, level="benchmark")
    assert whole["detail"] == "1 of 3 tasks, without size, title"
    assert (whole["status"], whole["value"]) == ("partial", without["value"])
    held = {"shop": {"held_in": ["colour"]}}
    compared = compare_models(predictions, PAIR, QUICK, held, sources)
    whole = row_of(compared, level="benchmark")
    assert (whole["status"], whole["detail"]) == ("complete", "in no group: size, title")


def test_differences_that_are_all_alike_have_no_interval():
    predictions = table_of(answers("mixed", [1, 0, 1]), answers("base", [1, 0, 1]))
    compared = compare_models(predictions, PAIR, QUICK)
    assert (compared["value"] == 0).all() and (compared["p_value"] == 1).all()
    assert compared[["ci_low", "ci_high"]].isna().all(axis=None)


def test_groups_of_tasks_are_compared_too():
    parts = [
        answers(variant, [value, value], task)
        for variant, values in (("mixed", (1, 0.5, 0)), ("base", (0, 0, 0.2)))
        for task, value in zip(("colour", "size", "title"), values, strict=True)
    ]
    groups = {"shop": {"held_in": ["colour", "size"], "held_out": ["title", "other"]}}
    compared = compare_models(table_of(*parts), PAIR, QUICK, groups).set_index(["level", "task"])
    assert compared["value"].to_dict() == pytest.approx(
        {
            ("task", "colour"): 1, ("task", "size"): 0.5, ("task", "title"): -0.2,
            ("group", "held_in"): 0.75, ("group", "held_out"): -0.2,
            ("benchmark", "all"): (0.75 - 0.2) / 2,
        }
    )  # fmt: skip
    assert compared.loc[("group", "held_out"), "status"] == "partial"
    assert compared.loc[("benchmark", "all"), "detail"] == "3 of 4 tasks, without other"


def test_what_one_of_two_could_not_answer_is_left_out_of_both():
    predictions = table_of(answers("mixed", [1, 1, 0]), answers("base", [0, None, 0]))
    predictions.loc[4, "problem"] = "endpoint"
    compared = compare_models(predictions, PAIR, QUICK)
    task = row_of(compared, level="task")
    assert (task["value"], task["n"], task["status"]) == (0.5, 2, "partial")
    assert task["detail"] == "1 of 3 examples lack a score"
    assert row_of(compared, level="benchmark")["value"] == 0.5


def test_tasks_that_only_one_of_two_has_are_not_compared():
    predictions = table_of(
        answers("mixed", [1, 1], "colour"), answers("base", [0, 1], "colour"),
        answers("mixed", [1, 1], "size"), answers("base", [1, None], "title", parsed=True),
        answers("mixed", [1, None], "title", parsed=True),
    )  # fmt: skip
    compared = compare_models(predictions, PAIR, QUICK).set_index("task")
    assert compared["status"].to_dict() == {
        "all": "partial", "colour": "complete", "size": "absent", "title": "absent",
    }  # fmt: skip
    assert compared.loc[["size", "title"], ["value", "p_value"]].isna().all(axis=None)
    assert compared.loc["all", "value"] == 0.5


def test_a_benchmark_without_predictions_is_a_row_without_a_figure():
    compared = compare_models(answers("mixed", [1]), [("mixed", "base", "public")], QUICK)
    row = row_of(compared, benchmark="public")
    assert row["status"] == "absent" and np.isnan(row["value"]) and np.isnan(row["p_holm"])
    assert compare_models(answers("mixed", [1]), [], QUICK).columns.tolist() == COMPARISON


@pytest.mark.parametrize(
    ("others", "message"),
    [
        ([answers("base", [1])], "'base', seed 0, has no answer to example 'colour-1'"),
        ([answers("base", [1, 1], version="v2")], "'base' version v2; models are compared"),
        ([answers("other", [1, 1])], r"no variant 'base' .* on 'shop'; there are \['mixed'\]"),
        (
            [answers("mixed", [1, 1], seed=1), answers("base", [1, 1], seed=2),
             answers("base", [1, 1], seed=3)],
            "no seed in common on 'shop'",
        ),
    ],
)  # fmt: skip
def test_models_that_cannot_be_compared_are_refused(others, message):
    with pytest.raises(ValueError, match=message):
        compare_models(table_of(answers("mixed", [1, 0]), *others), PAIR, QUICK)


VALUES = st.tuples(
    st.sampled_from([0.0, 0.3, 1.0]), st.sampled_from([0.0, 0.3, 1.0]),
    st.integers(0, 2), st.integers(0, 2), st.integers(0, 3),
)  # fmt: skip


@settings(max_examples=8, deadline=None)
@given(st.lists(VALUES, min_size=1, max_size=12), st.randoms(use_true_random=False))
def test_exchanging_the_two_turns_the_sign_and_a_model_is_like_itself(values, random):
    groups = [f"p{n // 2}" for n in range(len(values))]
    columns = {
        "mixed": ([a for a, *_ in values], [(a, a, a + g) for *_, a, _, g in values]),
        "base": ([b for _, b, *_ in values], [(min(a, b), b, a + g) for *_, a, b, g in values]),
    }
    predictions = table_of(
        *(
            answers(variant, rows, task, group=groups)
            for variant, of in columns.items()
            for task, rows in zip(("choice", "spans"), of, strict=True)
        )
    )
    pairs = [("mixed", "base", "shop"), ("base", "mixed", "shop"), ("base", "base", "shop")]
    tiny = BootstrapSettings(samples=99)
    order = list(range(len(predictions)))
    random.shuffle(order)
    compared = compare_models(predictions, pairs, tiny)
    pd.testing.assert_frame_equal(compared, compare_models(predictions.iloc[order], pairs, tiny))
    there, back, itself = (
        compared[(compared["variant"] == a) & (compared["against"] == b)].set_index("task")
        for a, b, _ in pairs
    )
    assert there["value"].to_numpy() == pytest.approx(-back["value"].to_numpy(), abs=1e-12)
    assert there["ci_low"].to_numpy() == pytest.approx(
        -back["ci_high"].to_numpy(), abs=1e-9, nan_ok=True
    )
    assert there["p_value"].to_numpy() == pytest.approx(back["p_value"].to_numpy())
    assert (itself["value"] == 0).all() and (itself["p_value"] == 1).all()
    assert compared["p_value"].between(0, 1, inclusive="right").all()
    assert (compared["p_holm"] >= compared["p_value"]).all()
    known = compared[compared["ci_low"].notna()]
    assert (known["ci_low"] <= known["value"]).all() and (known["value"] <= known["ci_high"]).all()
