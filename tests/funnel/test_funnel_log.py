"""The folder of a log: what is in it, whatever the order of the input; and bad input."""

import hashlib
from datetime import date
from itertools import pairwise

import numpy as np
import pandas as pd
import pytest
import torch
from small_logs import DAY, random_log, settings_of, table_of, write

from shoplm.funnel.log.folder import FunnelLog
from shoplm.funnel.log.history import build_features
from shoplm.funnel.log.sides import find_cuts, limit_training_rows

FULL = {
    "categorical": ["kind"],
    "multivalued": ["tags"],
    "numeric": ["price", "quality"],
    "history": {"keys": {"item": ["product_id"]}},
}


@pytest.fixture(scope="module")
def folder(tmp_path_factory):
    return tmp_path_factory.mktemp("log") / "funnel_log"


@pytest.fixture(scope="module")
def log(folder):
    return write(random_log(), folder, settings_of(**FULL))


def test_rows_are_sorted_and_a_list_is_on_one_side(log):
    order = np.stack([np.asarray(log.side), log.time, log.list])
    assert (np.lexsort(order[::-1]) == np.arange(len(log))).all()
    sides = pd.DataFrame({"list": log.list, "side": log.side}).groupby("list")["side"].nunique()
    assert len(sides) == 60 and (sides == 1).all()
    # ten days: eight, one and one
    days = [
        np.unique(log.time[log.rows(s)] // DAY).tolist() for s in ("train", "validation", "test")
    ]
    assert days == [list(range(8)), [8], [9]]


def test_numbers_are_scaled_by_training_rows_alone(log):
    frame = random_log()
    train = frame[frame["timestamp"] < 8 * DAY]["quality"]
    spread = train.quantile(0.75) - train.quantile(0.25)
    expected = (frame.sort_values(["list_id", "position"])["quality"] - train.median()) / spread
    found = log.numeric[:, log.numeric_names.index("quality")]
    np.testing.assert_allclose(found, expected, rtol=1e-5, atol=1e-6)


def test_categories_are_those_of_the_input(log):
    frame = random_log().sort_values(["list_id", "position"], ignore_index=True)
    assert log.categories == {"kind": 5, "tags": 6}
    assert [f"K{n - 1}" for n in log.categorical[:, 0]] == frame["kind"].tolist()
    starts, ids = log.multivalued["tags"]
    tags = [[f"T{n - 1}" for n in ids[a:b]] for a, b in pairwise(starts)]
    assert tags == frame["tags"].tolist()


@pytest.mark.parametrize("seed", [None, 3])
def test_batches_have_every_row_once(log, seed):
    batches = list(log.batches("train", 50, seed))
    index = torch.cat([batch.index for batch in batches])
    rows = log.rows("train")
    assert sorted(index.tolist()) == list(range(rows.start, rows.stop))
    assert (index.tolist() == sorted(index.tolist())) == (seed is None)
    assert {len(batch.index) for batch in batches[:-1]} == {50}
    again = torch.cat([batch.index for batch in log.batches("train", 50, seed)])
    assert torch.equal(index, again)
    batch = batches[1]
    np.testing.assert_array_equal(batch.numeric, log.numeric[batch.index.numpy()])
    np.testing.assert_array_equal(batch.labels, log.labels[batch.index.numpy()])
    assert torch.equal(batch.region_numeric, torch.eye(3)[batch.region])
    ids, offsets = batch.multivalued["tags"]
    starts, held = log.multivalued["tags"]
    row = int(batch.index[7])
    np.testing.assert_array_equal(ids[offsets[7] : offsets[8]], held[starts[row] : starts[row + 1]])


def test_a_refit_reads_training_and_validation_together(log):
    rows = log.rows(["train", "validation"])
    assert (rows.start, rows.stop) == (0, log.meta["sides"]["validation"][1])
    with pytest.raises(ValueError, match="not neighbours"):
        log.rows(["train", "test"])


def test_the_order_of_the_input_changes_nothing(log, tmp_path):
    mixed = random_log().sample(frac=1, random_state=5)
    again = write(mixed, tmp_path / "log", settings_of(**FULL))
    for file in log.folder.glob("*.npy"):
        np.testing.assert_array_equal(np.load(file), np.load(again.folder / file.name))
    assert again.fingerprint == log.fingerprint


def test_unusable_features_are_left_out_with_a_reason(tmp_path):
    frame = random_log()
    frame["nothing"] = np.nan
    frame["same"] = 3.0
    frame["endless"] = frame["price"].where(frame.index != 5, np.inf)
    frame["gappy"] = frame["price"].where(frame.index % 3 > 0)
    names = ["nothing", "same", "endless", "gappy"]
    log = write(frame, tmp_path / "log", settings_of(numeric=names))
    assert log.numeric_names == ["gappy", "gappy_missing"]
    rejected = log.rejected_features.set_index("feature")["reason"].to_dict()
    assert rejected == {"nothing": "all_null", "same": "constant", "endless": "infinite"}
    flag = log.numeric[:, 1] == 1
    assert flag.sum() == 80 and (log.numeric[flag, 0] == 0).all()


def test_rows_of_the_test_decide_of_no_feature(tmp_path):
    frame = random_log()
    test = frame["timestamp"] >= 9 * DAY
    frame.loc[test & (frame["position"] == 0), "quality"] = np.inf
    frame.loc[test & (frame["position"] == 1), "price"] = np.nan
    log = write(frame, tmp_path / "log", settings_of(numeric=["quality", "price"]))
    assert log.numeric_names == ["quality", "price"] and not len(log.rejected_features)
    found = log.numeric[log.rows("test")]
    assert (found[0::4, 0] == 0).all() and (found[1::4, 1] == 0).all() and (found != 0).sum() == 36
    assert log.warnings == [
        "feature 'quality': infinite on 6 rows of validation and test, which count as missing",
        "feature 'price': missing on 6 rows of validation and test and on none of training; they "
        "get its median, and no flag",
    ]


def test_categories_and_regions_unseen_in_training_have_a_place(tmp_path):
    frame = random_log()
    last = frame["timestamp"] >= 9 * DAY
    frame.loc[last, ["kind", "region"]] = ["new", "R9"]
    log = write(frame, tmp_path / "log", settings_of(categorical=["kind"]))
    assert (log.categorical[log.rows("test")] == 0).all()
    assert (log.categorical[log.rows("train")] > 0).all()
    assert {log.regions[n] for n in log.region[log.rows("test")]} == {"R9"}
    assert log.region_numeric.shape == (4, 4)


def test_hashed_categories_stay_within_their_buckets(tmp_path):
    changes = FULL | {"history": {}, "hash_buckets": {"kind": 3, "tags": 2}}
    log = write(random_log(), tmp_path / "log", settings_of(**changes))
    assert log.categories == {"kind": 4, "tags": 3}
    kinds = pd.Series(random_log().sort_values(["list_id", "position"])["kind"].to_numpy())
    assert kinds.groupby(np.asarray(log.categorical[:, 0])).nunique().sum() == 4
    assert set(np.unique(log.multivalued["tags"][1])) <= {1, 2}


def test_a_list_that_straddles_a_cut_is_on_the_side_of_its_first_row(tmp_path):
    frame = random_log()
    straddling = frame["list_id"] == "L047"  # the last of the eighth day
    frame.loc[straddling & (frame["position"] == 3), "timestamp"] = 9 * DAY + 1
    log = write(frame, tmp_path / "log", settings_of())
    assert "1 lists have rows on both sides" in log.warnings[0]
    assert log.meta["lists"] == {"train": 48, "validation": 6, "test": 6}


def test_lists_of_one_row_and_logs_of_one_region_are_kept_and_the_region_is_said(tmp_path):
    log = write(random_log(regions=1), tmp_path / "log", settings_of(list_id=None))
    assert log.meta["n_lists"] == len(log) == 240
    assert log.regions == ["R0"]
    assert any("one region" in text and "MD is off" in text for text in log.warnings)


def test_a_task_without_positives_on_a_side_is_said(tmp_path):
    frame = random_log()
    frame.loc[frame["timestamp"] >= 9 * DAY, "purchase"] = 0
    log = write(frame, tmp_path / "log", settings_of())
    assert log.warnings == ["task 'purchase' never happens on the 24 rows of test"]
    log = write(frame.assign(purchase=0), tmp_path / "none", settings_of())
    assert "task 'purchase' never happens on the 192 rows of train: it cannot be learned" in (
        log.warnings
    )


def test_a_task_that_is_not_declared_is_said(tmp_path):
    frame = random_log(rows=1_200, lists=300)
    log = write(frame, tmp_path / "log", settings_of(tasks=["click"]))
    assert len(log.warnings) == 1 and "'purchase' is 1 only where 'click' is" in log.warnings[0]
    with pytest.raises(ValueError, match="numeric: 'purchase' is 1 only where 'click' is"):
        write(frame, tmp_path / "log", settings_of(tasks=["click"], numeric=["purchase"]))


def test_a_step_before_the_first_task_and_flags_that_are_numbers_are_found(tmp_path):
    frame = random_log(rows=1_200, lists=300)
    frame["paid"] = frame["purchase"].astype(float)
    frame["cart"] = frame["purchase"] * (frame.index % 5 > 0)
    frame["purchase"] = frame["cart"] * (frame.index % 3 > 0)
    frame["in_stock"] = (frame["cart"] == 1) | (frame.index % 7 > 0)  # true of most rows: no step
    frame["rare"] = (frame["cart"] == 1) & (frame.index % 40 == 1)  # a few may lie so by chance
    chosen = settings_of(tasks=["cart", "purchase"], numeric=["price", "in_stock", "rare"])
    log = write(frame, tmp_path / "log", chosen)
    found = [text.split(",")[0] for text in log.warnings]
    assert found == [f"column {name!r} is 1 wherever 'cart' is" for name in ("click", "paid")]
    with pytest.raises(ValueError, match="categorical: 'click' is 1 wherever 'cart' is"):
        write(frame, tmp_path / "log", settings_of(tasks=["cart"], categorical=["click"]))


def test_labels_out_of_order_are_refused_with_the_row_or_repaired(tmp_path):
    frame = random_log()
    frame.loc[61, ["click", "purchase"]] = [0, 1]
    with pytest.raises(ValueError, match=r"row 62, list 'L001', click, purchase: found 0, 1"):
        build_features(table_of(frame), settings_of())
    log = write(frame, tmp_path / "log", settings_of(broken_order="repair"))
    assert (log.labels[:, 0] >= log.labels[:, 1]).all()
    assert log.labels[:, 1].sum() == frame["purchase"].sum()
    assert log.warnings == ["labels of 1 rows broke the order of tasks and were repaired"]


@pytest.mark.parametrize(
    ("change", "message"),
    [
        (lambda f: f.drop(columns="region"), r"region: there is no column 'region'"),
        (lambda f: f.assign(region=f["region"].mask(f.index == 4)), r"row 5, .*region: found noth"),
        (lambda f: f.assign(click=f["click"].mask(f.index == 2, 7)), r"row 3, .*click: found 7"),
        (
            lambda f: f.assign(region=f["region"].mask(f.index == 4, "R9")),
            r"list 'L004', region: found 'R\d' and 'R9'; expected one",
        ),
        (lambda f: f.assign(price="dear"), r"column 'price': found string; expected numbers"),
        (lambda f: f.assign(click="yes"), r"column 'click': found string; expected labels 0 or 1"),
        (
            lambda f: f.assign(timestamp="2026-01-01"),
            r"column 'timestamp': found string; expected Unix seconds",
        ),
        (
            lambda f: f.assign(timestamp=1_760_000_000_000 * (f.index == 7)),
            r"row 8, list 'L007', timestamp: found 1760000000000; expected Unix seconds",
        ),
        (
            lambda f: f.assign(timestamp=f["timestamp"] - 1),
            r"row 1, list 'L000', timestamp: found -1; expected Unix seconds or a timestamp betw",
        ),
    ],
)
def test_bad_rows_are_named(change, message):
    with pytest.raises(ValueError, match=message):
        build_features(table_of(change(random_log())), settings_of())


@pytest.mark.parametrize(
    ("at", "message"),
    [
        (
            lambda f: f["timestamp"] - 1,
            r"row 1, .*bought_at: found 9; expected no time before time",
        ),
        (lambda f: f["timestamp"] * 1e12, r"bought_at: found 10000000000000\.0; expected Unix sec"),
        (lambda f: f["list_id"], r"column 'bought_at': found string; expected Unix seconds"),
    ],
)
def test_a_label_is_no_older_than_its_row(at, message):
    frame = random_log(rows=8, lists=2).assign(timestamp=10, click=1, purchase=1)
    history = {"label_times": {"purchase": "bought_at"}}
    with pytest.raises(ValueError, match=message):
        build_features(table_of(frame.assign(bought_at=at)), settings_of(history=history))


def test_labels_that_come_true_after_a_cut_are_counted(tmp_path):
    chosen = settings_of(history={"label_delay": DAY})
    frame = random_log().assign(purchase=0)
    log = write(frame, tmp_path / "log", chosen)
    clicks = frame.groupby(frame["timestamp"] // DAY)["click"].sum()
    # a day later: those of the last day of training, and of validation
    late = {"validation": clicks[7], "test": clicks[8]}
    assert log.meta["late_labels"] == {s: {"click": n, "purchase": 0} for s, n in late.items()}
    assert f"task 'click': {clicks[8]} labels of rows before the test come true" in log.warnings[1]


def test_a_log_without_items_has_no_popularity(tmp_path):
    log = write(random_log(), tmp_path / "log", settings_of(item=None))
    assert np.isnan(log.popularity).all()
    assert log.warnings == ["there is no `item`: popular_first finds all rows of a list alike"]


def test_regions_that_cannot_be_told_apart_are_refused(tmp_path, monkeypatch):
    monkeypatch.setattr("shoplm.funnel.log.writing.MOST", 2)
    with pytest.raises(ValueError, match="region: found 3 different values; expected 2 at most"):
        write(random_log(), tmp_path / "log", settings_of())


def test_a_region_has_one_value_of_what_describes_it(tmp_path):
    chosen = settings_of(region_features=["currency"])
    frame = random_log()
    frame["currency"] = frame["region"].map({"R0": 1.0, "R1": 2.0, "R2": 6.0})
    log = write(frame, tmp_path / "log", chosen)
    np.testing.assert_allclose(
        log.region_numeric[:, 0], (np.array([1, 2, 6]) - 3) / 14**0.5 * 3**0.5, rtol=1e-6
    )
    frame.loc[0, "currency"] = 5.0
    with pytest.raises(ValueError, match=r"currency: region 'R\d' has .* and .*; expected one"):
        write(frame, tmp_path / "log", chosen)
    assert FunnelLog.open(tmp_path / "log").fingerprint == log.fingerprint  # as it was


def test_a_label_cannot_be_a_feature():
    with pytest.raises(ValueError, match="'purchase' is a label"):
        settings_of(numeric=["purchase"])


def test_of_some_regions_only_so_many_rows_are_learned_from(log, tmp_path):
    frame = random_log()
    few = write(frame, tmp_path / "log", settings_of(training_rows={"R1": 30, "R2": 0}))
    lists = frame.drop_duplicates("list_id").set_index("list_id")
    before = lists[lists["timestamp"] < 9 * DAY]["region"]

    def drawn(name):
        """As DuckDB reads the lower half of an MD5."""
        return int.from_bytes(hashlib.md5(name.encode()).digest()[8:], "little")

    chosen = sorted(before.index[before == "R1"], key=drawn)[:7]  # of four rows each
    kept = {*before.index[before == "R0"], *chosen, *lists.index[lists["timestamp"] >= 9 * DAY]}
    assert set(few.time) == set(lists.loc[sorted(kept), "timestamp"])
    assert len(few) == 4 * len(kept)
    assert few.rows("test").stop - few.rows("test").start == 24
    count = (before == "R1").sum()
    assert few.meta["left_out"]["R1"] == {"lists": count - 7, "rows": 4 * (count - 7), "kept": 28}
    assert f"region 'R1': {4 * (count - 7)} rows of {count - 7} lists" in few.warnings[0]
    assert few.meta["left_out"]["R2"]["kept"] == 0 and log.meta["left_out"] == {}


def test_a_limit_on_a_region_that_there_is_not_is_refused():
    rows = table_of(random_log().assign(_side=0, _list="L"))
    with pytest.raises(ValueError, match="region is nowhere 'R8'"):
        limit_training_rows(rows, settings_of(training_rows={"R8": 9}))


def test_cuts_in_the_wrong_order_are_told_and_which_is_a_share():
    rows = table_of(pd.DataFrame({"_list_time": [day * DAY for day in range(10)]}))
    assert find_cuts(rows, settings_of(test_from=date(1970, 1, 10))) == (8 * DAY, 9 * DAY)
    words = r"validation_from 0.8 \(a share of the dates, here 1970-01-09\) is after .* 1970-01-03$"
    with pytest.raises(ValueError, match=words):
        find_cuts(rows, settings_of(test_from=date(1970, 1, 3)))


@pytest.mark.parametrize(
    ("changes", "words"),
    [
        (
            {"logarithm": ["prise"]},
            "logarithm: 'prise' is no column of .*'price'. .*a log that sets no",
        ),
        ({"hash_buckets": {"kid": 3}, "categorical": ["kind"]}, "hash_buckets: 'kid'.*'kind'"),
        (
            {"hash_buckets": {"price": 3}},
            "'price' is no column of categorical or multivalued .a log",
        ),
    ],
)
def test_a_column_that_is_read_specially_has_a_role(changes, words):
    with pytest.raises(ValueError, match=words):
        settings_of(**changes)
    assert settings_of(region_features=["income"], logarithm=["income", "price"]).logarithm
