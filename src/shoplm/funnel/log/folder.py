"""What models are trained and measured on: a folder of arrays, memory-mapped."""

from __future__ import annotations

import json
from collections.abc import Iterator, Sequence
from itertools import pairwise
from pathlib import Path
from typing import TYPE_CHECKING, Any

import numpy as np

from shoplm.funnel.log.columns import SIDES
from shoplm.variants import suggest

if TYPE_CHECKING:
    from pandas import DataFrame

    from shoplm.funnel.log.batches import Batch

FORMAT = 1
META = "meta.json"
REJECTED = "rejected_features.parquet"


class FunnelLog:
    """Rows of shown lists, sorted by side, time of the list, list and place."""

    def __init__(self, folder: Path, meta: dict[str, Any]) -> None:
        self.folder = folder
        self.meta = meta
        self.tasks: list[str] = meta["tasks"]
        """In the order in which they happen."""
        self.regions: list[str] = meta["regions"]
        self.platforms: list[str] = meta["platforms"]
        self.numeric_names: list[str] = meta["numeric"]
        """Columns of `numeric`: features, prior counts and rates, flags of missing values."""
        self.categorical_names: list[str] = meta["categorical"]
        self.multivalued_names: list[str] = meta["multivalued"]
        self.categories: dict[str, int] = meta["categories"]
        """Numbers that a categorical or multi-valued feature can have, 0 (unseen) among them."""
        self.warnings: list[str] = meta["warnings"]
        self.fingerprint: str = meta["fingerprint"]
        self.list = self._map("list")
        """(n,) int64: number of the list, ascending from 0."""
        self.region = self._map("region")
        """(n,) int16."""
        self.platform = self._map("platform")
        """(n,) int16."""
        self.time = self._map("time")
        """(n,) int64: Unix seconds of the list's first row."""
        self.side = self._map("side")
        """(n,) int8: 0 train, 1 validation, 2 test."""
        self.numeric = self._map("numeric")
        """(n, F) float32, robustly scaled."""
        self.categorical = self._map("categorical")
        """(n, C) int32."""
        self.labels = self._map("labels")
        """(n, k) int8."""
        self.popularity = self._map("popularity")
        """(n,) float32: the item's rate of the first task before the list; NaN without items."""
        self.region_numeric = np.load(folder / "region_numeric.npy")
        """(n_regions, R) float32."""
        self.multivalued = {
            name: (self._map(f"{name}_starts"), self._map(f"{name}_ids"))
            for name in self.multivalued_names
        }
        """By name: starts (n + 1,) int64 and ids int32 of all rows, one after the other."""

    @classmethod
    def open(cls, folder: Path | str) -> FunnelLog:
        """The log in a folder that `write_log` wrote.

        Raises:
            FileNotFoundError: there is none.
            ValueError: it is of another version.
        """
        folder = Path(folder)
        if not (folder / META).is_file():
            raise FileNotFoundError(f"{folder}: no funnel log here, it has no {META}")
        meta = json.loads((folder / META).read_text("utf-8"))
        if meta.get("format") != FORMAT:
            raise ValueError(
                f"{folder / META}: format {meta.get('format')!r}, expected {FORMAT}; split the "
                "log again"
            )
        return cls(folder, meta)

    def __len__(self) -> int:
        return self.meta["n_rows"]

    @property
    def rejected_features(self) -> DataFrame:
        """feature, reason, detail: what was not used."""
        import pandas as pd

        return pd.read_parquet(self.folder / REJECTED)

    def rows(self, side: str | Sequence[str]) -> slice:
        """Rows of a side, or of neighbouring sides in their order.

        Raises:
            ValueError: there is no such side, or they are not neighbours.
        """
        sides = [side] if isinstance(side, str) else list(side)
        for name in sides:
            if name not in SIDES:
                raise ValueError(f"no side {name!r}; {suggest(name, SIDES)}")
        bounds = [self.meta["sides"][name] for name in sides]
        for (_, end), (start, _) in pairwise(bounds):
            if end != start:
                raise ValueError(f"sides {sides} are not neighbours; expected an order of {SIDES}")
        return slice(bounds[0][0], bounds[-1][1])

    def batches(
        self, side: str | Sequence[str], batch_size: int, seed: int | None = None
    ) -> Iterator[Batch]:
        """Batches of the rows of a side, each row once; the last may be smaller.

        Args:
            side: or several neighbouring ones.
            batch_size: rows.
            seed: rows come in their order, or, if given, shuffled by blocks: memory is that of
                some blocks, whatever the size of the log.
        """
        from shoplm.funnel.log.batches import iterate

        return iterate(self, self.rows(side), batch_size, seed)

    def _map(self, name: str) -> np.ndarray:
        file = self.folder / f"{name}.npy"
        try:
            # a plain view of the map: each slice of a `memmap` costs more than it reads
            return np.asarray(np.load(file, mmap_mode="r"))
        except ValueError:  # nothing can be mapped of an empty array
            return np.load(file)
