"""Which lists are trained on: by time, or as published; and of some regions only so many."""

from __future__ import annotations

from datetime import UTC, date, datetime
from typing import TYPE_CHECKING

from shoplm.funnel.log.columns import LIST, LIST_TIME, SIDES, TIME
from shoplm.funnel.log.vocabularies import md5_number_lower
from shoplm.funnel.settings import LogSettings
from shoplm.variants import suggest

if TYPE_CHECKING:
    from ibis import Table

DAY = 86_400


def find_cuts(log: Table, settings: LogSettings) -> tuple[int, int]:
    """Unix seconds from which lists are of validation and of the test, at midnight UTC.

    Raises:
        ValueError: a side would be without dates.
    """
    days = (log[LIST_TIME] // DAY).name("day")
    dates = log.select(days).distinct().order_by("day").to_pandas()["day"].astype(int).tolist()
    cuts = []
    for cut in (settings.validation_from, settings.test_from):
        if isinstance(cut, date):
            moment = datetime(cut.year, cut.month, cut.day, tzinfo=UTC)
            cuts.append(int(moment.timestamp()))
        else:
            place = min(max(round(cut * len(dates)), 0), max(len(dates) - 1, 0))
            cuts.append(dates[place] * DAY if dates else 0)
    if cuts[0] > cuts[1]:
        raise ValueError(
            f"search log, {settings.time}: the cuts are in the wrong order: "
            f"{_tell('validation_from', settings.validation_from, cuts[0])} is after "
            f"{_tell('test_from', settings.test_from, cuts[1])}"
        )
    before = [sum(day * DAY < cut for day in dates) for cut in cuts]
    sides = [before[0], before[1] - before[0], len(dates) - before[1]]
    for side, count in zip(SIDES, sides, strict=True):
        if count <= 0:
            raise ValueError(
                f"search log, {settings.time}: no date is of {side}; validation_from "
                f"{settings.validation_from} and test_from {settings.test_from} cut its "
                f"{len(dates)} dates into {sides}"
            )
    return cuts[0], cuts[1]


def _tell(name: str, cut: date | float, found: int) -> str:
    """A cut as it was set, and the date that a share came to."""
    if isinstance(cut, date):
        return f"{name} {cut}"
    return f"{name} {cut} (a share of the dates, here {datetime.fromtimestamp(found, UTC).date()})"


def split_log(log: Table, settings: LogSettings) -> tuple[Table, dict]:
    """The log with `_side` (0 train, 1 validation, 2 test), and what was found.

    A list is on the side of its first row. How many have rows on both sides of a cut is in the
    facts.
    """
    import ibis

    if settings.side is not None:
        side = log[settings.side].cases(*[(name, n) for n, name in enumerate(SIDES)])
        log = log.mutate(_side=side.cast("int8"))
        # the earliest side that a list is on is its only one
        log = log.mutate(_side_of_list=log["_side"].min().over(group_by=log[LIST]))
        straddling = log.filter(log["_side"] != log["_side_of_list"])[LIST].nunique()
        facts = {"cuts": None, "straddling_lists": int(straddling.to_pandas())}
        return log.mutate(_side=log["_side_of_list"]).drop("_side_of_list"), facts
    first, second = find_cuts(log, settings)

    def of(time):
        return ibis.cases((time >= second, 2), (time >= first, 1), else_=0).cast("int8")

    straddling = log.filter(of(log[TIME]) != of(log[LIST_TIME]))[LIST].nunique().to_pandas()
    facts = {"cuts": [first, second], "straddling_lists": int(straddling)}
    return log.mutate(_side=of(log[LIST_TIME])), facts


def limit_training_rows(log: Table, settings: LogSettings) -> tuple[Table, dict]:
    """The log of `split_log` without what is beyond `training_rows`, and how much that is.

    The facts have `left_out`: by region the lists and rows that are left out and the rows of
    training and validation that are kept.

    Raises:
        ValueError: the log has no such region.
    """
    import ibis

    limits = settings.training_rows
    if not limits:
        return log, {"left_out": {}}
    region = log[settings.region].cast("string")
    known = region.name("_of").as_table().distinct().to_pyarrow()["_of"].to_pylist()
    for name in limits:
        if name not in known:
            raise ValueError(
                f"training_rows: {settings.region} is nowhere {name!r}; {suggest(name, known)}"
            )
    learned = log.mutate(_of=region).filter((log["_side"] < 2) & region.isin(list(limits)))
    lists = learned.group_by(["_of", LIST]).aggregate(_rows=lambda t: t.count())
    lists = lists.mutate(_hash=md5_number_lower(lists[LIST]))
    drawn = ibis.cumulative_window(group_by="_of", order_by=["_hash", LIST])
    lists = lists.mutate(
        _beyond=lists["_rows"].sum().over(drawn) > lists["_of"].cases(*limits.items())
    )
    counted = lists.group_by("_of").aggregate(
        lists=lists["_beyond"].sum(),
        rows=lists["_rows"].sum(where=lists["_beyond"]).fill_null(0),
        kept=lists["_rows"].sum(where=~lists["_beyond"]).fill_null(0),
    )
    found = counted.order_by("_of").to_pyarrow().to_pylist()
    left_out = {row.pop("_of"): row for row in found}
    return log.anti_join(lists.filter(lists["_beyond"]), LIST), {"left_out": left_out}
