"""Filled studies as tables that people read."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from typing import Any

import pandas as pd

from shoplm.reporting.study_figures import MEAN

OURS, PAPER = "ours", "paper"
"""Sources of a figure."""


def show_study(
    filled: pd.DataFrame, write: Callable[[Mapping[str, Any]], str], reference: str = "paper"
) -> pd.DataFrame:
    """A filled study, wide: a row a variant; the reference's own figures in rows of their own.

    Args:
        filled: label, group, column, source, variant, seed, value, and what `write` reads.
        write: a row as text.
        reference: whose figures stand beside ours.
    """
    lines = []
    for (_, source), of in filled[filled["seed"] == MEAN].groupby(["row", "source"], sort=False):
        label = of["label"].iloc[0] if of["group"].iloc[0] == "" else (
            f"{of['label'].iloc[0]}, {of['group'].iloc[0]}"
        )  # fmt: skip
        line = {"": label if source == OURS else f"{label} ({reference})"}
        for row in of.to_dict("records"):
            line[row["column"]] = write(row)
        lines.append(line)
    columns = list(dict.fromkeys(filled["column"]))
    return pd.DataFrame(lines, columns=["", *columns]).fillna("")


def list_gaps(filled: pd.DataFrame) -> list[str]:
    """Rows of a filled study of which some figure is absent, and which."""
    empty = filled[(filled["source"] == OURS) & filled["value"].isna()]
    gaps = empty.groupby(["label", "variant"], sort=False)["column"].agg(list)
    return [
        f"{label} (variant {variant}): {', '.join(columns)}"
        for (label, variant), columns in gaps.items()
    ]
