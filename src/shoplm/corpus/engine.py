"""What Ibis 12 does not do on DuckDB 2 by itself."""

from __future__ import annotations

import pyarrow as pa
from ibis import Table


def stream_batches(table: Table, rows: int) -> pa.RecordBatchReader:
    """Execute `table` and read the result `rows` at a time.

    `Table.to_pyarrow_batches` of Ibis 12 calls a method that DuckDB 2 dropped. The connection is
    busy until the reader is read to its end.
    """
    backend = table.get_backend()
    backend._run_pre_execute_hooks(table)  # registers in-memory tables and functions
    return backend.con.sql(backend.compile(table)).to_arrow_reader(rows)
