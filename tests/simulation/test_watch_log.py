"""The watch log: ordered labels, one tab a list, features scaled by tab as the truth says."""

import ibis
import numpy as np
import pandas as pd
import pytest

from shoplm.funnel.feature_split import split_features
from shoplm.funnel.log.folder import FunnelLog
from shoplm.funnel.log.history import build_features
from shoplm.funnel.log.writing import write_log
from shoplm.funnel.settings import FeatureSplitSettings, LogSettings
from shoplm.simulation.settings import WatchSize
from shoplm.simulation.watch_log import (
    EFFECTS,
    RATES,
    SHIFTED,
    TASKS,
    UNSHIFTED,
    simulate_watch_log,
)

SIZE = WatchSize(rows=20_000, users=500, videos=1_000)


@pytest.fixture(scope="module")
def watched():
    return simulate_watch_log(SIZE, seed=7)


def test_labels_are_ordered_and_as_frequent_as_stated(watched):
    log, _ = watched
    reached = np.ones(len(log), bool)
    for task in TASKS:
        happened = log[task] == 1
        assert not (happened & ~reached).any()
        assert happened.sum() / reached.sum() == pytest.approx(RATES[task], abs=0.04)
        reached = happened


def test_a_list_has_one_user_tab_and_time_and_no_video_twice(watched):
    log, _ = watched
    assert len(log) == SIZE.rows
    lists = log.groupby("list_id")
    for column in ("user_id", "region", "timestamp"):
        assert (lists[column].nunique() == 1).all(), column
    assert not log.duplicated(["list_id", "video_id"]).any()
    assert lists["position"].agg(lambda p: p.tolist() == list(range(len(p)))).all()
    assert log["timestamp"].is_monotonic_increasing
    shown = log["region"].value_counts()
    assert sorted(shown.index) == [f"T{i}" for i in range(5)] and shown["T0"] > 1.5 * shown["T4"]
    times = log["video_id"].value_counts()
    assert times.iloc[0] > 4 * times.median()  # popular videos are shown more often
    assert log.groupby("video_id")["cover_quality"].nunique().max() == 1


def test_the_seed_decides_everything(watched):
    log, truth = watched
    again, same = simulate_watch_log(SIZE, seed=7)
    pd.testing.assert_frame_equal(log, again)
    assert truth == same
    assert not log["click"].equals(simulate_watch_log(SIZE, seed=8)[0]["click"])


def test_features_act_as_the_truth_says_once_their_scale_is_undone(watched):
    log, truth = watched
    assert truth["effects"] == EFFECTS
    reached = pd.Series(True, index=log.index)
    for task in TASKS:
        for feature, effect in EFFECTS[task].items():
            value = log[feature]
            if feature in truth["scales"]:
                how = truth["scales"][feature]
                value = value / log[how["region_feature"]] ** how["exponent"]
            if abs(effect) >= 0.6:
                found = np.corrcoef(value[reached].rank(), log.loc[reached, task])[0, 1]
                assert np.sign(found) == np.sign(effect) and abs(found) > 0.05, (task, feature)
        reached &= log[task] == 1


def test_the_split_finds_the_planted_features(watched, tmp_path):
    log, truth = watched
    settings = LogSettings(
        platform=None, item="video_id", tasks=list(TASKS), numeric=[*UNSHIFTED, *SHIFTED]
    )
    table = ibis.duckdb.connect().create_table("watch_log", log)
    folder = write_log(build_features(table, settings), settings, tmp_path / "log")
    found = split_features(FunnelLog.open(folder), FeatureSplitSettings()).dependent
    assert sorted(found) == truth["shifted_features"] == sorted(SHIFTED)
