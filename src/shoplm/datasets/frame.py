"""A pandas frame in a parquet file, previewed whatever its columns hold."""

from __future__ import annotations

from kedro_datasets._typing import TablePreview
from kedro_datasets.pandas import ParquetDataset

from shoplm.datasets.preview import preview_table


class FrameDataset(ParquetDataset):
    """`pandas.ParquetDataset` for columns of lists too, which its own preview cannot show."""

    def preview(self, nrows: int = 20) -> TablePreview:
        """The first rows as plain values."""
        return preview_table(self.load().head(nrows))
