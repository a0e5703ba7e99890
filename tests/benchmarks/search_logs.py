"""Search logs of one and five million rows: rows/s and memory of writing and of training.

    python tests/benchmarks/search_logs.py [rows ...]

Logs are simulated in chunks, of the merchandise log's shape. Each is written (prior counts and
rates, scales, sorted arrays) and trained on for one pass of SEQ+MD, each in a process of its own.
Own memory is what a process allocates above what it held when all was imported; of the writer it is
mostly the engine's, which takes what it may before it spills. Pages of mapped files are counted
apart: they are the system's cache, which it takes back when it needs room.
"""

from __future__ import annotations

import json
import os
import shutil
import sys
import tempfile
import threading
import time
from pathlib import Path
from typing import Any

from measuring import measure_apart

ROWS = (1_000_000, 5_000_000)
FULL = 20_000_000
"""Rows for which memory is extrapolated."""
DISK = 1_500
"""Bytes a row that are on disk at most, while a log is written."""
DUCKDB_MEMORY = "1500MB"
"""Of the engine that builds the features, as in the catalog."""
FLAT = 1.5
"""Most own memory with the most rows, in terms of that with the fewest."""
NUMERIC, DEPENDENT = 24, 6
"""Numeric features with those of the history, and those on another scale in every region."""
REGIONS, PLATFORMS, NAMES, KINDS = 10, 2, 420, 20
TASKS = ("checkout", "purchase")
DAYS, LIST_ROWS, CHUNK = 60, 10, 250_000
HISTORY = {"item": ["product_id"], "item_region": ["product_id", "region"]}
N_HISTORY = len(HISTORY) * (1 + len(TASKS))


def simulate(folder: str, rows: int) -> None:
    """Write a log as parquet, some lists at a time."""
    import numpy as np
    import pyarrow as pa
    import pyarrow.parquet as pq

    rng = np.random.default_rng(0)
    columns = [f"n{i}" for i in range(NUMERIC - N_HISTORY)]
    writer = None
    for start in range(0, rows, CHUNK):
        n = min(CHUNK, rows - start)
        number = start + np.arange(n)
        lists = number // LIST_ROWS
        region = rng.integers(0, REGIONS, n // LIST_ROWS + 1)[lists - lists[0]]
        item = rng.zipf(1.3, n) % NAMES
        checkout = rng.random(n) < 0.02 + 0.1 * (item % 7 == 0)
        table = {
            "list_id": lists,
            "user_id": lists // 3,
            "region": pa.array([f"R{i}" for i in range(REGIONS)]).take(pa.array(region)),
            "platform": pa.array(["app", "web"]).take(pa.array(lists % PLATFORMS)),
            "timestamp": 1_600_000_000 + lists * LIST_ROWS * (DAYS * 86_400) // rows,
            "position": number % LIST_ROWS,
            "product_id": item,
            "kind": item % KINDS,
            TASKS[0]: checkout.astype(np.int8),
            TASKS[1]: (checkout & (rng.random(n) < 0.4)).astype(np.int8),
        }
        for place, name in enumerate(columns):
            values = rng.normal(size=n).astype(np.float32)
            table[name] = values * (1 + region) if place < DEPENDENT else values
        table = pa.table(table)
        writer = writer or pq.ParquetWriter(Path(folder) / "log.parquet", table.schema)
        writer.write_table(table)
    writer.close()


def log_settings() -> Any:
    """Of the simulated log."""
    from shoplm.funnel.settings import HistorySettings, LogSettings

    return LogSettings(
        tasks=list(TASKS),
        numeric=[f"n{i}" for i in range(NUMERIC - N_HISTORY)],
        categorical=["product_id", "kind"],
        history=HistorySettings(keys=HISTORY, label_delay=3_600),
    )


class Memory:
    """Peaks of this process while the body runs, in MB: its own, and pages of mapped files."""

    def __enter__(self) -> Memory:
        self.base, _ = _resident()
        self.own = self.mapped = 0.0
        self._done = threading.Event()
        self._thread = threading.Thread(target=self._watch, daemon=True)
        self._thread.start()
        return self

    def __exit__(self, *_: object) -> None:
        self._done.set()
        self._thread.join()

    def _watch(self) -> None:
        while not self._done.wait(0.02):
            own, mapped = _resident()
            self.own, self.mapped = max(self.own, own - self.base), max(self.mapped, mapped)


def _resident() -> tuple[float, float]:
    status = Path("/proc/self/status").read_text().splitlines()
    found = {line.split(":")[0]: line.split()[1] for line in status if line.startswith("Rss")}
    return int(found["RssAnon"]) / 1e3, int(found["RssFile"]) / 1e3


def measure_writing(folder: str) -> dict[str, float]:
    """Rows/s and memory of reading, features and writing: from parquet to the folder of arrays."""
    import ibis

    from shoplm.funnel.log.history import build_features
    from shoplm.funnel.log.writing import write_log

    root, settings = Path(folder), log_settings()
    spilled = str(root / "spilled")
    engine = ibis.duckdb.connect(memory_limit=DUCKDB_MEMORY, temp_directory=spilled)
    with Memory() as memory:
        started = time.perf_counter()
        features = build_features(engine.read_parquet(str(root / "log.parquet")), settings)
        write_log(features, settings, root / "log")
        seconds = time.perf_counter() - started
    rows = json.loads((root / "log" / "meta.json").read_text())["n_rows"]
    return {"rate": rows / seconds, "own": memory.own, "mapped": memory.mapped}


def measure_pass(folder: str) -> dict[str, float]:
    """Rows/s and memory of one pass of SEQ+MD by the training program, with its predictions."""
    import torch

    from shoplm.funnel.inputs import SharedInputs
    from shoplm.funnel.run import COSTS, FunnelRun
    from shoplm.funnel.train import train
    from shoplm.launch.processes import Processes

    torch.set_num_threads(1)
    root = Path(folder)
    training = {"max_passes": 1, "validation": None, "refit": False}
    run = FunnelRun(
        variant="benchmark",
        data=root / "log",
        model={"model": "seq"},
        training=training,
        dependent=tuple(f"n{i}" for i in range(DEPENDENT)),
    )
    (root / "run").mkdir()
    file = run.write(root / "run")
    with Memory() as memory:
        train(file, SharedInputs(Processes(0, 1, torch.device("cpu"))))
    costs = json.loads((file.parent / COSTS).read_text())
    return {"rate": costs["rows_per_second"], "own": memory.own, "mapped": memory.mapped}


def show_memory(found: dict[int, dict[str, Any]]) -> list[str]:
    """Lines of both parts by rows, and what the full size would take; aims that are missed."""
    missed = []
    few, many = min(found), max(found)
    print("Simulated logs: rows/s, MB of own memory, MB of mapped pages")
    for what in ("writing", "pass"):
        for rows, parts in found.items():
            rate, own, mapped = (parts[what][name] for name in ("rate", "own", "mapped"))
            print(f"  {what:8}{rows:12,} rows{rate:10,.0f}{own:10,.0f}{mapped:10,.0f}")
        less, more = (found[rows][what]["own"] for rows in (few, many))
        if many > few:
            full = more + (more - less) / (many - few) * (FULL - many)
            print(f"  {what:8}{FULL:12,} rows{'':10}{full:10,.0f}  if it goes on as a line")
        if more > FLAT * less:
            missed.append(f"{what}: {more / less:.1f} times the own memory with {many:,} rows")
    return missed


def main(sizes: list[int]) -> None:
    """Print what was measured; exit 1 if memory is not flat."""
    found: dict[int, dict[str, Any]] = {}
    for rows in sizes:
        with tempfile.TemporaryDirectory() as folder:
            if shutil.disk_usage(folder).free < DISK * rows:
                raise SystemExit(f"{folder}: {rows:,} rows need {DISK * rows / 1e9:.0f} GB of disk")
            measure_apart(__file__, "simulate", folder, str(rows))
            found[rows] = {w: measure_apart(__file__, w, folder) for w in ("writing", "pass")}
    if missed := show_memory(found):
        raise SystemExit("missed: " + "; ".join(missed))


def measure(what: str, *arguments: str) -> Any:
    """One part, in this process."""
    if what == "simulate":
        return simulate(arguments[0], int(arguments[1]))
    return {"writing": measure_writing, "pass": measure_pass}[what](*arguments)


if __name__ == "__main__":
    os.environ["OMP_NUM_THREADS"] = "1"
    if sys.argv[1:2] == ["--measure"]:
        print(json.dumps(measure(*sys.argv[2:])))
    else:
        main([int(n) for n in sys.argv[1:]] or list(ROWS))
