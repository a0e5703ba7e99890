"""Tables of papers, filled with what was measured here."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from typing import Any

import pandas as pd

from shoplm.reporting.benchmark_cells import (
    BASELINES,
    GAPS,
    NOT_ASKED,
    PARTIAL,
    Cells,
)
from shoplm.reporting.paper_table_settings import (
    ColumnSettings,
    PaperTable,
    RowSettings,
    heading,
)
from shoplm.variants import suggest

OURS, PAPER = "ours", "paper"
MEASURED, MISSING = "measured", "missing"
COLUMNS = [
    "table", "row", "label", "variant", "column", "benchmark", "level", "task", "source", "metric",
    "decoding", "value", "ci_low", "ci_high", "n", "n_unparsed", "n_seeds", "seed_sd", "status",
    "detail",
]  # fmt: skip


@dataclass(frozen=True)
class Column:
    """One column: its heading, and what it shows."""

    label: str
    benchmark: str
    level: str
    task: str


def fill_tables(results: pd.DataFrame, tables: Mapping[str, PaperTable]) -> pd.DataFrame:
    """Every cell of every table: what was measured, and the paper's own figure beside it.

    Args:
        results: variant, seed, benchmark, task, metric, value, ci_low, ci_high, n, n_unparsed,
            decoding, level (task, group or benchmark), status, detail, n_seeds, seed_sd; rows of
            seed `all` are shown.
        tables: by name.

    Returns:
        One row a cell and source. `source` is `ours` or `paper`; `status` of ours is `measured`,
        `partial` (answers or tasks are missing), `absent` (there is no data), `unscored`,
        `unanswered`, or `missing`, and then `detail` says what would fill the cell.

    Raises:
        ValueError: a row has `paper` or `variants` of a column that its table does not have.
    """
    cells = Cells(results)
    rows = [row for name, table in tables.items() for row in _fill(name, table, cells)]
    return pd.DataFrame(rows, columns=COLUMNS)


def expand_columns(table: PaperTable, cells: Cells) -> list[Column]:
    """The columns of a table, where `each` becomes what the results have."""
    found = []
    for name, settings in table.columns.items():
        benchmark = settings.benchmark or table.benchmark or ""
        if settings.each is not None:
            level = settings.each.removesuffix("s")
            found += [
                Column(task, benchmark, level, task) for task in cells.names(benchmark, level)
            ]
        else:
            found.append(_column(name, settings, benchmark))
    return found


def _column(name: str, settings: ColumnSettings, benchmark: str) -> Column:
    label = heading(name, settings)
    if settings.task is not None:
        return Column(label, benchmark, "task", settings.task)
    if settings.group is not None:
        return Column(label, benchmark, "group", settings.group)
    return Column(label, benchmark, "benchmark", "")


def _fill(name: str, table: PaperTable, cells: Cells) -> Iterator[dict[str, Any]]:
    baselines = {
        baseline: RowSettings() for baseline in table.baselines if baseline not in table.rows
    }
    columns = expand_columns(table, cells)
    _check_labels(name, table, columns, cells)
    for row, settings in {**baselines, **table.kept_rows()}.items():
        for column in columns:
            variant = settings.variants.get(column.label, settings.variant or row)
            place = {
                "table": name, "row": row, "label": settings.label or row, "variant": variant,
                "column": column.label, "benchmark": column.benchmark, "level": column.level,
                "task": column.task,
            }  # fmt: skip
            if variant is not None:
                yield {**place, "source": OURS, **_ours(variant, column, settings, table, cells)}
            if column.label in settings.paper:
                yield {
                    **place, "source": PAPER, "value": settings.paper[column.label],
                    "status": MEASURED, "detail": table.source,
                }  # fmt: skip


def _check_labels(name: str, table: PaperTable, columns: list[Column], cells: Cells) -> None:
    """Where a column is `each` of something, headings are known with the results alone."""
    labels = [column.label for column in columns]
    of = {settings.benchmark or table.benchmark for settings in table.columns.values()}
    if not of <= set(cells.benchmarks):
        return  # nothing of it was asked: what its tasks are is not known
    for row, settings in table.kept_rows().items():
        for label in (*settings.variants, *settings.paper):
            if label not in labels:
                raise ValueError(
                    f"paper_tables, {name!r}: row {row!r} names the column {label!r}; "
                    f"{suggest(label, labels)}"
                )


def _ours(
    variant: str, column: Column, row: RowSettings, table: PaperTable, cells: Cells
) -> dict[str, Any]:
    figure = cells.find(variant, column.benchmark, column.level, column.task, table.decoding)
    gap = cells.gap(figure)
    if gap == NOT_ASKED:
        return {"status": MISSING, "detail": _what_fills(variant, column, row, table, cells)}
    keys = (
        "metric", "decoding", "value", "ci_low", "ci_high", "n", "n_unparsed", "n_seeds", "seed_sd",
    )  # fmt: skip
    detail = "" if pd.isna(figure["detail"]) else str(figure["detail"])
    if gap is not None:
        detail = detail or f"{GAPS[gap]} of {column.task or column.benchmark}"
    status = gap or (PARTIAL if figure["status"] == PARTIAL else MEASURED)
    return {key: figure[key] for key in keys} | {"status": status, "detail": detail}


def _what_fills(
    variant: str, column: Column, row: RowSettings, table: PaperTable, cells: Cells
) -> str:
    """What to do for a cell that has no figure."""
    if cells.has(variant, column.benchmark):
        what = f"the {column.level} {column.task!r}" if column.task else "its mean"
        return f"{column.benchmark} of {variant} was measured without {what}"
    if variant in BASELINES or variant in cells.variants:
        return f"name the benchmark {column.benchmark} in an evaluation of {variant}"
    pipeline = row.pipeline or table.pipeline
    if pipeline == "base_model":
        return f"name {variant}, a base model, in an evaluation on {column.benchmark}"
    environment = f"--env={row.environment} " if row.environment else ""
    return (
        f"evaluate {variant} on {column.benchmark} (trained by {environment}--pipelines={pipeline})"
    )
