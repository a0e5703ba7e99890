"""Tables of the report, as people read them."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from typing import Any

import pandas as pd

from shoplm.reporting.benchmark_cells import (
    ALL_SEEDS,
    BASELINES,
    DECODINGS,
    LEVELS,
    Cells,
    percent,
    shown,
)
from shoplm.reporting.paper_tables import ABSENT, MISSING, OURS, PAPER, PARTIAL

LEVEL = 0.05
"""A corrected p-value below it is called a difference."""
BETTER, WORSE = "\N{BLACK UP-POINTING TRIANGLE}", "\N{BLACK DOWN-POINTING TRIANGLE}"
MINUS = "\N{MINUS SIGN}"
NOTHING = "\N{EM DASH}"
PARTLY = "*"
NO_DATA = "no data"

Marks = Mapping[tuple[str, str, str, str], list[str]]
"""What is said of a variant's figure by benchmark, level and task."""


def mark_differences(comparison: pd.DataFrame | None) -> Marks:
    """`▲ base` for a figure that a test found above that of `base`, `▼ base` for one below."""
    marks: dict[tuple[str, str, str, str], list[str]] = {}
    if comparison is None:
        return marks
    for row in _pooled(comparison).to_dict("records"):
        if row["p_holm"] < LEVEL and row["value"] != 0:
            level = row.get("level", "benchmark")
            task = "" if level == "benchmark" else str(row["task"])
            key = (str(row["variant"]), str(row["benchmark"]), level, task)
            mark = f"{BETTER if row['value'] > 0 else WORSE} {row['against']}"
            if mark not in marks.setdefault(key, []):
                marks[key].append(mark)
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
    empty = rows[(rows["source"] == OURS) & rows["status"].isin([MISSING, ABSENT])]
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
        figures = {name: cells.find(variant, name, "benchmark") for name in cells.benchmarks}
        lines.append(
            {"": variant}
            | {name: _marked(figure, marks, "benchmark") for name, figure in figures.items()}
        )
    return pd.DataFrame(lines, columns=["", *cells.benchmarks])


def tabulate_tasks(results: pd.DataFrame, benchmark: str, marks: Marks) -> pd.DataFrame:
    """A row a task and a decoding, a column a variant: every figure of a benchmark."""
    of = results[(results["benchmark"] == benchmark) & (results["level"] == "task")]
    cells = Cells(of)
    variants = _baselines_first(cells.variants)
    lines = []
    for task in cells.names(benchmark, "task"):
        rows = of[of["task"] == task]
        decodings = [d for d in DECODINGS if d in set(rows.get("decoding", []))] or DECODINGS[:1]
        for decoding in decodings:
            line: dict[str, Any] = {"task": task, "metric": _first(rows["metric"])}
            line["answers"] = "picked" if decoding == DECODINGS[0] else "written"
            for variant in variants:
                figure = cells.find(variant, benchmark, "task", task, decoding)
                other = figure is not None and figure.get("decoding") not in (decoding, None)
                if other and variant not in BASELINES:
                    figure = None  # measured the other way alone
                line[variant] = _marked(figure, marks, "task") or NO_DATA
            line["examples"] = rows["n"].max()
            lines.append(line)
    return pd.DataFrame(lines).rename(columns={name: in_lines(name) for name in variants})


def tabulate_decodings(results: pd.DataFrame) -> pd.DataFrame:
    """How variants score where they may only pick, and where they write freely, same tasks."""
    tasks = results[(results["level"] == "task") & results["value"].notna()]
    if "decoding" not in tasks:
        return pd.DataFrame()
    keys = ["variant", "benchmark", "task"]
    by_decoding = tasks[~tasks["variant"].isin(BASELINES)].pivot_table(
        index=keys, columns="decoding", values=["value", "n_unparsed", "n"], sort=False
    )
    if not {("value", d) for d in DECODINGS} <= set(by_decoding.columns):
        return pd.DataFrame()
    both = by_decoding.dropna(subset=[("value", d) for d in DECODINGS])
    lines = []
    for (variant, benchmark), rows in both.groupby(level=["variant", "benchmark"], sort=False):
        unparsed = rows["n_unparsed"]["free"].sum() if "n_unparsed" in rows else 0
        lines.append(
            {
                "variant": variant,
                "benchmark": benchmark,
                "tasks": f"{len(rows)}",
                "picked": percent(rows["value"]["constrained"].mean()),
                "written": percent(rows["value"]["free"].mean()),
                "not understood": f"{unparsed / max(rows['n']['free'].sum(), 1):.0%}",
            }
        )
    return pd.DataFrame(lines)


def tabulate_comparison(comparison: pd.DataFrame) -> pd.DataFrame:
    """Paired tests of means, benchmarks first, then those of tasks that found a difference."""
    place = {"benchmark": 0, "group": 1, "task": 2}
    lines = []
    for row in _pooled(comparison).to_dict("records"):
        level = row.get("level", "benchmark")
        if level == "task" and not row["p_holm"] < LEVEL:
            continue
        what = row["benchmark"] if level == "benchmark" else f"{row['benchmark']}, {row['task']}"
        line = {
            "variant": row["variant"], "against": row["against"], "on": what,
            "difference": _difference(row),
            "corrected p": "" if pd.isna(row["p_holm"]) else f"{row['p_holm']:.4f}",
            "outcome": _outcome(row), "examples": row["n"],
        }  # fmt: skip
        lines.append((place.get(level, 3), line))
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
    if row["status"] == ABSENT:
        return NO_DATA
    if row["source"] == PAPER:
        return percent(row["value"])
    text = _with_marks(shown(row), row, marks, row["level"])
    return text + PARTLY if row["status"] == PARTIAL else text


def _marked(figure: Mapping[str, Any] | None, marks: Marks, level: str) -> str:
    return "" if figure is None else _with_marks(shown(figure), figure, marks, level)


def _with_marks(text: str, figure: Mapping[str, Any], marks: Marks, level: str) -> str:
    task = "" if level == "benchmark" else str(figure["task"])
    said = marks.get((str(figure["variant"]), str(figure["benchmark"]), level, task), [])
    text = text.replace(" (", "\n(")  # an interval in a line of its own: tables are wide
    return "\n".join([text, *said]) if text else ""


def _pooled(comparison: pd.DataFrame) -> pd.DataFrame:
    """Rows over all seeds where there are any, of the decoding that scores are shown of."""
    rows = comparison
    if "level" in rows:
        rows = rows[rows["level"].isin(LEVELS)]
    if "seed" in rows and (pooled := rows["seed"].astype(str) == ALL_SEEDS).any():
        rows = rows[pooled]
    if "decoding" in rows:
        place = rows["decoding"].map({name: n for n, name in enumerate(DECODINGS)}).fillna(0)
        same = [rows[key] for key in ("variant", "against", "benchmark", "task")]
        rows = rows[place == place.groupby(same).transform("min")]
    return rows


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
