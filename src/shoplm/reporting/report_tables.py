"""Tables of the report, as people read them."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from typing import Any

import pandas as pd

from shoplm.reporting.benchmark_cells import (
    ALL_SEEDS,
    ANSWERS,
    BASELINES,
    DECODINGS,
    GAPS,
    Cells,
    percent,
    shown,
    title_of,
)
from shoplm.reporting.paper_tables import MISSING, OURS, PAPER

LEVEL = 0.05
"""A corrected p-value below it is called a difference."""
BETTER, WORSE = "\N{BLACK UP-POINTING TRIANGLE}", "\N{BLACK DOWN-POINTING TRIANGLE}"
MINUS = "\N{MINUS SIGN}"
NOTHING = "\N{EM DASH}"

Marks = Mapping[tuple[str, str, str, str, str], list[str]]
"""What is said of a variant's figure by benchmark, level, task and decoding."""


def mark_differences(comparison: pd.DataFrame | None) -> Marks:
    """`▲ base` for a figure that a test found above that of `base`, `▼ base` for one below."""
    marks: dict[tuple[str, str, str, str], list[str]] = {}
    if comparison is None:
        return marks
    for row in comparison.to_dict("records"):
        if row["p_holm"] < LEVEL and row["value"] != 0:
            mark = f"{BETTER if row['value'] > 0 else WORSE} {row['against']}"
            marks.setdefault(_place(row), []).append(mark)
    return marks


def show_paper_table(rows: pd.DataFrame, marks: Marks) -> pd.DataFrame:
    """One filled table, wide: a row a variant, the paper's own figures in rows of their own."""
    columns = list(dict.fromkeys(rows["column"]))
    lines = []
    for _, of in rows.groupby("row", sort=False):
        for source in (OURS, PAPER):
            part = of[of["source"] == source]
            if part.empty:
                continue
            label = part["label"].iloc[0]
            line = {"": label if source == OURS else f"{label} (paper)"}
            for row in part.to_dict("records"):
                line[row["column"]] = _cell(row, marks)
            lines.append(line)
    counts = rows[(rows["source"] == OURS) & rows["n"].notna()].groupby("column")["n"].max()
    lines.append({"": "examples"} | {name: f"{n:,.0f}" for name, n in counts.items()})
    table = pd.DataFrame(lines, columns=["", *columns]).fillna("")
    return table.rename(columns={name: in_lines(name) for name in columns})


def list_missing(rows: pd.DataFrame) -> list[tuple[str, str]]:
    """Which cells of a filled table are empty, and what would fill them, each said once."""
    empty = rows[(rows["source"] == OURS) & rows["status"].isin([MISSING, *GAPS])]
    columns: dict[tuple[str, str, str], list[str]] = {}
    for row in empty.to_dict("records"):
        said = str(row["detail"]).replace(row["variant"], "{}", 1)
        columns.setdefault((row["label"], row["variant"], said), []).append(row["column"])
    alike: dict[tuple[str, str], list[tuple[str, str]]] = {}
    for (label, variant, said), names in columns.items():
        alike.setdefault((", ".join(names), said), []).append((label, variant))
    return [
        (
            f"{', '.join(dict.fromkeys(label for label, _ in pairs))}: {names}",
            said.replace("{}", ", ".join(dict.fromkeys(variant for _, variant in pairs)), 1),
        )
        for (names, said), pairs in alike.items()
    ]


def tabulate_benchmarks(results: pd.DataFrame, marks: Marks) -> pd.DataFrame:
    """A row a variant, baselines first; a column a benchmark: the mean over its tasks."""
    cells = Cells(results)
    lines = []
    for variant in _baselines_first(cells.variants):
        line = {"": variant}
        for name in cells.benchmarks:
            figure = cells.find(variant, name, "benchmark")
            line[title_of(name)] = _marked(figure, marks) or GAPS[cells.gap(figure)]
        lines.append(line)
    return pd.DataFrame(lines, columns=["", *map(title_of, cells.benchmarks)])


def tabulate_tasks(results: pd.DataFrame, benchmark: str, marks: Marks) -> pd.DataFrame:
    """A row a task and a decoding, a column a variant: every figure of a benchmark."""
    of = results[(results["benchmark"] == benchmark) & (results["level"] == "task")]
    cells = Cells(of)
    variants = _baselines_first(cells.variants)
    lines = []
    for task in cells.names(benchmark, "task"):
        rows = of[of["task"] == task]
        for decoding in [d for d in DECODINGS if d in set(rows["decoding"])] or DECODINGS[:1]:
            line: dict[str, Any] = {"task": task, "metric": _first(rows["metric"])}
            line["answers"] = ANSWERS[decoding] if rows["value"].notna().any() else ""
            for variant in variants:
                figure = cells.find(variant, benchmark, "task", task, decoding)
                if figure is not None and figure["decoding"] != decoding and not cells.gap(figure):
                    figure = None  # measured the other way alone
                line[variant] = _marked(figure, marks) or GAPS[cells.gap(figure)]
            line["examples"] = rows["n"].max()
            lines.append(line)
    return pd.DataFrame(lines).rename(columns={name: in_lines(name) for name in variants})


def tabulate_decodings(results: pd.DataFrame) -> pd.DataFrame:
    """How variants score where they may only pick, and where they write freely, same tasks."""
    tasks = results[(results["level"] == "task") & results["value"].notna()]
    by_decoding = tasks[tasks["seed"].astype(str) == ALL_SEEDS].pivot_table(
        index=["variant", "benchmark", "task"], columns="decoding",
        values=["value", "n_unparsed", "n"], sort=False,
    )  # fmt: skip
    if not {("value", d) for d in DECODINGS} <= set(by_decoding.columns):
        return pd.DataFrame()
    both = by_decoding.dropna(subset=[("value", d) for d in DECODINGS])
    lines = []
    for (variant, benchmark), rows in both.groupby(level=["variant", "benchmark"], sort=False):
        unread = rows["n_unparsed"]["free"].sum() / max(rows["n"]["free"].sum(), 1)
        lines.append(
            {
                "variant": variant,
                "benchmark": title_of(benchmark),
                "tasks": f"{len(rows)}",
                **{
                    answers: percent(rows["value"][decoding].mean())
                    for decoding, answers in ANSWERS.items()
                },
                "not understood": "" if variant in BASELINES else f"{unread:.0%}",
            }
        )
    return pd.DataFrame(lines)


def tabulate_comparison(comparison: pd.DataFrame) -> pd.DataFrame:
    """Paired tests of means, benchmarks first, then those of tasks that found a difference."""
    place = {"benchmark": 0, "group": 1, "task": 2}
    lines = []
    for row in comparison.to_dict("records"):
        level = row["level"]
        if level not in place or (level == "task" and not row["p_holm"] < LEVEL):
            continue
        benchmark = title_of(row["benchmark"])
        known = not pd.isna(row["value"])
        line = {
            "variant": row["variant"], "against": row["against"],
            "on": benchmark if level == "benchmark" else f"{benchmark}, {row['task']}",
            "answers": ANSWERS.get(row["decoding"], ""),
            "difference": _difference(row) if known else "",
            "corrected p": "" if pd.isna(row["p_holm"]) else f"{row['p_holm']:.4f}",
            "outcome": _outcome(row) if known else f"not compared: {row['detail']}",
            "examples": row["n"],
        }  # fmt: skip
        lines.append((place[level], line))
    return pd.DataFrame([line for _, line in sorted(lines, key=lambda pair: pair[0])])


def in_lines(name: str, length: int = 14) -> str:
    """A heading in lines of about so many characters, blanks for underscores."""
    lines = [""]
    for word in name.replace("_", " ").split():
        if lines[-1] and len(lines[-1]) + len(word) >= length:
            lines.append("")
        lines[-1] = f"{lines[-1]} {word}".strip()
    return "\n".join(lines)


def _cell(row: Mapping[str, Any], marks: Marks) -> str:
    if row["status"] == MISSING:
        return NOTHING
    if row["source"] == PAPER:
        return percent(row["value"])
    return GAPS.get(row["status"]) or _marked(row, marks)


def _marked(figure: Mapping[str, Any] | None, marks: Marks) -> str:
    if not (text := shown(figure)):
        return ""
    text = text.replace(" (", "\n(")  # an interval in a line of its own: tables are wide
    return "\n".join([text, *marks.get(_place(figure), [])])


def _place(row: Mapping[str, Any]) -> tuple[str, str, str, str, str]:
    task = "" if row["level"] == "benchmark" else str(row["task"])
    return row["variant"], row["benchmark"], row["level"], task, row["decoding"]


def _difference(row: Mapping[str, Any]) -> str:
    interval = (
        ""
        if pd.isna(row["ci_low"])
        else f" ({100 * row['ci_low']:+.1f} to {100 * row['ci_high']:+.1f})"
    )
    return f"{100 * row['value']:+.1f}{interval}".replace("-", MINUS)


def _outcome(row: Mapping[str, Any]) -> str:
    if not row["p_holm"] < LEVEL:
        return "no difference shown"
    return "better" if row["value"] > 0 else "worse"


def _baselines_first(variants: Iterable[str]) -> list[str]:
    variants = list(variants)
    first = [name for name in BASELINES if name in variants]
    return [*first, *(name for name in variants if name not in first)]


def _first(values: pd.Series) -> str:
    values = values.dropna()
    return "" if values.empty else str(values.iloc[0])
