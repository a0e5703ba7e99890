import io
import itertools

import numpy as np
import pandas as pd
import pytest
from benchmark_rows import QUICK, answers, row_of, table_of
from hypothesis import given, settings
from hypothesis import strategies as st

from shoplm.metrics.benchmark import CURVE, RESULTS, checkpoint_curve, summarise_scores
from shoplm.metrics.settings import BootstrapSettings
from shoplm.metrics.significance import bootstrap_ratio

HELD = {"shop": {"held_in": ["colour", "size"], "held_out": ["title"]}}


def test_a_task_is_the_mean_and_a_benchmark_the_mean_of_its_groups():
    predictions = table_of(
        answers("base", [1, 0, 1, 1], "colour"),
        answers("base", [0, 1], "size"),
        answers("base", [0.2, 0.4], "title"),
    )
    results = summarise_scores(predictions, HELD, QUICK)
    assert list(results.columns) == RESULTS
    found = results[results["seed"] == "all"].set_index(["level", "task"])["value"].to_dict()
    assert found == pytest.approx(
        {
            ("task", "colour"): 0.75, ("task", "size"): 0.5, ("task", "title"): 0.3,
            ("group", "held_in"): 0.625, ("group", "held_out"): 0.3,
            ("benchmark", "all"): (0.625 + 0.3) / 2,
        }
    )  # fmt: skip
    whole = row_of(results, seed="all", level="benchmark")
    assert (whole["n"], whole["status"], whole["metric"]) == (8, "complete", "accuracy")
    without = summarise_scores(predictions, {}, QUICK)
    assert row_of(without, seed="all", level="benchmark")["value"] == pytest.approx(1.55 / 3)


def test_track_5_of_shopbench_is_the_mean_of_four_tracks():
    scores = {"1": [[1, 0], [1, 1]], "2": [[0, 0]], "3": [[1, 0, 0, 0]], "4": [[0.5], [0.1], [0.3]]}
    tracks = {track: [f"{track}{n}" for n in range(len(of))] for track, of in scores.items()}
    predictions = table_of(
        *(
            answers("base", values, name)
            for track, of in scores.items()
            for name, values in zip(tracks[track], of, strict=True)
        )
    )
    results = summarise_scores(predictions, {"shop": tracks}, QUICK)
    # tracks: .75, 0, .25, .3
    assert row_of(results, seed="all", level="benchmark")["value"] == pytest.approx(1.3 / 4)
    assert row_of(results, seed="all", level="group", task="4")["value"] == pytest.approx(0.3)


def test_micro_f1_pools_counts_and_shows_its_parts():
    predictions = answers("base", [(3, 3, 3), (1, 3, 5)])
    results = summarise_scores(predictions, {}, QUICK)
    found = results[results["seed"] == "all"].set_index(["level", "metric"])["value"].to_dict()
    assert found == pytest.approx(
        {
            ("task", "micro_f1"): 8 / 14, ("benchmark", "micro_f1"): 8 / 14,
            ("part", "precision"): 4 / 6, ("part", "recall"): 4 / 8,
        }
    )  # fmt: skip


@pytest.mark.parametrize(
    ("counts", "expected"),
    [
        ([(0, 0, 0), (0, 0, 0)], (1, 1, 1)),
        ([(0, 0, 2), (0, 0, 1)], (0, 0, 0)),
        ([(0, 2, 0), (0, 1, 0)], (0, 0, 0)),
        ([(0, 2, 2), (0, 1, 3)], (0, 0, 0)),
    ],
)
def test_f1_where_one_side_is_empty(counts, expected):
    results = summarise_scores(answers("base", counts), {}, QUICK)
    of = results[(results["seed"] == "0") & (results["level"] != "benchmark")]
    assert (
        tuple(of.set_index("metric").loc[["micro_f1", "precision", "recall"], "value"]) == expected
    )
    assert (of["ci_low"] == of["value"]).all() and (of["ci_high"] == of["value"]).all()


def test_seeds_are_averaged_and_their_spread_stands_beside():
    first, second = [(1, 1, 2), (0, 1, 1)], [(2, 2, 2), (1, 1, 1)]
    predictions = table_of(answers("mixed", first), answers("mixed", second, seed=1))
    results = summarise_scores(predictions, {}, QUICK)
    task = results[results["level"] == "task"].set_index("seed")
    # 2 / (2 + 3) and 1: not the F1 of all counts together, 2 * 4 / (5 + 6)
    assert task["value"].to_dict() == pytest.approx({"all": 0.7, "0": 0.4, "1": 1.0})
    assert task.loc["all", "seed_sd"] == pytest.approx(0.6 / np.sqrt(2))
    assert task.loc["all", "n_seeds"] == 2 and np.isnan(task.loc["0", "seed_sd"])
    assert task["n"].tolist() == [2, 2, 2]


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


def test_one_group_has_no_interval_and_equal_groups_one_without_width():
    predictions = table_of(
        answers("base", [1, 0, 1], "colour", group="one product"), answers("base", [1, 1], "size")
    )
    results = summarise_scores(predictions, {"shop": {"alone": ["colour"]}}, QUICK)
    alone = results[results["task"].isin(["colour", "alone"])]
    assert len(alone) == 4 and alone[["ci_low", "ci_high"]].isna().all(axis=None)
    size = row_of(results, task="size", seed="0")
    assert (size["ci_low"], size["ci_high"]) == (1, 1)


def test_an_absent_task_has_no_value_and_makes_its_means_partial():
    predictions = table_of(answers("base", [1, 0], "colour"), answers("mixed", [1, 1], "colour"))
    sources = pd.DataFrame(
        [
            {"benchmark": "shop", "task": "colour", "status": "present", "detail": ""},
            {
                "benchmark": "shop",
                "task": "size",
                "status": "absent",
                "detail": "no file sizes.csv",
            },
            {"benchmark": "public", "task": "news", "status": "absent", "detail": "no news.csv"},
        ]
    )
    results = summarise_scores(predictions, HELD | {"public": {}}, QUICK, sources)
    for variant in ("base", "mixed"):
        of = results[(results["variant"] == variant) & (results["seed"] == "all")]
        absent = of[of["status"] == "absent"].set_index("task")
        assert set(absent.index) == {"size", "title", "held_out", "news", "all"}
        assert absent["value"].isna().all() and (absent["n"] == 0).all()
        assert absent.loc["size", "detail"] == "no file sizes.csv"
        whole = row_of(of, benchmark="shop", level="benchmark")
        assert whole["status"] == "partial"
        assert whole["detail"] == "1 of 3 tasks, without size, title"
        assert whole["value"] == row_of(of, task="colour")["value"]
    public = row_of(results, variant="base", seed="all", benchmark="public", level="benchmark")
    assert public["status"] == "absent" and np.isnan(public["value"])


def test_a_model_that_was_not_asked_a_task_says_so():
    predictions = table_of(
        answers("base", [1, 0], "colour"), answers("base", [1, 1], "size"),
        answers("mixed", [1, 0], "colour"),
    )  # fmt: skip
    results = summarise_scores(predictions, {}, QUICK)
    size = row_of(results, variant="mixed", seed="all", task="size")
    assert size["status"] == "absent" and np.isnan(size["value"])
    whole = row_of(results, variant="mixed", seed="all", level="benchmark")
    assert (whole["status"], whole["value"], whole["n"]) == ("partial", 0.5, 2)
    assert row_of(results, variant="base", seed="all", level="benchmark")["status"] == "complete"


def test_what_an_endpoint_did_not_answer_is_left_out_and_told():
    predictions = answers("endpoint", [1, None, 0, None, 1])
    predictions["problem"] = [None, "endpoint", None, "endpoint", None]
    results = summarise_scores(predictions, {}, QUICK)
    task = row_of(results, seed="all", level="task")
    assert (task["value"], task["n"], task["n_unparsed"]) == (pytest.approx(2 / 3), 3, 0)
    assert (task["status"], task["detail"]) == ("partial", "no answer: endpoint 2")
    assert row_of(results, seed="all", level="benchmark")["status"] == "partial"
    nothing = summarise_scores(predictions.assign(score=np.nan, problem="endpoint"), {}, QUICK)
    assert nothing["value"].isna().all() and (nothing["n"] == 0).all()


def test_answers_without_their_scorer_are_no_score_at_all():
    """Exact matches score 1 without an encoder: a mean over those alone would be 1."""
    predictions = table_of(
        answers("base", [1, None, None], "title", metric="sentence_similarity", parsed=True),
        answers("base", [0, 1], "colour"),
    )
    results = summarise_scores(predictions, {}, QUICK)
    title = row_of(results, seed="all", task="title")
    assert np.isnan(title["value"]) and title["status"] == "unscored"
    assert title["detail"] == "2 of 3 answers have no score: their scorer is not here"
    whole = row_of(results, seed="all", level="benchmark")
    assert (whole["value"], whole["status"]) == (0.5, "partial")


def test_unparsed_answers_and_questions_too_long_score_nothing_and_are_counted():
    predictions = answers("base", [1, 0, 0, 0], parsed=[True, False, False, True])
    predictions["problem"] = [None, None, "too_long", None]
    task = row_of(summarise_scores(predictions, {}, QUICK), seed="0", level="task")
    assert (task["value"], task["n"], task["n_unparsed"]) == (0.25, 4, 2)
    assert task["status"] == "complete"


def test_means_of_constrained_answers_take_free_ones_where_there_are_no_choices():
    predictions = table_of(
        answers("base", [1, 1], "colour", decoding="constrained"),
        answers("base", [0, 1], "colour"),
        answers("base", [0.2, 0.2], "title", metric="rouge_l"),
    )
    results = summarise_scores(predictions, {}, QUICK)
    means = results[(results["level"] == "benchmark") & (results["seed"] == "all")]
    assert means.set_index("decoding")["value"].to_dict() == pytest.approx(
        {"constrained": 0.6, "free": 0.35}
    )
    assert set(means["metric"]) == {"mean"}
    asked = predictions[~((predictions["task"] == "colour") & (predictions["decoding"] == "free"))]
    results = summarise_scores(asked, {}, QUICK)  # no mean of free answers over title alone
    assert set(results.loc[results["level"] == "benchmark", "decoding"]) == {"constrained"}


def test_predictions_read_back_from_a_file_say_the_same():
    predictions = table_of(
        answers("mixed", [1, 0, None], problem=[None, None, "endpoint"]),
        answers("mixed", [(1, 1, 2)], "spans"),
    )
    lines = io.StringIO(predictions.to_json(orient="records", lines=True))
    cells = io.StringIO(predictions.assign(problem=["", "", "endpoint", ""]).to_csv(index=False))
    for read in (pd.read_json(lines, lines=True), pd.read_csv(cells), predictions.convert_dtypes()):
        pd.testing.assert_frame_equal(
            summarise_scores(read, {}, QUICK), summarise_scores(predictions, {}, QUICK)
        )


def test_a_task_outside_every_group_is_named():
    predictions = table_of(answers("base", [1, 0], "colour"), answers("base", [1, 1], "other"))
    results = summarise_scores(predictions, {"shop": {"held_in": ["colour"]}}, QUICK)
    whole = row_of(results, seed="all", level="benchmark")
    assert (whole["value"], whole["detail"]) == (0.5, "in no group: other")


def test_nothing_predicted_is_an_empty_table():
    empty = summarise_scores(answers("base", [1]).iloc[:0], HELD, QUICK)
    assert empty.empty and list(empty.columns) == RESULTS
    none = checkpoint_curve(answers("base", [1], tokens=0).iloc[:0], HELD, QUICK)
    assert none.empty and list(none.columns) == CURVE


@pytest.mark.parametrize(
    ("predictions", "message"),
    [
        (
            table_of(answers("base", [1, 0]), answers("mixed", [1])),
            "'mixed', seed 0, has no answer to example 'colour-1', which 'base', seed 0, has",
        ),
        (
            table_of(answers("base", [1]), answers("mixed", [1], version="v2")),
            "'base' answered version v1 of the task and 'mixed' version v2",
        ),
        (table_of(answers("base", [1]), answers("base", [0])), "answered 'colour-0' twice"),
        (
            table_of(answers("base", [1]), answers("mixed", [1], group="another")),
            "'colour-0' has two groups",
        ),
        (answers("base", [1, np.inf]), "'colour-1' of 'base'"),
        (answers("base", [(-1, 2, 3)]), "not below 0"),
        (answers("base", [1]).drop(columns="group"), "no column 'group'"),
        (answers("base", [1]).assign(task=None), "row 0 has no task"),
    ],
)  # fmt: skip
def test_predictions_that_cannot_stand_in_one_table_are_refused(predictions, message):
    with pytest.raises(ValueError, match=message):
        summarise_scores(predictions, {}, QUICK)


def test_a_curve_has_a_point_for_every_number_of_tokens():
    predictions = table_of(
        *(
            answers("mixed", values, seed=seed, tokens=tokens)
            for (seed, tokens), values in {
                (0, 0): [0, 0], (1, 0): [0, 0], (0, 9000): [1, 0], (1, 9000): [1, 1],
                (0, 100000): [1, 1], (1, 100000): [1, 1],
            }.items()
        )
    )  # fmt: skip
    curve = checkpoint_curve(predictions, {}, QUICK)
    whole = curve[(curve["level"] == "benchmark") & (curve["seed"] == "all")]
    assert whole[["tokens", "value"]].to_numpy().tolist() == [[0, 0], [9000, 0.75], [100000, 1]]
    assert set(curve["variant"]) == {"mixed"} and len(curve) == 2 * 3 * 3
    with pytest.raises(ValueError, match="no column 'tokens'"):
        checkpoint_curve(answers("mixed", [1]), {}, QUICK)
    with pytest.raises(ValueError, match="'mixed' has no tokens"):
        checkpoint_curve(predictions.assign(tokens=[None, *predictions["tokens"][1:]]), {}, QUICK)
    as_floats = checkpoint_curve(predictions.astype({"tokens": float}), {}, QUICK)
    pd.testing.assert_frame_equal(as_floats, curve)


SCORES = st.lists(st.sampled_from([0.0, 0.5, 1.0]), min_size=1, max_size=5)
COUNTS = st.integers(0, 3).flatmap(
    lambda right: st.tuples(st.just(right), st.integers(right, 4), st.integers(right, 4))
)


@settings(max_examples=8, deadline=None)
@given(
    st.lists(SCORES, min_size=1, max_size=3),
    st.lists(COUNTS, min_size=1, max_size=4),
    st.integers(1, 3),
    st.randoms(use_true_random=False),
)
def test_the_order_of_rows_says_nothing_and_a_value_lies_in_its_interval(
    scores, counts, n_groups, random
):
    tasks = [*scores, counts]
    predictions = table_of(
        *(
            answers(v, values, f"t{n}", group=[f"p{i % n_groups}" for i in range(len(values))])
            for v, (n, values) in itertools.product(("base", "mixed"), enumerate(tasks))
        )
    )
    tiny = BootstrapSettings(samples=99)
    results = summarise_scores(predictions, {"shop": {"one": ["t0"]}}, tiny)
    order = list(range(len(predictions)))
    random.shuffle(order)
    again = summarise_scores(predictions.iloc[order], {"shop": {"one": ["t0"]}}, tiny)
    pd.testing.assert_frame_equal(results, again)
    known = results[results["ci_low"].notna()]
    assert (known["ci_low"] <= known["value"]).all() and (known["value"] <= known["ci_high"]).all()
    assert known["value"].between(0, 1).all()
    n_of_groups = results.loc[results["level"] == "task"].set_index("task")["n_groups"]
    assert (n_of_groups == [min(n_groups, len(tasks[int(t[1:])])) for t in n_of_groups.index]).all()


def test_no_interval_leaves_what_a_score_can_be():
    products = ["a"] * 10 + ["b", "c"]  # drawn twice, `a` takes more off the mean than there is
    parts = [
        answers("base", [0] * 10 + [1, 0], task, group=products) for task in ("colour", "size")
    ]
    results = summarise_scores(table_of(*parts), {}, QUICK)
    whole = row_of(results, seed="all", level="benchmark")
    assert 0 <= whole["ci_low"] < whole["value"] < whole["ci_high"] <= 1
