"""A log with our own column names, checked: what every later step reads."""

from __future__ import annotations

from typing import TYPE_CHECKING

from shoplm.funnel.settings import LogSettings
from shoplm.variants import suggest

if TYPE_CHECKING:
    from ibis import BooleanColumn, Column, Table

LIST, TIME, LIST_TIME = "_list", "_time", "_list_time"
"""List id as text; Unix seconds of the row, and of the first row of its list."""
POPULARITY = "_popularity"
REPAIRED = "_repaired"
LAST_SECOND = 7_258_118_400
"""2200 begins. Later times are in milliseconds, or worse."""
SIDES = ("train", "validation", "test")


def check_columns(log: Table, settings: LogSettings) -> None:
    """Refuse a log without a column that the settings name.

    Raises:
        ValueError: names the setting and the column.
    """
    named = {
        "list_id": settings.list_id, "user": settings.user, "region": settings.region,
        "platform": settings.platform, "time": settings.time, "position": settings.position,
        "item": settings.item, "side": settings.side,
    }  # fmt: skip
    wanted = [(role, name) for role, name in named.items() if name is not None]
    for role in ("tasks", "numeric", "categorical", "multivalued", "region_features"):
        wanted += [(role, name) for name in getattr(settings, role)]
    wanted += [("history.keys", c) for key in settings.history.keys.values() for c in key]
    wanted += [("history.label_times", c) for c in settings.history.label_times.values()]
    for role, name in wanted:
        if name not in log.columns:
            raise ValueError(
                f"search log, {role}: there is no column {name!r}; {suggest(name, log.columns)}"
            )
    for name in (*settings.numeric, *settings.region_features):
        if not (log[name].type().is_numeric() or log[name].type().is_boolean()):
            raise ValueError(
                f"search log, column {name!r}: found {log[name].type()}; expected numbers"
            )
    for name in settings.tasks:
        if not (log[name].type().is_numeric() or log[name].type().is_boolean()):
            raise ValueError(
                f"search log, column {name!r}: found {log[name].type()}; expected labels 0 or 1"
            )
    for name in (settings.time, *settings.history.label_times.values()):
        kind = None if name is None else log[name].type()
        if kind and not (kind.is_numeric() or kind.is_timestamp() or kind.is_date()):
            raise ValueError(
                f"search log, column {name!r}: found {kind}; expected Unix seconds or timestamps"
            )
    if settings.side is not None and not log[settings.side].type().is_string():
        raise ValueError(
            f"search log, column {settings.side!r}: found {log[settings.side].type()}; expected "
            "train, validation or test"
        )
    for name in settings.multivalued:
        if not log[name].type().is_array():
            raise ValueError(
                f"search log, column {name!r}: found {log[name].type()}; expected lists"
            )


def unix_seconds(column: Column) -> Column:
    """A column of times as whole Unix seconds; null where it is no number that fits."""
    if column.type().is_timestamp() or column.type().is_date():
        return column.cast("timestamp").epoch_seconds().cast("int64")
    return column.try_cast("int64")


def in_range(column: Column) -> BooleanColumn:
    """Whether times are from 1970 on and before 2200."""
    # as numbers that they are: one that fits no int64 is out of range too
    number = column if column.type().is_numeric() else unix_seconds(column)
    return (number >= 0) & (number < LAST_SECOND)


def known_at(task: str) -> str:
    """Column with the Unix seconds from which on it is known that a task happened."""
    return f"_at_{task}"


def name_lists(log: Table, settings: LogSettings) -> Table:
    """The log with `_list` and `_time`, in its order."""
    import ibis

    if settings.list_id is None:
        lists = ibis.row_number().cast("string")
    else:
        lists = log[settings.list_id].cast("string")
    time = ibis.literal(0, "int64") if settings.time is None else unix_seconds(log[settings.time])
    return log.mutate(**{LIST: lists, TIME: time})


def with_list_times(log: Table) -> Table:
    """The log with `_list_time`, in any order."""
    begun = log.group_by(LIST).aggregate(**{LIST_TIME: log[TIME].min()})
    return log.left_join(begun, LIST).select(*log.columns, LIST_TIME)
