"""Rows as JSON lines."""

from __future__ import annotations

import gzip
import json
from pathlib import Path
from typing import Any

import pandas as pd
from kedro.io import AbstractDataset, DatasetError
from kedro_datasets._typing import TablePreview

from shoplm.datasets.atomic import replacing
from shoplm.datasets.preview import preview_table


class JsonLinesDataset(AbstractDataset[pd.DataFrame, pd.DataFrame]):
    """A pandas frame as one JSON object a line, in UTF-8, gzipped when the name ends in `.gz`.

    Values are not guessed at: a string of digits stays a string and a date stays the string it
    is. A field that a line lacks is null.
    """

    def __init__(self, *, filepath: str, metadata: dict[str, Any] | None = None) -> None:
        self._filepath = Path(filepath)
        self.metadata = metadata

    def load(self) -> pd.DataFrame:
        """All rows.

        Raises:
            DatasetError: the file is missing, or a line of it is no JSON object.
        """
        return pd.DataFrame(self._rows())

    def save(self, data: pd.DataFrame) -> None:
        """Write all rows; the file before is replaced whole."""
        with replacing(self._filepath) as path, self._open(path, "wt", encoding="utf-8") as file:
            data.to_json(
                file,
                orient="records",
                lines=True,
                force_ascii=False,
                date_format="iso",
                double_precision=15,
            )

    def preview(self, nrows: int = 5) -> TablePreview:
        """The first rows, for kedro-viz."""
        return preview_table(pd.DataFrame(self._rows(nrows)))

    def _rows(self, limit: int | None = None) -> list[dict]:
        rows = []
        number = 0  # of the line read last
        try:
            with self._open(self._filepath, "rb") as file:
                for number, line in enumerate(file, 1):  # noqa: B007 - named in errors
                    if limit is not None and len(rows) >= limit:
                        break
                    if line.strip():
                        rows.append(_parse(line))
        except FileNotFoundError:
            raise DatasetError(
                f"{self._filepath}: not there; run the node that writes it first"
            ) from None
        except (OSError, EOFError) as error:  # a file that is not gzip, or a truncated one
            raise DatasetError(
                f"{self._filepath}: unreadable after line {number}: {error}"
            ) from None
        except ValueError as error:
            raise DatasetError(f"{self._filepath}, line {number}: {error}") from None
        return rows

    @staticmethod
    def _open(path: Path, mode: str, **options: Any) -> Any:
        return (gzip.open if path.suffix == ".gz" else open)(path, mode, **options)

    def _exists(self) -> bool:
        return self._filepath.exists()

    def _describe(self) -> dict[str, Any]:
        return {"filepath": str(self._filepath)}


def _parse(line: bytes) -> dict:
    row = json.loads(line)
    if not isinstance(row, dict):
        raise ValueError(f"expected a JSON object, got {line.strip()[:60]!r}")
    return row
