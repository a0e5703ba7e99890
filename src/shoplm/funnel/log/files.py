"""CSV files of logs: opened with the columns that a layout must have."""

from __future__ import annotations

import shutil
import tempfile
import weakref
from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from ibis import BaseBackend, Table

ROW_GROUP = 16_384
"""Rows that are held while they are stored; the engine would hold seven times as many."""


def open_csv(
    file: Path, columns: Mapping[str, str], engine: BaseBackend, optional: Sequence[str] = ()
) -> Table:
    """Columns of a CSV file, gzipped or not, and `_row`, counted from 1 after the header.

    Args:
        file: with a header.
        columns: names in the file, and Ibis types.
        engine: DuckDB.
        optional: columns that may be absent, or empty in a row.

    Raises:
        FileNotFoundError: it is missing.
        ValueError: it is no CSV, a column is missing, or a value is not of its type; names the
            file, the row and the column.
    """
    import ibis

    file = Path(file)
    if not file.is_file():
        raise FileNotFoundError(f"{file}: there is no such file")
    try:
        text = engine.read_csv(str(file), all_varchar=True, header=True, delim=",", quote='"')
        missing = [n for n in columns if n not in text.columns and n not in optional]
        if missing:
            found = ", ".join(map(repr, text.columns[:8]))
            raise ValueError(f"{file}: no column {missing[0]!r}; its first are {found}")
        present = {name: kind for name, kind in columns.items() if name in text.columns}
        text = text.select(*present, _row=ibis.row_number() + 1)
        typed = {name: text[name].try_cast(kind) for name, kind in present.items()}
        wrong = [
            value.isnull() if name not in optional else value.isnull() & text[name].notnull()
            for name, value in typed.items()
        ]
        bad = ibis.cases(*((is_wrong, place) for place, is_wrong in enumerate(wrong)))
        # parsed once, and here, where an error can be named; on disk, for it may be of any size
        stored = _scratch(engine) / f"{ibis.util.gen_name('csv')}.parquet"
        text.select("_row", **typed, _bad=bad).to_parquet(stored, row_group_size=ROW_GROUP)
    except Exception as error:
        if isinstance(error, ValueError) and str(error).startswith(str(file)):
            raise
        first = str(error).strip().splitlines()[0]
        raise ValueError(f"{file}: cannot be read as CSV: {first}") from None
    rows = engine.read_parquet(str(stored))
    first = rows.filter(rows["_bad"].notnull()).order_by("_row").limit(1).to_pandas()
    if len(first):
        row, name = int(first["_row"][0]), list(present)[int(first["_bad"][0])]
        found = text.filter(text["_row"] == row).to_pandas()[name][0]
        found = repr(found) if isinstance(found, str) else "nothing"
        raise ValueError(f"{file}, row {row}, {name}: found {found}; expected {columns[name]}")
    return rows.drop("_bad")


def _scratch(engine: BaseBackend) -> Path:
    """A folder where the engine spills to, which goes when the engine does."""
    place = engine.raw_sql("SELECT current_setting('temp_directory')").fetchone()[0]
    if place == ".tmp":  # what no one chose, which is where the program was started
        place = tempfile.gettempdir()
    Path(place).mkdir(parents=True, exist_ok=True)
    folder = tempfile.mkdtemp(prefix="csv_", dir=place)
    weakref.finalize(engine, shutil.rmtree, folder, ignore_errors=True)
    return Path(folder)
