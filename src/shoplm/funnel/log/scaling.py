"""Numeric features: which can be used, and their robust scale over the training rows."""

from __future__ import annotations

from dataclasses import asdict, dataclass
from typing import TYPE_CHECKING

import numpy as np

if TYPE_CHECKING:
    from ibis import Column, Table


@dataclass(frozen=True)
class Scale:
    """x → (f(x) − median) / spread, where f is the identity or sign(x)·log(1 + |x|)."""

    name: str
    median: float
    spread: float
    """Interquartile range of the training rows, or their standard deviation where that is 0."""
    logarithm: bool
    missing: bool
    """Whether any row has none; it gets 0, and a flag of its own among the features."""

    def apply(self, values: np.ndarray, clip: float | None) -> np.ndarray:
        """Scaled values, (n,) float32; NaN becomes 0."""
        values = np.asarray(values, dtype=np.float64)
        if self.logarithm:
            values = signed_log(values)
        scaled = (values - self.median) / self.spread
        if clip is not None:
            scaled = np.clip(scaled, -clip, clip)
        return np.nan_to_num(scaled, nan=0.0, posinf=0.0, neginf=0.0).astype(np.float32)

    def as_dict(self) -> dict:
        """For JSON."""
        return asdict(self)


def signed_log(values: np.ndarray) -> np.ndarray:
    """sign(x)·log(1 + |x|)."""
    return np.sign(values) * np.log1p(np.abs(values))


def fit_scale(rows: Table, name: str, logarithm: bool) -> Scale | tuple[str, str]:
    """The scale of a numeric column, or the reason and detail for which it cannot be used.

    One column at a time, since exact quantiles hold its training values in memory.

    Args:
        rows: with `_side`.
        name: the column, float64.
        logarithm: whether it is read as its signed logarithm.
    """
    column = rows[name]
    absent = column.isnull() | column.isnan()
    facts = rows.aggregate(
        rows=rows.count(),
        missing=absent.sum(),
        infinite=column.isinf().sum(),
        trained=((rows["_side"] == 0) & ~absent).sum(),
    )
    total, missing, infinite, trained = facts.to_pandas().fillna(0).iloc[0].astype(int)
    if infinite:
        return "infinite", f"{infinite:,} of {total:,} rows"
    if missing == total:
        return "all_null", f"{total:,} rows"
    if not trained:
        return "all_null", "all training rows"
    train = rows.filter((rows["_side"] == 0) & ~absent)
    x: Column = train[name]
    if logarithm:
        x = x.sign() * (x.abs() + 1).ln()
    q = train.aggregate(
        low=x.min(), q1=x.quantile(0.25), median=x.quantile(0.5), q3=x.quantile(0.75),
        high=x.max(), deviation=x.std(how="pop"),
    )  # fmt: skip
    low, q1, median, q3, high, deviation = q.to_pandas().iloc[0].astype(float)
    if low == high:
        return "constant", f"{low:g} on all training rows"
    spread = q3 - q1 if q3 > q1 else deviation
    return Scale(name, median, float(spread), logarithm, bool(missing))
