"""One figure out of the results of the funnel, and how it is written."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any

import numpy as np
import pandas as pd

from shoplm.metrics.funnel import (
    AUC,
    CALIBRATION_ERROR,
    COMPLETE,
    LOG_LOSS,
    MEAN,
    PREDICTED_TO_OBSERVED,
    VIOLATIONS,
)
from shoplm.metrics.funnel_rows import ALL, POPULAR_FIRST, RANDOM
from shoplm.reporting.recommendation_tables import LEVEL, MINUS

BASELINES = (RANDOM, POPULAR_FIRST)
"""They stand first in every table."""
NDCG = "ndcg"
"""Stands for NDCG@k, whatever k was measured."""
TITLES = {
    AUC: "AUC", LOG_LOSS: "log loss", CALIBRATION_ERROR: "calibration error",
    PREDICTED_TO_OBSERVED: "predicted / observed", VIOLATIONS: "violations",
}  # fmt: skip
DECIMALS = {LOG_LOSS: 4, CALIBRATION_ERROR: 4, PREDICTED_TO_OBSERVED: 2}
"""Digits behind the point; three of all else."""
KEYS = ["variant", "task", "platform", "region", "metric"]

Row = Mapping[str, Any]


class Scores:
    """`funnel_results` of one search log."""

    def __init__(self, results: pd.DataFrame) -> None:
        self.results = results.assign(seed=results["seed"].astype(str))
        self.means = self.results[self.results["seed"] == MEAN]
        self._rows = {tuple(row[k] for k in KEYS): row for row in self.means.to_dict("records")}
        self.tasks = self._names("task")
        self.platforms, self.regions = self._names("platform"), self._names("region")
        depths = [name for name in dict.fromkeys(results["metric"]) if name.startswith(NDCG)]
        self.ndcg = depths[0] if depths else NDCG
        measured = list(dict.fromkeys(self.means.loc[self.means["value"].notna(), "variant"]))
        self.variants = [*BASELINES, *(name for name in measured if name not in BASELINES)]
        self.variants = [name for name in self.variants if name in measured]

    def _names(self, key: str) -> list[str]:
        return [name for name in dict.fromkeys(self.means[key]) if name != ALL]

    def find(
        self, variant: str, task: str, metric: str, platform: str = ALL, region: str = ALL
    ) -> dict[str, Any] | None:
        """The mean over seeds; None where there is no row of it. It may have no value."""
        name = self.ndcg if metric == NDCG else metric
        return self._rows.get((variant, task, platform, region, name))

    def value(self, *of: str) -> float | None:
        """The value of `find`; None where there is none."""
        row = self.find(*of)
        return None if row is None or pd.isna(row["value"]) else float(row["value"])

    def choose(self, variants: Sequence[str]) -> list[str]:
        """The baselines, and which of these variants have a value."""
        return [name for name in self.variants if name in BASELINES or name in variants]

    def seeds(self, of: Mapping[str, str]) -> pd.DataFrame:
        """Rows of each seed and of their mean, by values of KEYS."""
        return select(self.results, of)

    def title(self, metric: str) -> str:
        """`NDCG@10`."""
        return self.ndcg.upper() if metric in (NDCG, self.ndcg) else TITLES[metric]


def select(rows: pd.DataFrame, of: Mapping[str, str]) -> pd.DataFrame:
    """Rows that have all of these values."""
    return rows[np.logical_and.reduce([rows[key] == value for key, value in of.items()])]


def number_text(metric: str, value: float) -> str:
    """A value as people read it: violations in percent, all else as a decimal number."""
    if metric == VIOLATIONS:
        return f"{value:.2%}" if value else "0%"
    return f"{value:.{DECIMALS.get(metric, 3)}f}"


def shown(row: Row | None) -> str:
    """A figure and the spread of its seeds, below it its interval; else why it has no value."""
    if row is None:
        return ""
    if pd.isna(row["value"]):
        status = row.get("status")
        return "" if not isinstance(status, str) or status == COMPLETE else status
    metric, spread = row["metric"], row.get("seed_sd")
    text = number_text(metric, row["value"])
    if spread is not None and not pd.isna(spread):
        text += f" ±{number_text(metric, spread)}"
    if not pd.isna(row["ci_low"]):
        low, high = (number_text(metric, row[end]) for end in ("ci_low", "ci_high"))
        text += f"\n({low} to {high})"
    return text


def difference_text(row: Row) -> str:
    """`+0.012`, below it the interval; empty where there is none."""
    if pd.isna(row["value"]):
        return ""
    text = signed_text(row["metric"], row["value"])
    if not pd.isna(row["ci_low"]):
        low, high = (signed_text(row["metric"], row[end]) for end in ("ci_low", "ci_high"))
        text += f"\n({low} to {high})"
    return text


def signed_text(metric: str, value: float) -> str:
    """A difference with its sign; what rounds to 0 has that of nothing lost."""
    digits = DECIMALS.get(metric, 3)
    return f"{round(value, digits) + 0.0:+.{digits}f}".replace("-", MINUS)


def outcome(row: Row) -> str:
    """better, worse, that no difference was shown, or that none was tested."""
    if pd.isna(row["p_holm"]):
        return "not tested"
    if not row["p_holm"] < LEVEL:
        return "no difference shown"
    return "better" if (row["value"] > 0) != (row["metric"] == LOG_LOSS) else "worse"
