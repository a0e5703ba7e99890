"""The Google merchandise store's events as shown lists: shown → checkout → purchase.

An `add_to_cart` event carries about twelve items at one time, of which one is bought at most: it
is a list that was shown, not twelve carts. Items are variants (a size, a colour); what was shown
in one and bought in another would be lost, so a row is a list and a product *name*. A name that
the session takes to checkout or buys strictly later is `checkout`; that it buys, `purchase`. There
is no click, and the device stands in for a platform.
"""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING

from shoplm.funnel.log.columns import unix_seconds
from shoplm.funnel.log.files import open_csv
from shoplm.funnel.settings import HistorySettings, LogSettings

if TYPE_CHECKING:
    from ibis import BaseBackend, Table

EVENTS = {
    "user_id": "string", "ga_session_id": "string", "country": "string", "device": "string",
    "type": "string", "item_id": "string", "date": "timestamp",
}  # fmt: skip
ITEMS = {
    "id": "string", "name": "string", "brand": "string", "variant": "string",
    "category": "string", "price_in_usd": "float64",
}  # fmt: skip
SHOWN, BEGUN, BOUGHT = "add_to_cart", "begin_checkout", "purchase"

MERCHANDISE = LogSettings(
    tasks=["checkout", "purchase"],
    item="name",
    numeric=["position", "list_length", "price", "variants"],
    logarithm=["price"],
    test_from="2021-01-17",
    validation_from="2021-01-10",
    history=HistorySettings(
        keys={
            "item": ["name"],
            "item_region": ["name", "region"],
            "user": ["user_id"],
            "session": ["session"],
            "session_item": ["session", "name"],
        },
        days=[None],
        days_by_key={"item": [7], "item_region": [7]},
        popularity_days=7,
        label_times={"checkout": "checkout_time", "purchase": "purchase_time"},
    ),
)
"""Settings that this log is read with, as two weeks of validation chose them. Demand drifts over
the holidays: rates of the last week say more than those of all time, and an embedding of the name,
of which 409 were shown (419 with those only checked out or bought), overfits."""


def read_merchandise(events: Path, items: Path, engine: BaseBackend | None = None) -> Table:
    """A row a list and name shown in it.

    Columns: list_id (user, session, time), user_id, session, region (country), platform (device),
    timestamp, position (from 0, as in the file), list_length, name, category, brand, price (US$,
    of the first variant shown), variants (shown of the name), hour, checkout, purchase, and
    checkout_time and purchase_time: when the label came true, null where it did not.

    Raises:
        FileNotFoundError: a file is missing.
        ValueError: a column is missing, a value cannot be read, an event is of an item that is
            not among the items, or of an unknown type.
    """
    import ibis

    engine = engine or ibis.duckdb.connect()
    seen = open_csv(events, EVENTS, engine)
    goods = open_csv(
        items, ITEMS, engine, optional=["brand", "variant", "category", "price_in_usd"]
    )
    _check(seen, goods, events)
    goods = goods.drop("_row").distinct(on="id", keep="first")
    both = seen.join(goods, seen["item_id"] == goods["id"])
    both = both.mutate(time=unix_seconds(both["date"]))
    shown = both.filter(both["type"] == SHOWN)
    key = ["user_id", "ga_session_id", "time"]
    first = shown["_row"]
    rows = shown.group_by(*key, "name").aggregate(
        region=shown["country"].first(order_by=first),
        platform=shown["device"].first(order_by=first),
        category=shown["category"].first(order_by=first),
        brand=shown["brand"].first(order_by=first),
        price=shown["price_in_usd"].first(order_by=first),
        variants=shown["item_id"].nunique(),
        _row=first.min(),
    )
    later = both.filter(both["type"].isin([BEGUN, BOUGHT]))
    for label, kinds in (("checkout", [BEGUN, BOUGHT]), ("purchase", [BOUGHT])):
        rows = _happened_later(rows, later.filter(later["type"].isin(kinds)), label)
    place = ibis.window(group_by=key, order_by="_row")
    return rows.select(
        list_id=rows["user_id"] + "-" + rows["ga_session_id"] + "-" + rows["time"].cast("string"),
        user_id=rows["user_id"],
        session=rows["user_id"] + "-" + rows["ga_session_id"],
        region=rows["region"],
        platform=rows["platform"],
        timestamp=rows["time"],
        position=ibis.row_number().over(place),
        list_length=rows.count().over(ibis.window(group_by=key)),
        name=rows["name"],
        category=rows["category"],
        brand=rows["brand"],
        price=rows["price"],
        variants=rows["variants"],
        hour=rows["time"] // 3600 % 24,
        checkout=rows["checkout_time"].notnull().cast("int8"),
        purchase=rows["purchase_time"].notnull().cast("int8"),
        checkout_time=rows["checkout_time"],
        purchase_time=rows["purchase_time"],
    )


def _happened_later(rows: Table, events: Table, label: str) -> Table:
    """The rows with the time of the first of the events that is strictly after the list."""
    key = ["user_id", "ga_session_id", "name"]
    times = events.select(*key, **{f"{label}_time": events["time"]}).distinct()
    found = rows.asof_join(
        times, rows["time"] < times[f"{label}_time"], predicates=key, rname="{name}_right"
    )
    return found.select(*rows.columns, f"{label}_time")


def _check(events: Table, items: Table, file: Path) -> None:
    unknown = events.filter(~events["type"].isin([SHOWN, BEGUN, BOUGHT]))
    stray = events.anti_join(items, events["item_id"] == items["id"])
    expected = f"{SHOWN}, {BEGUN} or {BOUGHT}"
    for rows, name, what in ((unknown, "type", expected), (stray, "item_id", "an id of the items")):
        first = rows.order_by("_row").limit(1).to_pandas()
        if len(first):
            row = first.iloc[0]
            raise ValueError(
                f"{file}, row {row['_row']}, {name}: found {row[name]!r}; expected {what}"
            )
