"""What is known of each region."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

import numpy as np

from shoplm.funnel.log.scaling import signed_log
from shoplm.funnel.settings import LogSettings

if TYPE_CHECKING:
    from ibis import Table


@dataclass(frozen=True)
class Regions:
    """Standardised features of the regions, or a one-hot."""

    names: list[str]
    values: np.ndarray
    """(n_regions, R) float32."""


def describe_regions(
    rows: Table, regions: list[str], settings: LogSettings, warnings: list[str]
) -> Regions:
    """Features of every region, of mean 0 and deviation 1 over the regions.

    A region that is not in the training rows is described too: what is known of it is no outcome.

    Raises:
        ValueError: a region has two values of a feature.
    """
    if len(regions) == 1:
        warnings.append(
            f"there is one region, {regions[0]!r}: nothing can depend on the region, MD is off"
        )
    if not settings.region_features:
        return Regions([f"region={name}" for name in regions], np.eye(len(regions), dtype="f4"))
    asked = {}
    for name in settings.region_features:
        column = rows[f"r_{name}"]
        asked |= {f"low_{name}": column.min(), f"high_{name}": column.max()}
    found = rows.group_by("_region").aggregate(**asked).order_by("_region").to_pandas()
    columns = []
    for name in settings.region_features:
        low, high = found[f"low_{name}"].to_numpy(float), found[f"high_{name}"].to_numpy(float)
        for region, a, b in zip(regions, low, high, strict=True):
            if a != b:
                held = "nothing" if np.isnan(a) else f"{a:g} and {b:g}"
                raise ValueError(
                    f"search log, {name}: region {region!r} has {held}; expected one number"
                )
        values = signed_log(low) if name in settings.logarithm else low
        columns.append((values - values.mean()) / (values.std() or 1.0))
    return Regions(list(settings.region_features), np.stack(columns, axis=1).astype(np.float32))
