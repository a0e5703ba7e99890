"""CSV files of logs: opened with the columns that a layout must have."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from ibis import BaseBackend, Table


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
        # parsed once, and here, where an error can be named
        text = engine.create_table(ibis.util.gen_name("csv"), text, temp=True)
    except Exception as error:
        if isinstance(error, ValueError) and str(error).startswith(str(file)):
            raise
        first = str(error).strip().splitlines()[0]
        raise ValueError(f"{file}: cannot be read as CSV: {first}") from None
    typed = {name: text[name].try_cast(kind) for name, kind in present.items()}
    wrong = {
        name: value.isnull() if name not in optional else value.isnull() & text[name].notnull()
        for name, value in typed.items()
    }
    counts = text.aggregate(**{f"c{i}": bad.sum() for i, bad in enumerate(wrong.values())})
    numbers = counts.to_pandas().iloc[0].fillna(0)
    for number, (name, bad) in zip(numbers, wrong.items(), strict=True):
        if number:
            row = text.filter(bad).order_by("_row").limit(1).to_pandas().iloc[0]
            found = "nothing" if not isinstance(row[name], str) else repr(row[name])
            raise ValueError(
                f"{file}, row {int(row['_row'])}, {name}: found {found}; expected {columns[name]}"
            )
    return text.select("_row", **typed)
