"""Labels of ordered tasks: y_1 ≥ y_2 ≥ … ≥ y_k on every row, or the log is refused or repaired."""

from __future__ import annotations

from functools import reduce
from itertools import pairwise
from typing import TYPE_CHECKING

from shoplm.funnel.log.columns import (
    LIST,
    REPAIRED,
    SIDES,
    TIME,
    in_range,
    known_at,
    unix_seconds,
)
from shoplm.funnel.settings import LogSettings

if TYPE_CHECKING:
    from ibis import BooleanColumn, Column, Table

LOOK_ROWS, LOOK_ONES = 1_000, 100
"""Rows, and ones among them, below which a column may look like a task by chance."""


def check_rows(log: Table, settings: LogSettings) -> None:
    """Refuse a log with a row that lacks what every row must have, whose label is not 0 or 1 or
    came true before it was shown, whose time is no Unix time, or with a list that has two regions
    or platforms.

    Raises:
        ValueError: names the first such row, its list, the column and what was expected.
    """
    import ibis

    tests = _tests(log, settings)
    counts = {f"c{i}": bad.sum() for i, (_, bad, _) in enumerate(tests)}
    numbers = log.aggregate(**counts).to_pandas().iloc[0].fillna(0)
    for number, (name, bad, expected) in zip(numbers, tests, strict=True):
        if number:
            rows = log.mutate(_row=ibis.row_number(), _bad=bad).filter(lambda t: t._bad)
            where, value = _first(rows, name)
            raise ValueError(f"{where}, {name}: found {value}; expected {expected}")
    for name in (settings.region, settings.platform):
        if name is not None:
            _check_lists(log, name)


def _tests(log: Table, settings: LogSettings) -> list[tuple[str, BooleanColumn, str]]:
    """Columns, where each is wrong, and what is expected of it."""
    needed = [settings.list_id, settings.region, settings.time]
    tests = [(name, log[name].isnull(), "a value") for name in needed if name is not None]
    for name in settings.tasks:
        label = log[name].cast("float64")
        tests.append((name, label.isnull() | ~label.isin([0.0, 1.0]), "0 or 1"))
    if settings.time is not None:
        seconds = "Unix seconds or a timestamp between 1970 and 2200"
        tests.append((settings.time, ~in_range(log[settings.time]), seconds))
        for task, name in settings.history.label_times.items():
            happened = (log[task].cast("float64") == 1) & log[name].notnull()
            early = unix_seconds(log[name]) < log[TIME]
            tests.append((name, happened & ~in_range(log[name]), seconds))
            expected = f"no time before {settings.time}, when the row was shown"
            tests.append((name, happened & early, expected))
    if settings.side is not None:
        side = log[settings.side]
        expected = "train, validation or test"
        tests.append((settings.side, side.isnull() | ~side.isin(SIDES), expected))
    return tests


def _check_lists(log: Table, name: str) -> None:
    """A list is shown in one place."""
    column = log[name].cast("string").fill_null("")
    of_list = log.group_by(LIST).aggregate(low=column.min(), high=column.max())
    mixed = of_list.filter(of_list.low != of_list.high).order_by(LIST).limit(1).to_pandas()
    if len(mixed):
        found = mixed.iloc[0]
        raise ValueError(
            f"search log, list {found[LIST]!r}, {name}: found {found['low']!r} and "
            f"{found['high']!r}; expected one for all of its rows"
        )


def breaks_order(log: Table, tasks: list[str]) -> BooleanColumn:
    """Whether a later task happened without the one before it, by row."""
    import ibis

    pairs = pairwise(tasks)
    broken = [log[late].cast("int8") > log[early].cast("int8") for early, late in pairs]
    return reduce(lambda a, b: a | b, broken, ibis.literal(False))


def order_labels(log: Table, settings: LogSettings) -> Table:
    """The log with labels as int8 that keep the order, `_repaired`, whether they were changed, and
    if there are times `_at_<task>`: from when on it is known that the task happened, else null.

    A repaired row counts an earlier task as happened where a later one did, and as known from when
    on the first of the later ones is: until then nobody could infer it.

    Raises:
        ValueError: a row breaks the order and that is refused; names the row and the labels.
    """
    import ibis

    tasks = settings.tasks
    number = int(log.filter(breaks_order(log, tasks)).count().to_pandas())
    if number and settings.broken_order == "refuse":
        rows = log.mutate(_row=ibis.row_number(), _bad=breaks_order(log, tasks))
        where, found = _first(rows.filter(rows._bad), *tasks)
        raise ValueError(
            f"{where}, {', '.join(tasks)}: found {found} ({number:,} rows break the order); "
            f"expected {' ≥ '.join(tasks)}, or broken_order: repair"
        )
    labels = {task: log[task].cast("int8") for task in tasks}
    times = {} if settings.time is None else _times(log, labels, settings)
    if number:
        labels = {
            task: ibis.greatest(*(labels[late] for late in tasks[place:]))
            for place, task in enumerate(tasks)
        }
    repaired = breaks_order(log, tasks) if number else ibis.literal(False)
    return log.mutate(**labels, **times, **{REPAIRED: repaired})


def _times(log: Table, labels: dict[str, Column], settings: LogSettings) -> dict[str, Column]:
    """`_at_<task>` by the labels as they were, in whole Unix seconds."""
    import ibis

    history, tasks = settings.history, settings.tasks
    own = {}
    for task in tasks:
        column = history.label_times.get(task)
        own[task] = log[TIME] + history.label_delay if column is None else unix_seconds(log[column])
    nobody = ibis.null("int64")
    happened = {task: ibis.ifelse(labels[task] == 1, own[task], nobody) for task in tasks}
    times = {}
    for place, task in enumerate(tasks):
        at = happened[task]
        if later := tasks[place + 1 :]:
            # both pass over nulls, which are of what did not happen or has no known time
            implied = ibis.least(*(happened[late] for late in later), nobody)
            inferred = ibis.ifelse(implied.isnull(), implied, ibis.greatest(own[task], implied))
            at = ibis.ifelse(labels[task] == 1, at, inferred)
        times[known_at(task)] = at
    return times


def undeclared_tasks(log: Table, settings: LogSettings) -> dict[str, str]:
    """Columns that look like tasks which the settings do not name, and why.

    Such a column is 0, 1 or nothing, and on all rows either 1 only where the first task happened
    (a later step), or 1 wherever it did (a step before). As a feature it would give the answer
    away. So that chance does not decide, the log has 1,000 rows, and what lies inside the other
    100 ones; the first task happens on at most nine tenths of the rows; and a step before is 1 on
    half of the rows at most: what is true of most rows, such as goods in stock, is no step.
    """
    first = log[settings.tasks[0]] == 1
    roles = ("list_id", "user", "region", "platform", "time", "position", "item", "side")
    known = {*settings.tasks, *settings.prior_columns(), *(getattr(settings, r) for r in roles)}
    names = [
        name
        for name, kind in log.schema().items()
        if (kind.is_numeric() or kind.is_boolean())
        and name not in known
        and not name.startswith("_")
    ]
    asked = {"rows": log.count(), "positives": first.sum()}
    for i, name in enumerate(names):
        value = log[name].cast("float64")
        asked[f"flag{i}"] = (value.isnull() | value.isin([0.0, 1.0])).all()
        asked[f"ones{i}"] = (value == 1).sum()
        asked[f"both{i}"] = ((value == 1) & first).sum()
    found = log.aggregate(**asked).to_pandas().fillna(0).iloc[0]
    rows, positives = found["rows"], found["positives"]
    looks = {}
    for i, name in enumerate(names):
        ones, both = found[f"ones{i}"], found[f"both{i}"]
        if rows < LOOK_ROWS or both < LOOK_ONES or not found[f"flag{i}"]:
            continue
        if ones == both and positives <= 0.9 * rows:
            looks[name] = f"is 1 only where {settings.tasks[0]!r} is"
        elif positives == both and ones <= 0.5 * rows:
            looks[name] = f"is 1 wherever {settings.tasks[0]!r} is"
    return looks


def _first(rows: Table, *names: str) -> tuple[str, str]:
    """Where the first of some rows is, and what its columns hold."""
    import pandas as pd

    row = rows.order_by("_row").limit(1).to_pandas().iloc[0]
    values = [row[name] for name in names]
    values = [value.item() if hasattr(value, "item") else value for value in values]
    found = ", ".join("nothing" if pd.isna(value) else repr(value) for value in values)
    return f"search log, row {int(row['_row']) + 1}, list {row[LIST]!r}", found
