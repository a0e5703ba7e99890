"""What kedro-viz shows of a table."""

from __future__ import annotations

import json

import pandas as pd
from kedro_datasets._typing import TablePreview

LONGEST_CELL = 200
"""Characters of a text that a preview shows."""


def preview_table(frame: pd.DataFrame) -> TablePreview:
    """A small frame as plain JSON values; long texts are cut."""
    plain = json.loads(frame.to_json(orient="split", date_format="iso", default_handler=str))
    plain["data"] = [[_shorten(value) for value in row] for row in plain["data"]]
    return TablePreview(plain)


def _shorten(value: object) -> object:
    if isinstance(value, str) and len(value) > LONGEST_CELL:
        return value[: LONGEST_CELL - 1] + "…"
    if isinstance(value, list | dict):
        return _shorten(json.dumps(value, ensure_ascii=False))
    return value
