"""What is known before a list: counted by hand, and blind to the future."""

import numpy as np
import pandas as pd
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from small_logs import DAY, features_of, random_log, settings_of

BY_ITEM = {"keys": {"item": ["product_id"]}}
COLUMNS = ["list_id", "timestamp", "product_id", "position", "click", "purchase"]


def log_of(*rows):
    frame = pd.DataFrame(rows, columns=COLUMNS)
    return frame.assign(user_id="U", region="R", platform="web", price=1.0)


def test_counts_and_rates_are_those_of_strictly_earlier_times():
    frame = log_of(
        ("A", 10, "x", 0, 1, 1),
        ("A", 10, "y", 1, 0, 0),
        ("B", 10, "x", 0, 1, 0),  # at the time of A: neither knows of the other
        ("C", 20, "x", 0, 0, 0),
        ("D", 30, "x", 0, 1, 0),
    )
    made = features_of(frame, settings_of(history={**BY_ITEM, "smoothing": 2}))
    assert made["item_shown"].tolist() == [0, 0, 0, 2, 3]
    # C: x was clicked 2 of 2 times, all rows 2 of 3; D: 2 of 3, all 2 of 4
    expected = [0, 0, 0, (2 + 2 * 2 / 3) / (2 + 2), (2 + 2 * 2 / 4) / (3 + 2)]
    np.testing.assert_allclose(made["item_click_rate"], expected)
    np.testing.assert_allclose(made["_popularity"], expected)
    bought = [0, 0, 0, (1 + 2 * 1 / 3) / 4, (1 + 2 * 1 / 4) / 5]
    np.testing.assert_allclose(made["item_purchase_rate"], bought)


def test_a_list_knows_nothing_of_its_own_earlier_rows():
    frame = log_of(("A", 10, "x", 0, 1, 1), ("A", 50, "x", 1, 0, 0), ("B", 40, "x", 0, 0, 0))
    made = features_of(frame, settings_of(history=BY_ITEM))
    assert made["item_shown"].tolist() == [0, 0, 1]


def test_a_window_forgets_what_is_older():
    frame = log_of(
        ("A", 0, "x", 0, 1, 1), ("B", 6 * DAY, "x", 0, 0, 0), ("C", 7 * DAY, "x", 0, 0, 0),
        ("D", 7 * DAY + 1, "x", 0, 0, 0),
    )  # fmt: skip
    made = features_of(frame, settings_of(history={**BY_ITEM, "days": [None, 7]}))
    assert made["item_shown"].tolist() == [0, 1, 2, 3]
    assert made["item_shown_7d"].tolist() == [0, 1, 2, 2]


def test_a_key_may_look_as_far_back_as_it_likes():
    frame = log_of(("A", 0, "x", 0, 1, 1), ("B", 8 * DAY, "x", 0, 0, 0))
    keys = {"item": ["product_id"], "user": ["user_id"]}
    chosen = settings_of(history={"keys": keys, "days": [7], "days_by_key": {"user": [None, 9]}})
    names = ["item_shown_7d", "user_shown", "user_shown_9d"]
    assert [name for name in chosen.prior_columns() if "shown" in name] == names
    assert features_of(frame, chosen)[names].to_numpy().tolist() == [[0, 0, 0], [0, 1, 1]]


def test_popularity_may_be_of_late():
    frame = log_of(
        ("A", 0, "x", 0, 1, 1), ("B", 8 * DAY, "x", 0, 0, 0), ("C", 9 * DAY, "x", 0, 0, 0)
    )
    made = features_of(frame, settings_of(history={"popularity_days": 7, "smoothing": 1}))
    # C: x was shown once and clicked never within the days, all rows were clicked 1 of 2 times
    np.testing.assert_allclose(made["_popularity"], [0, 1, 0.25])


@pytest.mark.parametrize(
    ("history", "message"),
    [
        ({"days": [7, 7]}, "expected different numbers of days above 0"),
        ({"days_by_key": {"item": [0]}}, "expected different numbers of days above 0"),
        ({"days_by_key": {"itme": [7]}}, "'itme' is no key; did you mean 'item'"),
    ],
)
def test_windows_that_make_no_sense_are_refused(history, message):
    with pytest.raises(ValueError, match=message):
        settings_of(history={**BY_ITEM, **history})


def test_a_label_is_known_from_its_own_time_on():
    frame = log_of(("A", 10, "x", 0, 1, 1), ("B", 20, "x", 0, 0, 0), ("C", 30, "x", 0, 0, 0))
    frame["bought_at"] = [25, None, None]
    history = {**BY_ITEM, "smoothing": 1e-9, "label_times": {"purchase": "bought_at"}}
    made = features_of(frame, settings_of(history=history))
    np.testing.assert_allclose(made["item_purchase_rate"], [0, 0, 0.5], atol=1e-6)
    np.testing.assert_allclose(made["item_click_rate"], [0, 1, 0.5], atol=1e-6)


@settings(max_examples=2, deadline=None)
@given(seed=st.integers(0, 99), day=st.integers(2, 9))
def test_changing_the_future_changes_no_feature(seed, day):
    chosen = settings_of(
        history={
            "keys": {"item_region": ["product_id", "region"]},
            "days": [None, 2],
        }
    )  # fmt: skip
    frame = random_log(seed=seed)
    cut = day * DAY
    changed = frame.copy()
    later = changed["timestamp"] >= cut
    # labels of the rows at the cut itself are the future of the lists at the cut too
    changed.loc[later, ["click", "purchase"]] = 1
    changed.loc[later & (changed["timestamp"] > cut), "product_id"] = "P0"
    changed = changed[~(later & (changed["list_id"].str[-1] == "7"))]
    names = [*chosen.prior_columns(), "_popularity"]
    before, after = features_of(frame, chosen), features_of(changed, chosen)
    kept = before["timestamp"] < cut
    assert kept.sum() > 20
    assert before.loc[kept, "item_region_shown"].max() > 0
    pd.testing.assert_frame_equal(
        before.loc[kept, names].reset_index(drop=True),
        after.loc[after["timestamp"] < cut, names].reset_index(drop=True),
    )
    # and the past does: a test that nothing could fail would pass here too
    past = frame.assign(click=1)
    assert not before.loc[kept, names].equals(features_of(past, chosen).loc[kept, names])


def test_a_history_needs_times():
    with pytest.raises(ValueError, match="without `time`"):
        settings_of(time=None, side="side", history=BY_ITEM)
