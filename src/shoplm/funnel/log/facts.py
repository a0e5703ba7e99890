"""What is said of a log while it is written: warnings, and how much of what is on each side."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from shoplm.funnel.log.columns import LIST, REPAIRED, SIDES, known_at
from shoplm.funnel.log.labels import undeclared_tasks
from shoplm.funnel.settings import LogSettings

if TYPE_CHECKING:
    from ibis import Table


def warn_of_labels(log: Table, settings: LogSettings) -> list[str]:
    """Columns that look like tasks, labels that were repaired, and lists that nothing orders.

    Raises:
        ValueError: a column that looks like a task is named as a feature.
    """
    warnings = []
    for name, why in undeclared_tasks(log, settings).items():
        for role in ("numeric", "categorical", "region_features"):
            if name in getattr(settings, role):
                raise ValueError(
                    f"search log, {role}: {name!r} {why}, on every row: it looks like a task, and "
                    f"gives the answer away; name it in `tasks` or take it out of `{role}`"
                )
        warnings.append(
            f"column {name!r} {why}, and is none of the tasks {settings.tasks}: it looks like a "
            "task and should be no feature"
        )
    if settings.item is None:
        warnings.append("there is no `item`: popular_first finds all rows of a list alike")
    repaired = int(log[REPAIRED].sum().to_pandas() or 0)
    if repaired:
        warnings.append(f"labels of {repaired:,} rows broke the order of tasks and were repaired")
    return warnings


def count_sides(rows: Table, settings: LogSettings, warnings: list[str]) -> dict[str, Any]:
    """Where the rows of each side start and end, its lists, and how often each task happens."""
    named = {f"t{n}": rows[f"_task_{task}"].sum() for n, task in enumerate(settings.tasks)}
    counted = rows.group_by("_side").aggregate(n=rows.count(), lists=rows[LIST].nunique(), **named)
    found = {int(r["_side"]): r for r in counted.to_pandas().to_dict("records")}
    facts: dict[str, Any] = {"sides": {}, "lists": {}, "positives": {}}
    start = 0
    for number, side in enumerate(SIDES):
        row = found.get(number, {"n": 0, "lists": 0})
        facts["sides"][side] = [start, start + int(row["n"])]
        facts["lists"][side] = int(row["lists"])
        happened = {t: int(row.get(f"t{n}") or 0) for n, t in enumerate(settings.tasks)}
        facts["positives"][side] = happened
        start += int(row["n"])
        for task, count in happened.items():
            if not count:
                text = f"task {task!r} never happens on the {int(row['n']):,} rows of {side}"
                warnings.append(text + (": it cannot be learned" if side == "train" else ""))
    return facts


def count_late_labels(
    log: Table, settings: LogSettings, cuts: list[int] | None, warnings: list[str]
) -> dict[str, dict[str, int]]:
    """Labels that are learned from though they come true after a cut, by cut and task.

    Args:
        log: with `_side`.
        settings: of the log.
        cuts: where validation and test begin; null: the log was published in parts.
        warnings: what is found is added.
    """
    if cuts is None:
        return {}
    named = {}
    for number, cut in enumerate(cuts):
        before = log["_side"] <= number
        for place, task in enumerate(settings.tasks):
            named[f"{number}_{place}"] = (before & (log[known_at(task)] >= cut)).sum()
    found = log.aggregate(**named).to_pandas().fillna(0).iloc[0]
    late: dict[str, dict[str, int]] = {}
    for number, side in enumerate(SIDES[1:]):
        late[side] = {t: int(found[f"{number}_{i}"]) for i, t in enumerate(settings.tasks)}
        warnings += [
            f"task {task!r}: {count:,} labels of rows before the {side} come true after it began, "
            "and are learned from"
            for task, count in late[side].items()
            if count
        ]
    return late


def warn_of_split(facts: dict[str, Any]) -> list[str]:
    """Lists that were on two sides, and those that are left out, of the facts of `sides`."""
    warnings = []
    if facts["straddling_lists"]:
        warnings.append(
            f"{facts['straddling_lists']:,} lists have rows on both sides of a cut; each is wholly "
            "on the side of its first row"
        )
    warnings += [
        f"region {name!r}: {n['rows']:,} rows of {n['lists']:,} lists before the test are left "
        f"out, {n['kept']:,} are learned from (training_rows)"
        for name, n in facts["left_out"].items()
    ]
    return warnings
