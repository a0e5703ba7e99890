import itertools

import numpy as np
import pandas as pd
import pytest
from benchmark_rows import HELD, QUICK, answers, row_of, table_of
from hypothesis import given, settings
from hypothesis import strategies as st

from shoplm.metrics.benchmark import RESULTS, summarise_scores
from shoplm.metrics.settings import BootstrapSettings


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
    assert of[["ci_low", "ci_high"]].isna().all(axis=None)  # alike examples say nothing of others


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


def test_a_task_outside_every_group_is_named():
    predictions = table_of(answers("base", [1, 0], "colour"), answers("base", [1, 1], "other"))
    results = summarise_scores(predictions, {"shop": {"held_in": ["colour"]}}, QUICK)
    whole = row_of(results, seed="all", level="benchmark")
    assert (whole["value"], whole["detail"]) == (0.5, "in no group: other")


def test_nothing_predicted_is_an_empty_table():
    empty = summarise_scores(answers("base", [1]).iloc[:0], HELD, QUICK)
    assert empty.empty and list(empty.columns) == RESULTS


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
