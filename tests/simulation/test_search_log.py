"""The search log: ordered labels, real effects, features shifted by region as the truth says."""

import numpy as np
import pandas as pd
import pytest
from scipy.stats import ks_2samp, wasserstein_distance

from shoplm.simulation.search_log import EFFECTS, RATES, SHIFTED, TASKS, UNSHIFTED


@pytest.fixture(scope="module")
def log(simulated):
    return simulated.tables["search_log"]


def test_rows_lists_and_positions(simulated, log):
    assert len(log) == simulated.settings.behaviour.search_rows
    lists = log.groupby("list_id")
    for column in ("user_id", "region", "platform", "timestamp", "query_category"):
        assert (lists[column].nunique() == 1).all(), column
    assert not log.duplicated(["list_id", "product_id"]).any()
    assert lists["position"].agg(lambda p: p.tolist() == list(range(len(p)))).all()
    assert log["region"].nunique() == 10 and set(log["platform"]) == {"app", "web"}
    assert log["timestamp"].is_monotonic_increasing
    assert all(len(tags) == 3 for tags in log["tags"])


def test_labels_are_ordered_and_as_frequent_as_stated(log):
    click, cart, purchase = (log[task] for task in TASKS)
    assert ((click >= cart) & (cart >= purchase)).all()
    assert set(np.unique(log[[*TASKS]])) == {0, 1}
    assert click.mean() == pytest.approx(RATES["click"], abs=0.02)
    assert cart.sum() / click.sum() == pytest.approx(RATES["cart"], abs=0.04)
    assert purchase.sum() / cart.sum() == pytest.approx(RATES["purchase"], abs=0.06)


def distances(log, feature):
    """Between the two regions whose medians of a feature lie furthest apart."""
    parts = log.groupby("region")[feature]
    medians = parts.median()
    low, high = (parts.get_group(r).to_numpy() for r in (medians.idxmin(), medians.idxmax()))
    return ks_2samp(low, high).statistic, wasserstein_distance(low, high) / log[feature].std()


def test_exactly_the_listed_features_are_shifted_by_region(simulated, log):
    truth = simulated.truth["search_log"]
    assert truth["shifted_features"] == sorted(SHIFTED)
    for feature in truth["shifted_features"]:
        ks, distance = distances(log, feature)
        assert ks > 0.45 and distance > 0.8, feature
    for feature in truth["unshifted_features"]:
        ks, distance = distances(log, feature)
        assert ks < 0.25 and distance < 0.4, feature
    assert not set(truth["shifted_features"]) & set(truth["unshifted_features"])


def test_the_region_features_undo_the_shift(simulated, log):
    undone = log.copy()
    for feature, how in simulated.truth["search_log"]["scales"].items():
        undone[feature] = log[feature] / log[how["region_feature"]] ** how["exponent"]
        ks, distance = distances(undone, feature)
        assert ks < 0.25 and distance < 0.4, feature


def test_features_act_on_each_task_as_the_truth_says(simulated, log):
    """Among the rows that could reach a task, a feature's effect has the planted sign."""
    undone = log.copy()
    for feature, how in simulated.truth["search_log"]["scales"].items():
        undone[feature] = log[feature] / log[how["region_feature"]] ** how["exponent"]
    reached = pd.Series(True, index=log.index)
    for task in TASKS:
        for feature, effect in EFFECTS[task].items():
            if abs(effect) < 0.5:
                continue
            ranks = undone.loc[reached, feature].rank()
            correlation = np.corrcoef(ranks, log.loc[reached, task])[0, 1]
            assert np.sign(correlation) == np.sign(effect) and abs(correlation) > 0.03, (
                task,
                feature,
            )
        reached &= log[task] == 1


def test_undoing_the_shift_predicts_better(simulated, log):
    """A planted mapping helps: the true linear score beats the same score on the shifted values."""
    scales = simulated.truth["search_log"]["scales"]
    effects = simulated.truth["search_log"]["effects"]["purchase"]

    def auc(frame):
        score = sum(
            weight * np.log1p(frame[name] - frame[name].min()).rank(pct=True)
            for name, weight in effects.items()
        )
        ranks = score.rank()
        label = frame["purchase"] == 1
        positives = label.sum()
        return (ranks[label].sum() - positives * (positives + 1) / 2) / (positives * (~label).sum())

    carted = log[log["cart"] == 1]
    undone = carted.assign(
        **{
            feature: carted[feature] / carted[how["region_feature"]] ** how["exponent"]
            for feature, how in scales.items()
        }
    )
    assert auc(undone) > auc(carted) + 0.02


def test_people_read_from_the_top(log):
    by_position = log.groupby("position")["click"].mean()
    assert by_position[0] > 1.5 * by_position[8]


def test_features_are_finite_and_named(log):
    assert np.isfinite(log[[*UNSHIFTED, *SHIFTED]]).all(axis=None)
    assert {"region_currency", "region_distance", "region_market"} <= set(log.columns)
