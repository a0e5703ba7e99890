"""Labels of ordered tasks: y_1 ≥ y_2 ≥ … ≥ y_k on every row, or the log is refused or repaired."""

from __future__ import annotations

from functools import reduce
from itertools import pairwise
from typing import TYPE_CHECKING

from shoplm.funnel.log.columns import LIST, REPAIRED
from shoplm.funnel.settings import LogSettings

if TYPE_CHECKING:
    from ibis import BooleanColumn, Table


def check_rows(log: Table, settings: LogSettings) -> None:
    """Refuse a log with a row that lacks what every row must have, or whose label is not 0 or 1,
    or with a list that has two regions or platforms.

    Raises:
        ValueError: names the first such row, its list, the column and what was expected.
    """
    import ibis

    needed = [settings.list_id, settings.region, settings.time]
    tests = {name: (log[name].isnull(), "a value") for name in needed if name is not None}
    for name in settings.tasks:
        label = log[name].cast("float64")
        tests[name] = (label.isnull() | ~label.isin([0.0, 1.0]), "0 or 1")
    if settings.side is not None:
        parts = ["train", "validation", "test"]
        side = log[settings.side]
        tests[settings.side] = (side.isnull() | ~side.isin(parts), "train, validation or test")
    counts = log.aggregate(**{f"c{i}": bad.sum() for i, (bad, _) in enumerate(tests.values())})
    for number, (name, (bad, expected)) in zip(
        counts.to_pandas().iloc[0].fillna(0), tests.items(), strict=True
    ):
        if number:
            rows = log.mutate(_row=ibis.row_number(), _bad=bad).filter(lambda t: t._bad)
            where, value = _first(rows, name)
            raise ValueError(f"{where}, {name}: found {value}; expected {expected}")
    for name in (settings.region, settings.platform):
        if name is not None:
            _check_lists(log, name)


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
    """The log with labels as int8 that keep the order, and `_repaired`, whether they were changed.

    A repaired row counts an earlier task as happened where a later one did.

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
    if number:
        labels = {
            task: ibis.greatest(*(labels[late] for late in tasks[place:]))
            for place, task in enumerate(tasks)
        }
    repaired = breaks_order(log, tasks) if number else ibis.literal(False)
    return log.mutate(**labels, **{REPAIRED: repaired})


def undeclared_tasks(log: Table, settings: LogSettings) -> list[str]:
    """Columns that look like tasks which the settings do not name.

    Such a column is 0 or 1, happens, and only where the first task did. It is no label here, and
    should be no feature: it would give the answer away.
    """
    first = log[settings.tasks[0]].cast("int64")
    known = {*settings.tasks, settings.position, settings.side}
    looks = {}
    for name, kind in log.schema().items():
        if name in known or name.startswith("_") or not (kind.is_integer() or kind.is_boolean()):
            continue
        value = log[name].cast("int64")
        looks[name] = (value.between(0, 1) & (value <= first)).all() & (value.sum() > 0)
    if not looks:
        return []
    found = log.aggregate(**looks).to_pandas().iloc[0]
    return [name for name in looks if found[name] == True]  # noqa: E712 - null where empty


def _first(rows: Table, *names: str) -> tuple[str, str]:
    """Where the first of some rows is, and what its columns hold."""
    import pandas as pd

    row = rows.order_by("_row").limit(1).to_pandas().iloc[0]
    values = [row[name] for name in names]
    values = [value.item() if hasattr(value, "item") else value for value in values]
    found = ", ".join("nothing" if pd.isna(value) else repr(value) for value in values)
    return f"search log, row {int(row['_row']) + 1}, list {row[LIST]!r}", found
