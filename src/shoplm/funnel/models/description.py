"""What a model has to know of the data before it sees a row."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field


@dataclass(frozen=True)
class Description:
    """Names and sizes, of the data folder's meta."""

    tasks: tuple[str, ...]
    """In the order of the funnel."""
    numeric: tuple[str, ...]
    """Columns of `Batch.numeric`."""
    dependent: tuple[str, ...] = ()
    """Those of `numeric` whose distribution depends on the region."""
    categorical: Mapping[str, int] = field(default_factory=dict)
    """Columns of `Batch.categorical`, with the number of ids, 0 among them."""
    multivalued: Mapping[str, int] = field(default_factory=dict)
    """Features of many values, with the number of ids, 0 among them."""
    n_regions: int = 1
    """Regions of all sides of the split."""
    region_numeric: int = 0
    """Columns of `Batch.region_numeric`."""
    region_one_hot: bool = False
    """Whether those columns are a one-hot of the region, because nothing describes it."""
    unseen_regions: tuple[int, ...] = ()
    """Regions without a row on the sides that are learned from."""
    n_platforms: int = 1
    """Platforms of all sides of the split."""

    def __post_init__(self) -> None:
        if not self.tasks:
            raise ValueError("description: tasks: at least one is needed")
        for name in self.dependent:
            if name not in self.numeric:
                raise ValueError(
                    f"description: dependent feature {name!r} is none of the numeric features"
                )
        if self.region_one_hot and self.region_numeric != self.n_regions:
            raise ValueError(
                f"description: a one-hot of {self.n_regions} regions has as many columns, "
                f"not {self.region_numeric}"
            )
