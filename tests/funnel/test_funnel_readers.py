"""Readers: a store's events by hand, the public layouts, and the exact counts of the real ones."""

from pathlib import Path

import pandas as pd
import pytest

from shoplm.funnel.log.columns import name_lists, with_list_times
from shoplm.funnel.log.folder import FunnelLog
from shoplm.funnel.log.history import build_features
from shoplm.funnel.log.merchandise import MERCHANDISE, read_merchandise
from shoplm.funnel.log.published import (
    ALICCP,
    ALIEXPRESS,
    KUAIRAND,
    read_aliccp,
    read_aliexpress,
    read_kuairand,
)
from shoplm.funnel.log.sides import split_log
from shoplm.funnel.log.writing import write_log
from shoplm.funnel.settings import LogSettings

SHARED = Path(__file__).parents[3] / "shared" / "data" / "recsys"

ITEMS = """id,name,brand,variant,category,price_in_usd
1,Cap,G,Red,Apparel,14
2,Cap,G,Blue,Apparel,15
3,Mug,G,One,Drinkware,9
4,Pen,,One,,
"""
HEADER = "user_id,ga_session_id,country,device,type,item_id,date\n"
EVENTS = """7,1,US,mobile,add_to_cart,3,2021-01-01 10:00:00
7,1,US,mobile,add_to_cart,1,2021-01-01 10:00:00
7,1,US,mobile,add_to_cart,2,2021-01-01 10:00:00
7,1,US,mobile,add_to_cart,3,2021-01-01 10:05:00
7,1,US,mobile,begin_checkout,3,2021-01-01 10:00:00
7,1,US,mobile,begin_checkout,2,2021-01-01 10:10:00
7,1,US,mobile,purchase,1,2021-01-01 10:20:00
7,2,US,mobile,add_to_cart,4,2021-01-01 11:00:00
8,1,IN,desktop,purchase,3,2021-01-01 12:00:00
"""


def store(folder, events=EVENTS, items=ITEMS):
    (folder / "events.csv").write_text(HEADER + events)
    (folder / "items.csv").write_text(items)
    return read_merchandise(folder / "events.csv", folder / "items.csv")


def test_a_row_is_a_list_and_a_name(tmp_path):
    rows = store(tmp_path).to_pandas().sort_values(["timestamp", "position"], ignore_index=True)
    assert rows["name"].tolist() == ["Mug", "Cap", "Mug", "Pen"]
    assert rows["position"].tolist() == [0, 1, 0, 0]
    assert rows["variants"].tolist() == [1, 2, 1, 1]
    # the red cap is bought and the blue one checked out: one name; a mug checked out at the very
    # time at which it was shown, or by another user, was not checked out later
    assert rows["checkout"].tolist() == [0, 1, 0, 0]
    assert rows["purchase"].tolist() == [0, 1, 0, 0]
    start = rows["timestamp"][0]
    assert rows["checkout_time"][1] == start + 600 and rows["purchase_time"][1] == start + 1200
    assert rows["list_id"].nunique() == 3 and rows["price"].isna().tolist() == [False] * 3 + [True]


def test_events_after_a_list_change_nothing_that_it_knows(tmp_path):
    """Of which lists there are until then, what they show, and what is counted before them."""
    history = {"keys": {"session_item": ["session", "name"]}}
    history |= {"label_times": MERCHANDISE.history.label_times}
    chosen = LogSettings(**MERCHANDISE.model_dump(exclude={"history"}), history=history)

    def features(events):
        made = build_features(store(tmp_path, EVENTS + events), chosen).to_pandas()
        made = made.sort_values(["timestamp", "list_id", "position"], ignore_index=True)
        early = made["timestamp"] <= made["timestamp"].min() + 3_600
        return made.loc[early, [*chosen.numeric, *chosen.prior_columns()]]

    later = """7,2,US,mobile,begin_checkout,4,2021-01-01 11:00:01
7,2,US,mobile,add_to_cart,1,2021-01-01 11:00:01
7,2,US,mobile,purchase,1,2021-01-01 11:30:00
"""
    before = features("")
    assert len(before) == 4
    assert before["session_item_shown"].max() == 1  # what came before is known
    pd.testing.assert_frame_equal(before, features(later))


@pytest.mark.parametrize(
    ("events", "message"),
    [
        ("7,1,US,mobile,add_to_cart,9,2021-01-01 10:00:00\n", r"row 1, item_id: found '9'"),
        ("7,1,US,mobile,view,1,2021-01-01 10:00:00\n", r"row 1, type: found 'view'"),
        (EVENTS + "7,1,US,mobile,purchase,1,soon\n", r"row 10, date: found 'soon'; expected time"),
        (EVENTS + "7,1,,mobile,purchase,1,2021-01-01 10:00:00\n", r"row 10, country: found noth"),
    ],
)
def test_bad_events_are_named(tmp_path, events, message):
    with pytest.raises(ValueError, match=message):
        store(tmp_path, events)


def test_the_columns_of_a_file_are_checked(tmp_path):
    with pytest.raises(ValueError, match=r"items.csv: no column 'name'"):
        store(tmp_path, items="id,title\n1,Cap\n")
    with pytest.raises(FileNotFoundError, match="there is no such file"):
        read_kuairand(tmp_path / "absent.csv")


def needs(*names):
    missing = [name for name in names if not (SHARED / name).exists()]
    return pytest.mark.skipif(bool(missing), reason=f"needs ../shared/data: {missing}")


@needs("ga4_merch/events.csv.gz")
def test_the_real_store_has_the_counts_of_the_protocol():
    folder = SHARED / "ga4_merch"
    log = read_merchandise(folder / "events.csv.gz", folder / "items.csv")
    log = with_list_times(name_lists(log, MERCHANDISE))
    asked = ["list_id", "timestamp", "name", "region", "platform", *MERCHANDISE.tasks]
    log = log.get_backend().create_table("log", log.select(*asked, "_list", "_time", "_list_time"))
    counts = log.aggregate(
        rows=log.count(),
        lists=log.list_id.nunique(),
        names=log.name.nunique(),
        regions=log.region.nunique(),
        platforms=log.platform.nunique(),
        broken=(log.purchase > log.checkout).sum(),
    )
    assert counts.to_pandas().iloc[0].tolist() == [380_423, 34_556, 409, 10, 2, 0]
    sided, facts = split_log(log, MERCHANDISE)
    sides = sided.group_by(test=sided["_side"] == 2).aggregate(
        dates=(sided.timestamp // 86_400).nunique(),
        rows=sided.count(),
        checkout=sided.list_id.nunique(where=sided.checkout == 1),
        purchase=sided.list_id.nunique(where=sided.purchase == 1),
    )
    train, test = sides.order_by("test").drop("test").to_pandas().to_numpy().tolist()
    assert (train[0], test) == (58, [15, 48_489, 1_217, 665])
    assert facts["straddling_lists"] == 0


def opened(table, settings, folder):
    return FunnelLog.open(write_log(build_features(table, settings), settings, folder))


@needs("aliexpress_sample")
def test_aliexpress(tmp_path):
    files = {s: SHARED / f"aliexpress_sample/aliexpress_{s}_sample.csv" for s in ("train", "test")}
    log = opened(read_aliexpress({"NL": files}), ALIEXPRESS, tmp_path / "log")
    assert len(log) == 120 and log.tasks == ["click", "conversion"]
    published = pd.read_csv(files["test"])
    rows = log.rows("test")
    assert rows.stop - rows.start == len(published)
    assert log.labels[rows].sum(0).tolist() == published[log.tasks].sum().tolist()
    assert log.meta["sides"]["validation"][1] == 100  # lists of the training file


@needs("aliccp_sample")
def test_aliccp():
    folder = SHARED / "aliccp_sample"
    files = {"train": "train", "validation": "val", "test": "test"}
    files = {side: folder / f"ali_ccp_{name}_sample.csv" for side, name in files.items()}
    rows = build_features(read_aliccp(files), ALICCP).to_pandas()
    for side, file in files.items():
        published, found = pd.read_csv(file), rows[rows["side"] == side]
        assert len(found) == len(published)
        for name in (*ALICCP.tasks, "D508"):
            assert found[name].sum() == pytest.approx(published[name].sum())
    assert rows["_popularity"].isna().all()  # there is no item


@needs("aliccp_sample")
def test_kuairand():
    file = SHARED / "aliccp_sample" / "kuairand_sample.csv"
    rows = build_features(read_kuairand(file), KUAIRAND).to_pandas()
    assert len(rows) == 200 and rows["click"].sum() == pd.read_csv(file)["is_click"].sum()
    assert (rows["click"] >= rows["long_view"]).all() and rows["long_view"].any()
    assert rows["_popularity"].nunique() > 2
