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
    known_at,
    name_lists,
    with_list_times,
)
from shoplm.funnel.log.labels import check_rows, order_labels
from shoplm.funnel.settings import HistorySettings, LogSettings

if TYPE_CHECKING:
    from ibis import Table

SHOWN = "shown"
DAY = 86_400
_ALL = "_all"


def build_features(log: Table, settings: LogSettings) -> Table:
    """The log with ordered labels, when they are known (`_at_<task>`), prior counts and rates, and
    `_popularity`.

    A rate is (happened + a·r) / (shown + a), where r is the rate of the task over the whole log up
    to then and a is `smoothing`; 0 before anything is known. `_popularity` is the item's rate of
    the first task, over `popularity_days`. Of a log without times it is that over the rows that are
    trained on, each of which leaves itself out; of a log without items it is null.

    Raises:
        ValueError: a column is missing, a row lacks what it needs or its labels break the order.
    """
    import ibis

    check_columns(log, settings)
    log = name_lists(log, settings)
    check_rows(log, settings)
    log = with_list_times(order_labels(log, settings))
    log = log.mutate(**{_ALL: ibis.literal(0, "int8"), POPULARITY: ibis.null("float64")})
    if settings.time is not None:
        log = _with_history(log, settings)
    elif settings.item is not None:
        log = _with_popularity_of_training(log, settings)
    return log.drop(_ALL)


def _with_history(log: Table, settings: LogSettings) -> Table:
    """Prior counts and rates, and `_popularity`, of a log with times."""
    history = settings.history
    # wide rows pass through joins once; what is counted is a few columns, read for every key
    narrow = _narrow(log, settings)
    events = _events(narrow, settings)
    known = _known_before(narrow, events, [_ALL], settings.tasks, None)
    log = _attach(log, known, [_ALL], "_overall")
    windows = [(history.keys[name], days, name) for name, days in history.windows()]
    if settings.item is not None:
        windows.append(([settings.item], history.popularity_days, None))
    for keys, days, name in windows:
        known = _known_before(narrow, events, keys, settings.tasks, days)
        log = _with_rates(_attach(log, known, keys, "_known"), settings, name, days)
    return log.drop(f"_overall_{n}" for n in (SHOWN, *settings.tasks))


def _counted_columns(settings: LogSettings) -> list[str]:
    """What rows are counted by, each once."""
    named = [column for columns in settings.history.keys.values() for column in columns]
    named += [] if settings.item is None else [settings.item]
    return [_ALL, *dict.fromkeys(named)]


def _narrow(log: Table, settings: LogSettings) -> Table:
    """What is counted: keys, times and labels, in a table of its own."""
    import ibis

    rows = log.select(*_counted_columns(settings), TIME, LIST_TIME, *map(known_at, settings.tasks))
    return log.get_backend().create_table(ibis.util.gen_name("counted_rows"), rows, temp=True)


def _events(log: Table, settings: LogSettings) -> Table:
    """Key columns, `_at`, and 1 in one column of `shown` and the tasks."""
    import ibis

    def happened(what: str, at: str) -> Table:
        ones = {f"_n_{n}": ibis.literal(int(n == what), "int64") for n in (SHOWN, *settings.tasks)}
        # of a task without a time nobody knows when, so nobody learns of it
        rows = log.filter(log[at].notnull())
        return rows.select(*_counted_columns(settings), _at=rows[at], **ones)

    parts = [happened(SHOWN, TIME), *(happened(task, known_at(task)) for task in settings.tasks)]
    return reduce(lambda a, b: a.union(b), parts)


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


def _with_rates(log: Table, settings: LogSettings, key: str | None, days: float | None) -> Table:
    """The log with the count and rates of a key; of none, with `_popularity`."""
    name, history = settings.history.column, settings.history
    if key is None:
        added = {POPULARITY: _rate(log, settings.tasks[0], history)}
    else:
        added = {name(key, SHOWN, days): log[f"_known_{SHOWN}"].cast("float64")}
        for task in settings.tasks:
            added[name(key, f"{task}_rate", days)] = _rate(log, task, history)
    return log.mutate(**added).drop([f"_known_{n}" for n in (SHOWN, *settings.tasks)])


def _rate(log: Table, task: str, settings: HistorySettings):
    overall = log[f"_overall_{task}"] / log[f"_overall_{SHOWN}"].nullif(0)
    a = settings.smoothing
    happened, shown = log[f"_known_{task}"], log[f"_known_{SHOWN}"]
    return (happened + a * overall.fill_null(0.0)) / (shown + a)


def _with_popularity_of_training(log: Table, settings: LogSettings) -> Table:
    """`_popularity` of a log without times: over the rows that are trained on, but for the own."""
    import ibis

    names = (SHOWN, *settings.tasks)
    mine = (log[settings.side] == "train").cast("int64")
    log = log.mutate(_n_shown=mine, **{f"_n_{t}": mine * log[t] for t in settings.tasks})

    def others(log: Table, keys: list[str], prefix: str) -> Table:
        sums = {f"_n_{n}": log[f"_n_{n}"].sum() for n in names}
        log = _attach(log, log.group_by(*keys, LIST_TIME).aggregate(**sums), keys, prefix)
        left = {f"{prefix}_{n}": log[f"{prefix}_{n}"] - log[f"_n_{n}"] for n in names}
        # a row without a key is in no sum
        return log.mutate(**{n: ibis.greatest(value, 0) for n, value in left.items()})

    log = others(others(log, [_ALL], "_overall"), [settings.item], "_known")
    log = _with_rates(log, settings, None, None)
    return log.drop(f"{prefix}_{n}" for prefix in ("_n", "_overall") for n in names)
