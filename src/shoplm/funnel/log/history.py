"""Counts and rates of what was known before a list was shown.

Everything is counted from events with a time: a row is shown at its own time, a task happens at
its label's time. A list sees events strictly before its first row, so that neither its own rows
nor anything at the same time or later can change what it knows.
"""

from __future__ import annotations

from functools import reduce
from typing import TYPE_CHECKING

from shoplm.funnel.log.columns import (
    LIST_TIME,
    POPULARITY,
    TIME,
    check_columns,
    name_lists,
    unix_seconds,
    with_list_times,
)
from shoplm.funnel.log.labels import check_rows, order_labels
from shoplm.funnel.settings import HistorySettings, LogSettings

if TYPE_CHECKING:
    from ibis import Table

SHOWN = "shown"
DAY = 86_400
_ALL = "_all"


def history_columns(settings: LogSettings) -> list[str]:
    """Names of the prior counts and rates, in order: `item_shown`, `item_click_rate_7d`, …"""
    names = []
    for key, days in settings.history.windows():
        names += [_name(key, SHOWN, days)]
        names += [_name(key, f"{task}_rate", days) for task in settings.tasks]
    return names


def build_features(log: Table, settings: LogSettings) -> Table:
    """The log with ordered labels, prior counts and rates, and `_popularity`.

    A rate is (happened + a·r) / (shown + a), where r is the rate of the task over the whole log up
    to then and a is `smoothing`; 0 before anything is known. `_popularity` is the item's rate of
    the first task, over `popularity_days`.

    Raises:
        ValueError: a column is missing, a row lacks what it needs or its labels break the order.
    """
    import ibis

    check_columns(log, settings)
    log = name_lists(log, settings)
    check_rows(log, settings)
    log = with_list_times(order_labels(log, settings))
    if settings.time is None:
        return log.mutate(**{POPULARITY: 0.0})
    history = settings.history
    log = log.mutate(**{_ALL: ibis.literal(0, "int8")})
    # wide rows pass through joins once; what is counted is a few columns, read for every key
    narrow = _narrow(log, settings)
    events = _events(narrow, settings)
    log = _attach(
        log, _known_before(narrow, events, [_ALL], settings.tasks, None), [_ALL], "_overall"
    )
    for name, days in history.windows():
        keys = history.keys[name]
        known = _known_before(narrow, events, keys, settings.tasks, days)
        log = _with_rates(_attach(log, known, keys, "_known"), settings, name, days)
    log = _with_popularity(log, narrow, events, settings)
    return log.drop([_ALL, *(f"_overall_{n}" for n in (SHOWN, *settings.tasks))])


def _narrow(log: Table, settings: LogSettings) -> Table:
    """What is counted: keys, times and labels, in a table of its own."""
    import ibis

    named = [_ALL, TIME, LIST_TIME, *settings.tasks, *settings.history.label_times.values()]
    named += [column for columns in settings.history.keys.values() for column in columns]
    named += [] if settings.item is None else [settings.item]
    engine = log.get_backend()
    rows = log.select(*dict.fromkeys(named))
    return engine.create_table(ibis.util.gen_name("counted_rows"), rows, temp=True)


def _events(log: Table, settings: LogSettings) -> Table:
    """Key columns, `_at`, and 1 in one column of `shown` and the tasks."""
    import ibis

    history = settings.history
    keys = {_ALL, *(column for columns in history.keys.values() for column in columns)}
    if settings.item is not None:
        keys.add(settings.item)
    keys = sorted(keys)
    zeros = dict.fromkeys((SHOWN, *settings.tasks), ibis.literal(0, "int64"))

    def happened(rows: Table, at, what: str) -> Table:
        named = {f"_n_{n}": ibis.literal(1, "int64") if n == what else z for n, z in zeros.items()}
        return rows.select(*keys, _at=at, **named)

    parts = [happened(log, log[TIME], SHOWN)]
    for task in settings.tasks:
        rows = log.filter(log[task] == 1)
        column = history.label_times.get(task)
        at = rows[TIME] + history.label_delay if column is None else unix_seconds(rows[column])
        # of a task without a time nobody knows when, so nobody learns of it
        parts.append(happened(rows, at, task))
    return reduce(lambda a, b: a.union(b), parts).filter(lambda t: t._at.notnull())


def _known_before(
    log: Table, events: Table, keys: list[str], tasks: list[str], days: float | None
) -> Table:
    """Numbers of events before each list, by keys and list time, `days` back at most."""
    import ibis

    what = [f"_n_{name}" for name in (SHOWN, *tasks)]
    moments = events.group_by(*keys, "_at").aggregate(**{n: events[n].sum() for n in what})
    upto = ibis.window(group_by=keys, order_by="_at", preceding=None, following=0)
    sums = moments.select(*keys, "_at", **{n: moments[n].sum().over(upto) for n in what})
    asked = log.select(*keys, LIST_TIME).distinct()

    def at(shift: float) -> Table:
        # the sums move and not the lists: the time of a list is part of what it is joined by
        moved = sums.mutate(_at=sums["_at"] + int(shift))
        found = asked.asof_join(
            moved, asked[LIST_TIME] > moved["_at"], predicates=keys, rname="{name}_right"
        )
        return found.select(*keys, LIST_TIME, **{n: found[n].fill_null(0) for n in what})

    known = at(0)
    if days is None:
        return known
    old = at(days * DAY)
    both = known.join(old, [*keys, LIST_TIME], rname="{name}_old")
    return both.select(*keys, LIST_TIME, **{n: both[n] - both[f"{n}_old"] for n in what})


def _attach(log: Table, known: Table, keys: list[str], prefix: str) -> Table:
    """The log with the known numbers as `<prefix>_shown`, …; 0 where a key is null."""
    names = [n for n in known.columns if n.startswith("_n_")]
    renamed = known.rename({f"{prefix}_{n.removeprefix('_n_')}": n for n in names})
    joined = log.left_join(renamed, [*keys, LIST_TIME], rname="{name}_right")
    columns = [f"{prefix}_{n.removeprefix('_n_')}" for n in names]
    return joined.select(*log.columns, **{n: joined[n].fill_null(0) for n in columns})


def _with_rates(log: Table, settings: LogSettings, key: str, days: float | None) -> Table:
    shown = log[f"_known_{SHOWN}"]
    added = {_name(key, SHOWN, days): shown.cast("float64")}
    for task in settings.tasks:
        added[_name(key, f"{task}_rate", days)] = _rate(log, task, settings.history)
    return log.mutate(**added).drop([f"_known_{n}" for n in (SHOWN, *settings.tasks)])


def _rate(log: Table, task: str, settings: HistorySettings):
    overall = log[f"_overall_{task}"] / log[f"_overall_{SHOWN}"].nullif(0)
    a = settings.smoothing
    happened, shown = log[f"_known_{task}"], log[f"_known_{SHOWN}"]
    return (happened + a * overall.fill_null(0.0)) / (shown + a)


def _with_popularity(log: Table, narrow: Table, events: Table, settings: LogSettings) -> Table:
    if settings.item is None:
        return log.mutate(**{POPULARITY: 0.0})
    days = settings.history.popularity_days
    known = _known_before(narrow, events, [settings.item], settings.tasks, days)
    log = _attach(log, known, [settings.item], "_known")
    rate = _rate(log, settings.tasks[0], settings.history)
    log = log.mutate(**{POPULARITY: rate})
    return log.drop([f"_known_{n}" for n in (SHOWN, *settings.tasks)])


def _name(key: str, what: str, days: float | None) -> str:
    return f"{key}_{what}" + ("" if days is None else f"_{days:g}d")
