"""A full disk: one clear error, what was there before stays, and nothing half-written remains."""

import subprocess
import sys

import pytest

CHILD = """
import resource, sys
from pathlib import Path
import numpy as np, pandas as pd, pyarrow as pa
from kedro.io import DatasetError
from shoplm import datasets
from shoplm.corpus.packing import BlocksMeta, PackedBlocks

kind, folder = sys.argv[1], sys.argv[2]
rng = np.random.default_rng(0)  # does not compress

def frame(n):
    return pd.DataFrame({"a": rng.integers(0, 1 << 60, n), "t": list(map(str, rng.random(n)))})

def blocks(n):
    meta = BlocksMeta(16, n, 16 * n, n, 0, 1.0, 0, 9, "x", 0)
    tokens = rng.integers(0, 60_000, (n, 16)).astype(np.uint16)
    ones = np.ones(n, np.int64)
    return PackedBlocks(tokens, ones.astype(np.int32), np.arange(n + 1), ones, meta)

def stream(n):
    return pa.Table.from_pandas(frame(n)).to_reader(max_chunksize=1000)

def expression(n):
    import ibis
    return ibis.memtable(frame(n)).filter(lambda t: t.a >= 0)

dataset, make, count = {
    "table": lambda: (datasets.TableDataset(filepath=f"{folder}/x.parquet"), expression,
                      lambda t: t.count().execute()),
    "stream": lambda: (datasets.TableDataset(filepath=f"{folder}/x.parquet"), stream,
                       lambda t: t.count().execute()),
    "lines": lambda: (datasets.JsonLinesDataset(filepath=f"{folder}/x.jsonl"), frame, len),
    "blocks": lambda: (datasets.PackedBlocksDataset(path=f"{folder}/x"),
                       lambda n: {"mixed": blocks(n)}, lambda b: b["mixed"].meta.n_blocks),
}[kind]()
dataset.save(make(10))
big = make(200_000)
resource.setrlimit(resource.RLIMIT_FSIZE, (100_000, 100_000))
try:
    dataset.save(big)
except DatasetError as error:
    print("refused:", " ".join(str(error).split()))
print("kept:", int(count(dataset.load())))
print("files:", sorted(path.name for path in Path(folder).iterdir()))
"""


@pytest.mark.parametrize("kind", ["table", "stream", "lines", "blocks"])
def test_a_full_disk_keeps_the_old_and_names_the_file(tmp_path, kind):
    done = subprocess.run(
        [sys.executable, "-c", CHILD, kind, str(tmp_path)], capture_output=True, text=True
    )
    assert done.returncode == 0, done.stderr
    lines = dict(line.split(": ", 1) for line in done.stdout.splitlines() if ": " in line)
    assert str(tmp_path) in lines["refused"]
    assert "too large" in lines["refused"].lower() or "disk full" in lines["refused"]
    assert lines["kept"] == "10"
    assert lines["files"] in ("['x']", "['x.jsonl']", "['x.parquet']")
