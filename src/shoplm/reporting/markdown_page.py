"""A page as Markdown."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any

import pandas as pd

from shoplm.reporting.page import Section


def render_markdown(
    title: str,
    facts: Mapping[str, str],
    sections: Sequence[Section],
    warnings: Sequence[str] = (),
    lead: str = "",
) -> str:
    """What `render_page` shows, less the figures; sections that have nothing else are left out."""
    lines = [f"# {title}", "", *([_line(lead), ""] if lead else [])]
    lines += [f"- {label}: **{value}**" for label, value in facts.items()]
    if warnings:
        lines += ["", "> **Before you read the figures**", ">"]
        lines += [f"> - {_line(warning)}" for warning in warnings]
    for section in sections:
        if section.table is None and not section.samples and section.figure is not None:
            continue
        lines += ["", f"## {_line(section.title)}", ""]
        if section.text:
            lines.append(_line(section.text))
        if section.table is not None:
            lines += ["", *markdown_table(section.table)]
        for sample in section.samples:
            lines += ["", f"**{_line(sample['title'])}**", ""]
            for label, text in sample["parts"]:
                lines += [f"- {_line(label)}:", "", *(f"      {line}" for line in text.split("\n"))]
                lines.append("")
    return "\n".join(lines).rstrip() + "\n"


def markdown_table(table: pd.DataFrame) -> list[str]:
    """The lines of a table; numbers stand as a page shows them."""
    if not len(table.columns):
        return []
    head = [_cell(column) or " " for column in table.columns]
    rows = [[_cell(value) for value in row] for row in table.itertuples(index=False, name=None)]
    return [f"| {' | '.join(row)} |" for row in (head, ["---"] * len(head), *rows)]


def _cell(value: Any) -> str:
    if value is None or value != value:
        return ""
    if isinstance(value, float):
        text = f"{value:,.3g}" if abs(value) < 10 else f"{value:,.1f}"
    elif isinstance(value, int) and not isinstance(value, bool):
        text = f"{value:,}"
    else:
        text = str(value)
    return _line(text).replace("|", "\\|")


def _line(text: str) -> str:
    return " ".join(str(text).split())
