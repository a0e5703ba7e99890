"""Figures of the funnel, held against scikit-learn, plain resampling and values worked by hand."""

from __future__ import annotations

import math

import numpy as np
import pandas as pd
import pytest
from hypothesis import given
from hypothesis import strategies as st
from sklearn.metrics import log_loss, ndcg_score, roc_auc_score

from shoplm.metrics.funnel import RESULTS, summarise_funnel
from shoplm.metrics.funnel_comparison import COMPARISON, compare_funnel
from shoplm.metrics.funnel_settings import FunnelMetricSettings
from shoplm.metrics.funnel_statistics import (
    AreaUnderCurve,
    CalibrationError,
    Ratio,
    interval_of_moves,
    log_losses,
    ndcg_by_list,
)
from shoplm.metrics.resampling import iter_resamples
from shoplm.metrics.settings import BootstrapSettings

SETTINGS = FunnelMetricSettings(bootstrap=BootstrapSettings(samples=999))
TASKS = ["click", "purchase"]


def make_rows(lists, click, purchase, platform="app", region="de", popularity=0.0) -> pd.DataFrame:
    n = len(lists)
    columns = {"row": range(n), "list": lists, "click": click, "purchase": purchase}
    columns |= {"platform": platform, "region": region, "popularity": popularity}
    return pd.DataFrame(columns)


def predicted(p_1, p_2, variant="seq", seed=0) -> pd.DataFrame:
    columns = {"variant": variant, "seed": seed, "row": range(len(p_1)), "p_1": p_1, "p_2": p_2}
    return pd.DataFrame(columns)


def figure(table, **chosen):
    """The one row of a table."""
    wanted = {"platform": "all", "region": "all", "seed": "mean"} | chosen
    for column, value in wanted.items():
        table = table[table[column] == value]
    assert len(table) == 1, wanted
    return table.iloc[0]


@pytest.fixture(scope="module")
def drawn():
    """1,500 rows of 200 lists, scores with ties, of two platforms and three regions."""
    rng = np.random.default_rng(3)
    lists = np.sort(rng.integers(0, 200, 1500))
    truth = rng.normal(size=1500) + rng.normal(size=200)[lists] * 0.5
    click = (truth + rng.normal(size=1500) > 1.2).astype(int)
    purchase = click * (rng.random(1500) < 0.5)
    platform = np.array(["app", "web"])[rng.integers(0, 2, 200)][lists]
    region = np.array(["de", "fr", "us"])[rng.integers(0, 3, 200)][lists]
    rows = make_rows(lists, click, purchase, platform, region, rng.random(1500).round(1))
    tables = []
    for variant, noise in (("good", 0.3), ("poor", 2.0)):
        for seed in (0, 1):
            p = 1 / (1 + np.exp(1.0 - truth - noise * rng.normal(size=1500)))
            tables.append(predicted(p.round(2), (p * 0.5).round(2), variant, seed))
    return rows, pd.concat(tables, ignore_index=True)


@pytest.fixture(scope="module")
def summary(drawn):
    return summarise_funnel(*drawn, TASKS, SETTINGS)


def test_ndcg_of_a_list_with_a_tie_worked_by_hand():
    # scores 3, 2, 2, 1: the positive row is second or third, each half the time
    found, there = ndcg_by_list(
        np.array([3.0, 2, 2, 1, 5]), np.array([0, 1, 0, 0, 0], bool), np.array([0, 0, 0, 0, 1]), 10
    )
    assert found[0] == pytest.approx((1 / math.log2(3) + 1 / math.log2(4)) / 2)
    assert there.tolist() == [1.0, 0.0]


@pytest.mark.parametrize("decimals", [0, 1, 6])
@pytest.mark.parametrize("depth", [1, 3, 10])
def test_ndcg_agrees_with_scikit_learn(decimals, depth):
    rng = np.random.default_rng(depth)
    of_list = np.sort(rng.integers(0, 60, 600)).astype(np.int32)
    of_list = np.unique(of_list, return_inverse=True)[1]
    scores, labels = rng.normal(size=600).round(decimals), rng.random(600) < 0.15
    found, there = ndcg_by_list(scores, labels, of_list, depth)
    for number in range(of_list[-1] + 1):
        rows = of_list == number
        assert there[number] == labels[rows].any()
        if rows.sum() > 1 and labels[rows].any():
            expected = ndcg_score([labels[rows].astype(int)], [scores[rows]], k=depth)
            assert found[number] == pytest.approx(expected)


def test_a_list_of_one_row_has_ndcg_1_or_none():
    found, there = ndcg_by_list(np.array([0.1, 0.2]), np.array([True, False]), np.array([0, 1]), 10)
    assert found.tolist() == [1.0, 0.0] and there.tolist() == [1.0, 0.0]


@given(st.lists(st.tuples(st.integers(0, 3), st.booleans()), min_size=1, max_size=12))
def test_all_tied_is_the_mean_over_all_orders_and_scores_alone_count_by_order(pairs):
    labels = np.array([label for _, label in pairs])
    scores = np.array([score for score, _ in pairs], dtype=float)
    of_list = np.zeros(len(pairs), dtype=np.int32)
    found, there = ndcg_by_list(scores, labels, of_list, 5)
    moved, _ = ndcg_by_list(np.exp(scores) * 3 - 7, labels, of_list, 5)
    assert moved == pytest.approx(found)
    assert 0 <= found[0] <= 1 + 1e-12 and there[0] == labels.any()
    flat, _ = ndcg_by_list(scores * 0, labels, of_list, 5)
    discounts = [1 / math.log2(rank + 2) for rank in range(min(5, len(pairs)))]
    if labels.any():
        best = sum(discounts[: labels.sum()])
        assert flat[0] == pytest.approx(labels.mean() * sum(discounts) / best)


@pytest.mark.parametrize("decimals", [1, 9])
def test_auc_and_log_loss_agree_with_scikit_learn(decimals):
    rng = np.random.default_rng(decimals)
    of_list = np.sort(rng.integers(0, 50, 400)).astype(np.int32)
    of_list = np.unique(of_list, return_inverse=True)[1]
    p, labels = rng.random(400).round(decimals), rng.random(400) < 0.3
    every = np.ones(of_list[-1] + 1, dtype=bool)
    found = AreaUnderCurve(p, labels, of_list).over(every)
    assert found.value == pytest.approx(roc_auc_score(labels, p))
    assert found.moves.sum() == pytest.approx(0, abs=1e-12)
    assert found.shares.sum() == pytest.approx(1)
    inside = np.clip(p, 1e-6, 1 - 1e-6)
    assert log_losses(inside, labels).mean() == pytest.approx(log_loss(labels, inside))


def test_auc_of_a_part_is_that_of_its_rows_alone(drawn, summary):
    rows, predictions = drawn
    part = (rows["platform"] == "web") & (rows["region"] == "fr")
    p = predictions[(predictions["variant"] == "good") & (predictions["seed"] == 1)]
    expected = roc_auc_score(rows["click"][part], p["p_1"].to_numpy()[part])
    chosen = {"variant": "good", "seed": "1", "task": "click", "metric": "auc"}
    found = figure(summary, platform="web", region="fr", **chosen)
    assert found["value"] == pytest.approx(expected)
    assert (found["n"], found["n_lists"]) == (part.sum(), rows["list"][part].nunique())


def test_calibration_worked_by_hand():
    # two bins of two rows: predicted .1 and .3 for 0 of 2, .6 and .8 for 1 of 2
    p, labels = np.array([0.1, 0.3, 0.6, 0.8]), np.array([0, 0, 1, 0], bool)
    found = CalibrationError(p, labels, np.arange(4, dtype=np.int32), 2).over(np.ones(4, bool))
    assert found.value == pytest.approx((0.4 + 0.4) / 4)
    rows = make_rows([0, 0, 1, 1], [0, 0, 1, 0], [0, 0, 1, 0])
    table = summarise_funnel(rows, predicted(p, p), TASKS, SETTINGS)
    ratio = figure(table, variant="seq", task="click", metric="predicted_to_observed")
    assert ratio["value"] == pytest.approx(1.8)


def test_violations_are_counted_at_the_later_task_and_over_all():
    rows = make_rows([0, 0, 1, 1], [1, 0, 1, 0], [1, 0, 0, 0])
    table = summarise_funnel(rows, predicted([0.5] * 4, [0.5, 0.6, 0.4, 0.1]), TASKS, SETTINGS)
    violations = table[(table["metric"] == "violations") & (table["variant"] == "seq")]
    assert set(violations["task"]) == {"purchase", "all"}
    assert set(violations["value"]) == {0.25}


def resampled(figure_of, n_lists):
    """Standard error by drawing lists."""
    (counts,) = iter_resamples(n_lists, BootstrapSettings(samples=600, seed=1))
    return np.std([figure_of(np.repeat(np.arange(n_lists), c.astype(int))) for c in counts])


def test_moves_give_the_spread_that_drawing_lists_gives(drawn):
    rows, predictions = drawn
    p = predictions["p_1"].to_numpy()[: len(rows)]
    labels, of_list = rows["click"].to_numpy() > 0, rows["list"].to_numpy()
    of_list = np.unique(of_list, return_inverse=True)[1]
    members = [np.flatnonzero(of_list == number) for number in range(of_list[-1] + 1)]
    every = np.ones(len(members), dtype=bool)

    def auc(chosen):
        kept = np.concatenate([members[number] for number in chosen])
        ranks = pd.Series(p[kept]).rank().to_numpy()
        y = labels[kept]
        below = ranks[y].sum() - y.sum() * (y.sum() + 1) / 2
        return below / (y.sum() * (~y).sum())

    gains, there = ndcg_by_list(p, labels, of_list, 10)
    measured = {
        "auc": (AreaUnderCurve(p, labels, of_list), auc),
        "ndcg": (Ratio(gains, there), lambda c: gains[c].sum() / there[c].sum()),
    }
    for name, (statistic, figure_of) in measured.items():
        found = statistic.over(every)
        assert found.value == pytest.approx(figure_of(np.arange(len(members)))), name
        low, high = interval_of_moves(np.array([found.value]), found.moves[:, None], 0.95)
        expected = 2 * 1.96 * resampled(figure_of, len(members))
        assert high[0] - low[0] == pytest.approx(expected, rel=0.12), name


def test_every_table_has_both_orders_and_all_columns(summary):
    assert list(summary) == RESULTS
    keys = ["variant", "seed", "task", "platform", "region", "metric"]
    assert not summary.duplicated(keys).any()
    cells = summary[["platform", "region"]].drop_duplicates()
    assert len(cells) == 3 * 4
    for task in TASKS:
        for metric in ("ndcg@10", "auc"):
            chosen = (summary["task"] == task) & (summary["metric"] == metric)
            there = summary[chosen].groupby("variant").size()
            assert there.to_dict() == {"good": 36, "poor": 36, "popular_first": 12, "random": 12}
    assert figure(summary, variant="random", task="click", metric="auc")["value"] == 0.5
    known = summary.dropna(subset=["ci_low"])
    assert ((known["ci_low"] <= known["value"]) & (known["value"] <= known["ci_high"])).all()


def test_one_platform_called_as_all_of_them_is_there_once():
    rows = make_rows([0, 0, 1, 1], [1, 0, 0, 1], [0, 0, 0, 1], platform="all")
    found = summarise_funnel(rows, predicted([0.4, 0.2, 0.3, 0.9], [0.1] * 4), TASKS, SETTINGS)
    keys = ["variant", "seed", "task", "platform", "region", "metric"]
    assert not found.duplicated(keys).any() and set(found["region"]) == {"all", "de"}


def test_lists_without_a_positive_are_left_out_of_ndcg_and_counted(drawn, summary):
    rows, _ = drawn
    found = figure(summary, variant="good", task="purchase", metric="ndcg@10")
    positive = rows.groupby("list")["purchase"].max()
    assert (found["n"], found["n_lists"]) == (positive.sum(), len(positive))
    assert found["n"] < found["n_lists"]


def test_the_mean_is_over_seeds(summary):
    chosen = {"variant": "poor", "task": "click", "metric": "log_loss"}
    values = [figure(summary, seed=seed, **chosen)["value"] for seed in "01"]
    mean = figure(summary, **chosen)
    assert mean["value"] == pytest.approx(np.mean(values))
    assert mean["seed_sd"] == pytest.approx(np.std(values, ddof=1)) and mean["n_seeds"] == 2


def test_the_order_of_rows_and_predictions_does_not_matter(drawn, summary):
    rows, predictions = (table.sample(frac=1, random_state=5) for table in drawn)
    predictions = predictions.sort_values(["variant", "seed"], kind="stable")
    found = summarise_funnel(rows, predictions, TASKS, SETTINGS)
    pd.testing.assert_frame_equal(found, summary)


def test_a_task_without_positives_has_rows_without_value_that_say_so():
    rows = make_rows([0, 0, 1, 1], [1, 0, 1, 0], 0)
    table = summarise_funnel(rows, predicted([0.5] * 4, [0.1] * 4), TASKS, SETTINGS)
    empty = table[(table["task"] == "purchase") & (table["metric"] != "violations")]
    assert set(empty["metric"]) >= {"ndcg@10", "auc", "log_loss"}
    assert empty[["value", "ci_low", "ci_high"]].isna().all(axis=None)
    assert set(empty["status"]) == {"no positives"} and (empty["n"] == 0).all()
    assert set(table.loc[table["task"] == "click", "status"]) == {"complete"}
    compared = compare_funnel(
        rows, predicted([0.5] * 4, [0.1] * 4), TASKS, [("seq", "random")], SETTINGS
    )
    none = compared[compared["task"] == "purchase"]
    assert set(none["status"]) == {"no positives"} and none["p_holm"].isna().all()


def test_a_task_that_a_model_does_not_predict_is_said_to_be_so():
    rows = make_rows([0, 0, 1, 1], [1, 0, 1, 0], [1, 0, 0, 0])
    table = summarise_funnel(rows, predicted([0.5] * 4, [np.nan] * 4), TASKS, SETTINGS)
    found = figure(table, variant="seq", task="purchase", metric="ndcg@10")
    assert found["status"] == "not predicted" and np.isnan(found["value"])
    assert figure(table, variant="random", task="purchase", metric="ndcg@10")["value"] > 0


def test_the_better_of_two_is_found_and_a_model_against_itself_is_level(drawn):
    rows, predictions = drawn
    same = predictions[predictions["variant"] == "good"].assign(variant="same")
    pairs = [("good", "poor"), ("good", "same"), ("good", "random")]
    both = pd.concat([predictions, same], ignore_index=True)
    found = compare_funnel(rows, both, TASKS, pairs, SETTINGS)
    assert list(found) == COMPARISON
    better = figure(found, variant="good", against="poor", task="click", metric="ndcg@10")
    assert better["value"] > 0 and better["p_holm"] < 0.01 and better["ci_low"] > 0
    loss = figure(found, variant="good", against="poor", task="click", metric="log_loss")
    assert loss["value"] < 0 and loss["p_holm"] < 0.01
    level = found[found["against"] == "same"]
    assert (level["value"] == 0).all() and (level["p_value"] == 1).all()
    assert (found["p_holm"] >= found["p_value"]).all()
    assert "log_loss" not in set(found.loc[found["against"] == "random", "metric"])


def test_p_values_are_those_of_all_sign_patterns_where_lists_are_few():
    # NDCG of four lists: 1 against 1/log2(3), alike for all: 2 of 16 patterns are as extreme
    rows = make_rows([0, 0, 1, 1, 2, 2, 3, 3], [1, 0] * 4, [1, 0] * 4)
    right, wrong = [0.6, 0.4] * 4, [0.4, 0.6] * 4
    both = pd.concat([predicted(right, right, "right"), predicted(wrong, wrong, "wrong")])
    found = compare_funnel(rows, both, TASKS, [("right", "wrong")], SETTINGS)
    ndcg = figure(found, variant="right", task="click", metric="ndcg@10")
    assert ndcg["value"] == pytest.approx(1 - 1 / math.log2(3))
    assert ndcg["p_value"] == pytest.approx(2 / 16)
    assert ndcg["p_holm"] == pytest.approx(4 / 16)  # of two tasks


@pytest.mark.parametrize(
    ("spoil", "message"),
    [
        (lambda r, p: (r.assign(click=2), p), "click is 2, expected 0 or 1"),
        (lambda r, p: (r.assign(region=["de", "fr"] * 2), p), "list 0 has region 'de' and 'fr'"),
        (lambda r, p: (r.drop(columns="platform"), p), "no column 'platform'"),
        (lambda r, p: (r, p.iloc[:3]), "seq/seed-0: row 3 is missing"),
        (lambda r, p: (r, pd.concat([p, p.iloc[:1]])), "seq/seed-0: row 0 is there twice"),
        (lambda r, p: (r, p.assign(p_1=[0.1, 1.5, 0, 0])), "row 1: p_1 is 1.5"),
        (lambda r, p: (r, p.assign(p_1=[0.1, np.nan, 0, 0])), "row 1: p_1 is nan"),
    ],
)
def test_what_does_not_fit_is_refused_in_one_sentence(spoil, message):
    rows = make_rows([0, 0, 1, 1], [1, 0, 1, 0], [1, 0, 0, 0])
    with pytest.raises(ValueError, match=message):
        summarise_funnel(*spoil(rows, predicted([0.5] * 4, [0.2] * 4)), TASKS, SETTINGS)


def test_an_unknown_variant_to_compare_is_refused():
    rows = make_rows([0, 0], [1, 0], [1, 0])
    with pytest.raises(ValueError, match="no variant 'sek' was measured; did you mean 'seq'"):
        compare_funnel(rows, predicted([0.5] * 2, [0.2] * 2), TASKS, [("sek", "seq")], SETTINGS)
