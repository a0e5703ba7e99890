"""What is known before a list: counted by hand, and blind to the future."""

import numpy as np
import pandas as pd
import pytest
from hypothesis import assume, given, settings
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


def test_each_key_looks_as_far_back_as_it_likes_and_so_does_popularity():
    frame = log_of(
        ("A", 0, "x", 0, 1, 1), ("B", 6 * DAY, "x", 0, 0, 0), ("C", 7 * DAY, "x", 0, 0, 0),
        ("D", 7 * DAY + 1, "x", 0, 0, 0), ("E", 20 * DAY, "x", 0, 1, 0),
        ("F", 21 * DAY, "x", 0, 0, 0),
    )  # fmt: skip
    keys = {"item": ["product_id"], "user": ["user_id"]}
    windows = {"days": [None, 7], "days_by_key": {"user": [15]}, "popularity_days": 7}
    chosen = settings_of(history={"keys": keys, **windows, "smoothing": 1})
    counts = [name for name, is_count in chosen.prior_columns().items() if is_count]
    assert counts == ["item_shown", "item_shown_7d", "user_shown_15d"]
    made = features_of(frame, chosen)
    # what was shown just seven days ago still counts
    expected = [[0, 0, 0], [1, 1, 1], [2, 2, 2], [3, 2, 3], [4, 0, 3], [5, 1, 4]]
    assert made[counts].to_numpy().tolist() == expected
    # C: clicked 1 of 2 times, as were all; D: two rows of late without a click, all were clicked
    # 1 of 3 times; F: 1 of 1, 2 of 5
    late = [0, 1, 1 / 2, 1 / 9, 1 / 4, (1 + 2 / 5) / 2]
    np.testing.assert_allclose(made["_popularity"], late)


@pytest.mark.parametrize(
    ("history", "message"),
    [
        ({"days": [7, 7]}, "expected different numbers of days above 0"),
        ({"days_by_key": {"item": [0]}}, "expected different numbers of days above 0"),
        ({"days_by_key": {"itme": [7]}}, "'itme' is no key; did you mean 'item'"),
        ({"label_times": {"click": "item_shown"}}, "would be called 'item_shown', as a column is"),
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


def test_an_inferred_label_is_known_no_earlier_than_what_implies_it():
    names = [f"{letter}{n}" for n, letter in enumerate("ABCDE")]
    frame = log_of(*((name, 10 * n, "x", 0, 0, 0) for n, name in enumerate(names)))
    frame.loc[0, "purchase"] = 1  # and so clicked; bought at 25, which nobody knows before
    frame["bought_at"] = [25, None, None, None, None]
    history = {**BY_ITEM, "smoothing": 1e-9, "label_times": {"purchase": "bought_at"}}
    made = features_of(frame, settings_of(history=history, broken_order="repair"))
    assert made["click"].tolist() == [1, 0, 0, 0, 0]
    np.testing.assert_allclose(made["item_click_rate"], [0, 0, 0, 1 / 3, 1 / 4], atol=1e-6)
    assert made["_at_click"].tolist()[:1] == made["_at_purchase"].tolist()[:1] == [25]


@settings(max_examples=2, deadline=None)
@given(seed=st.integers(0, 99), day=st.integers(3, 9), delay=st.integers(0, DAY))
def test_changing_the_future_changes_no_feature(seed, day, delay):
    """With labels that are repaired, that have times of their own, and that are delayed."""
    history = {"label_times": {"purchase": "bought_at"}, "label_delay": delay}
    history |= {"keys": {"item_region": ["product_id", "region"]}, "days": [None, 2]}
    chosen = settings_of(history=history, broken_order="repair")
    cut = day * DAY
    frame = random_log(seed=seed)
    rng = np.random.default_rng(seed)
    frame["click"] *= rng.random(len(frame)) < 0.7  # the order is broken
    bought_at = frame["timestamp"] + rng.integers(0, 3 * DAY, len(frame))
    frame["bought_at"] = bought_at.where(frame["purchase"] == 1)
    changed = frame.copy()
    later = changed["timestamp"] >= cut
    # labels of the rows at the cut itself are the future of the lists at the cut too
    changed.loc[later, ["click", "purchase"]] = 1
    changed.loc[later, "bought_at"] = changed["timestamp"]
    changed.loc[later & (changed["timestamp"] > cut), "product_id"] = "P0"
    # rows of before whose outcomes come later
    unclear = ~later & (bought_at >= cut)
    changed.loc[unclear, "purchase"] = 1 - changed["purchase"]
    changed.loc[unclear, "bought_at"] = bought_at.where(changed["purchase"] == 1)
    clicked_late = ~later & (changed["timestamp"] + delay >= cut)
    changed.loc[clicked_late, "click"] = 1 - changed["click"]
    changed = changed[~(later & (changed["list_id"].str[-1] == "7"))]
    assume((unclear & (frame["click"] < frame["purchase"])).any())
    names = [*chosen.prior_columns(), "_popularity"]
    before, after = features_of(frame, chosen), features_of(changed, chosen)
    kept = before["timestamp"] <= cut
    assert kept.sum() > 20
    # a test that nothing could fail would pass too
    assert before.loc[kept, names].nunique().min() > 3
    pd.testing.assert_frame_equal(
        before.loc[kept & (before["list_id"].str[-1] != "7"), names].reset_index(drop=True),
        after.loc[
            (after["timestamp"] <= cut) & (after["list_id"].str[-1] != "7"), names
        ].reset_index(drop=True),
    )


def test_popularity_of_a_log_without_times_is_that_of_the_other_training_rows():
    frame = log_of(
        ("A", 0, "x", 0, 1, 0), ("B", 0, "x", 0, 0, 0), ("C", 0, "y", 0, 1, 0),
        ("D", 0, "x", 0, 1, 0), ("E", 0, "z", 0, 1, 0),
    )  # fmt: skip
    frame["side"] = ["train"] * 3 + ["test"] * 2
    chosen = settings_of(time=None, side="side", history={"smoothing": 1})
    made = features_of(frame, chosen)["_popularity"]
    # A leaves itself out: x was clicked 0 of 1 times, all 1 of 2; test rows count nowhere
    expected = [0.5 / 2, (1 + 1) / 2, 0.5, (1 + 2 / 3) / 3, 2 / 3]
    np.testing.assert_allclose(made, expected)


def test_no_task_is_called_as_a_count_is():
    with pytest.raises(ValueError, match="a task cannot be called 'shown'"):
        settings_of(tasks=["shown", "click"])


def test_a_history_needs_times():
    with pytest.raises(ValueError, match="without `time`"):
        settings_of(time=None, side="side", history=BY_ITEM)
