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
    trained = (rows["_side"] == 0) & ~absent
    x: Column = column.sign() * (column.abs() + 1).ln() if logarithm else column
    facts = rows.aggregate(
        rows=rows.count(),
        missing=absent.sum(),
        infinite=column.isinf().sum(),
        trained=trained.sum(),
        low=x.min(where=trained),
        q1=x.quantile(0.25, where=trained),
        median=x.quantile(0.5, where=trained),
        q3=x.quantile(0.75, where=trained),
        high=x.max(where=trained),
        # of what is finite alone: the deviation of an infinite value is an error
        deviation=x.std(how="pop", where=trained & ~column.isinf()),
    )
    found = facts.to_pandas().iloc[0].astype(float)
    total = int(found["rows"])
    if found["infinite"] > 0:
        return "infinite", f"{int(found['infinite']):,} of {total:,} rows"
    if not found["trained"] > 0:
        where = "" if found["missing"] == total else "training "
        return "all_null", f"all {where}rows"
    low, q1, median, q3, high, deviation = found.iloc[4:]
    if low == high:
        return "constant", f"{low:g} on all training rows"
    spread = q3 - q1 if q3 > q1 else deviation
    return Scale(name, median, float(spread), logarithm, bool(found["missing"] > 0))
