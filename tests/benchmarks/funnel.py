"""Speed and memory of funnel models: SEQ+MD, MMoE and PLE against torch-rechub, and large logs.

    python tests/benchmarks/funnel.py [repeats] [rows, rows, ...]

Training: rows/s of whole steps (forward, loss, backward, optimizer) on batches that are in memory,
the same tensors for both libraries, and of models fed by each one's own loader: ours from the
memory-mapped folder of a log, shuffled by blocks; theirs a DataLoader over tensors. All arms
alternate in one process with one thread, and what counts is the processor's time. Widths are those
of torch-rechub's examples. It has batch normalisation after every layer, ours has none, so it is
measured without it too.

torch-rechub is not among our dependencies; without it ours alone are measured. To compare:

    pip install --no-deps --target FOLDER torch-rechub==0.9.0
    PYTHONPATH=FOLDER python tests/benchmarks/funnel.py

Memory: logs of one and five million rows are simulated in chunks, and each is written (prior counts
and rates, scales, sorted arrays) and trained on for one pass, each in a process of its own. Own
memory is what a process has allocated, above what it held when all was imported. Pages of mapped
files are counted apart: they are the system's cache, which it takes back when it needs room.
"""

from __future__ import annotations

import json
import os
import shutil
import statistics
import sys
import tempfile
import threading
import time
from collections.abc import Callable, Iterator
from pathlib import Path
from types import SimpleNamespace
from typing import Any

from measuring import measure_apart

BATCH_SIZES = (512, 1_024)
ROWS = (1_000_000, 5_000_000)
FULL = 20_000_000
"""Rows for which memory is extrapolated."""
DISK = 1_500
"""Bytes a row that are on disk at most, while a log is written."""
DUCKDB_MEMORY = "1500MB"
"""Of the engine that builds the features, as in the catalog."""
REGIONS, PLATFORMS, NAMES, KINDS, WIDTH = 10, 2, 420, 20, 16
"""The merchandise log's, and the width of embeddings."""
NUMERIC, DEPENDENT = 24, 6
TASKS = ("checkout", "purchase")
AIMS = {"seq_md": 76_000, "mmoe": 2.0, "ple": 2.0}
"""Rows/s, and speeds in terms of torch-rechub's."""
FLAT = 1.5
"""Most own memory with the most rows, in terms of that with the fewest."""
DAYS, LIST_ROWS, CHUNK = 60, 10, 250_000
HISTORY = {"item": ["product_id"], "item_region": ["product_id", "region"]}
N_HISTORY = len(HISTORY) * (1 + len(TASKS))

Step = Callable[[Any], None]


def models() -> dict[str, Any]:
    """Settings of our models by name."""
    from shoplm.funnel.models import settings

    return {
        "seq_md": settings.SEQSettings(),
        "mmoe": settings.MMoESettings(),
        "ple": settings.PLESettings(),
    }


def description() -> Any:
    """Of the merchandise log."""
    from shoplm.funnel.models.description import Description

    numeric = tuple(f"n{i}" for i in range(NUMERIC))
    return Description(
        tasks=TASKS,
        numeric=numeric,
        dependent=numeric[:DEPENDENT],
        categorical={"name": NAMES, "kind": KINDS},
        n_regions=REGIONS,
        region_numeric=REGIONS,
        region_one_hot=True,
        n_platforms=PLATFORMS,
    )


def random_batches(size: int, n: int) -> list[Any]:
    """n batches of that many rows."""
    import torch

    from shoplm.funnel.batch import Batch

    draw = torch.Generator().manual_seed(0)

    def numbers(below: int) -> torch.Tensor:
        return torch.randint(below, (size,), generator=draw)

    batches = []
    for _ in range(n):
        region = numbers(REGIONS)
        happened = torch.rand(size, len(TASKS), generator=draw) < 0.3
        batches.append(
            Batch(
                numeric=torch.randn(size, NUMERIC, generator=draw),
                categorical=torch.stack([numbers(NAMES), numbers(KINDS)], 1),
                multivalued={},
                region=region,
                region_numeric=torch.eye(REGIONS)[region],
                platform=numbers(PLATFORMS),
                labels=happened.float().cumprod(1),
                index=torch.arange(size),
            )
        )
    return batches


def our_step(settings: Any, described: Any) -> Step:
    """A training step as the trainer makes it, with its checks."""
    import torch

    from shoplm.funnel.models import build
    from shoplm.launch.tensors import parameter_groups

    torch.manual_seed(0)
    model = build(settings, described).train()
    parameters = list(model.parameters())
    optimizer = torch.optim.AdamW(parameter_groups(model, 1e-5), lr=1e-3, fused=True)

    def step(batch: Any) -> None:
        loss = model.loss(batch)
        optimizer.zero_grad(set_to_none=True)
        loss.backward()
        loss.item()
        torch.nn.utils.get_total_norm([p.grad for p in parameters if p.grad is not None]).item()
        optimizer.step()

    return step


def their_step(name: str, described: Any, normalised: bool) -> Step:
    """A training step of torch-rechub as its `MTLTrainer` makes it, for the same features."""
    import torch
    from torch_rechub.basic.features import DenseFeature, SparseFeature
    from torch_rechub.models.multi_task import MMOE, PLE

    sizes = {**described.categorical, "region": REGIONS, "platform": PLATFORMS}
    features = [SparseFeature(n, size, embed_dim=WIDTH) for n, size in sizes.items()]
    features.append(DenseFeature("numeric", len(described.numeric)))
    kinds = ["classification"] * len(TASKS)
    widths = {
        "expert_params": {"dims": [16]},
        "tower_params_list": [{"dims": [8]} for _ in TASKS],
    }
    torch.manual_seed(0)
    if name == "mmoe":
        model = MMOE(features, kinds, n_expert=8, **widths)
    else:
        counts = {"n_level": 1, "n_expert_specific": 2, "n_expert_shared": 1}
        model = PLE(features, kinds, **counts, **widths)
    for module in [] if normalised else list(model.modules()):
        for place, child in list(module.named_children()):
            if isinstance(child, torch.nn.BatchNorm1d):
                setattr(module, place, torch.nn.Identity())
    model.train()
    optimizer = torch.optim.Adam(model.parameters(), lr=1e-3, weight_decay=1e-5)
    entropy = torch.nn.BCELoss()

    def step(batch: tuple[dict[str, torch.Tensor], torch.Tensor]) -> None:
        x, labels = batch
        p = model(x)
        losses = [entropy(p[:, t], labels[:, t].float()) for t in range(len(TASKS))]
        loss = sum(losses) / len(TASKS)
        model.zero_grad()
        loss.backward()
        optimizer.step()
        for one in losses:
            one.item()

    return step


def theirs(batch: Any, described: Any) -> tuple[dict[str, Any], Any]:
    """The same tensors, named as torch-rechub asks for them; numeric features are one vector."""
    x = {name: batch.categorical[:, i] for i, name in enumerate(described.categorical)}
    x |= {"region": batch.region, "platform": batch.platform, "numeric": batch.numeric}
    return x, batch.labels


def their_arms(described: Any) -> dict[str, Step]:
    """Steps of torch-rechub by name; none where it is not installed."""
    try:
        import torch_rechub  # noqa: F401
    except ImportError:
        return {}
    return {
        f"{name} rechub{'' if normalised else ', no norm'}": their_step(name, described, normalised)
        for name in ("mmoe", "ple")
        for normalised in (True, False)
    }


def alternate(arms: dict[str, Callable[[], int]], repeats: int) -> dict[str, list[float]]:
    """Rows/s of the processor's time, as often as repeated; an arm gives the rows of one go."""
    rates: dict[str, list[float]] = {name: [] for name in arms}
    for arm in arms.values():
        arm()
    for _ in range(repeats):
        for name, arm in arms.items():
            started = time.process_time()
            rows = arm()
            rates[name].append(rows / (time.process_time() - started))
    return rates


def measure_steps(size: int, repeats: int) -> dict[str, list[float]]:
    """Rows/s of steps on batches in memory."""
    described = description()
    ours = random_batches(size, 16)
    same = [theirs(batch, described) for batch in ours]

    def arm(step: Step, batches: list[Any]) -> Callable[[], int]:
        def go() -> int:
            for batch in batches:
                step(batch)
            return size * len(batches)

        return go

    arms = {name: arm(our_step(s, described), ours) for name, s in models().items()}
    arms |= {name: arm(step, same) for name, step in their_arms(described).items()}
    return alternate(arms, repeats)


def measure_loaders(folder: str, size: int, repeats: int) -> dict[str, list[float]]:
    """Rows/s of steps fed by each library's own loader, from the folder of a log."""
    import torch

    from shoplm.funnel.inputs import RunData
    from shoplm.funnel.log.folder import FunnelLog

    log = FunnelLog.open(Path(folder) / "log")
    data = RunData(log, SimpleNamespace(tasks=(), dependent=log.numeric_names[:DEPENDENT]))
    n_ours, n_theirs = 48, 16

    def endless(made: Callable[[], Iterator[Any]]) -> Iterator[Any]:
        while True:
            yield from made()

    def arm(step: Step, batches: Iterator[Any], n: int) -> Callable[[], int]:
        def go() -> int:
            for _ in range(n):
                step(next(batches))
            return size * n

        return go

    arms = {}
    for name, settings in models().items():
        described = data.describe(settings.md)
        batches = endless(lambda: data.batches(["train"], size, 0))
        arms[name] = arm(our_step(settings, described), batches, n_ours)
    described = data.describe(False)
    theirs_by_name = their_arms(described)
    if theirs_by_name:
        from torch_rechub.utils.data import DataGenerator

        one = next(iter(log.batches("train", size * n_theirs * 4, 0)))
        x, labels = theirs(one, described)
        none = {name: column[:0] for name, column in x.items()}
        loaders = DataGenerator(x, labels).generate_dataloader(
            x_val=none, y_val=labels[:0], x_test=none, y_test=labels[:0], batch_size=size
        )
        for name, step in theirs_by_name.items():
            if "no norm" not in name:
                arms[name] = arm(step, endless(lambda: iter(loaders[0])), n_theirs)
    torch.set_num_threads(1)
    return alternate(arms, repeats)


def simulate(folder: str, rows: int) -> dict[str, float]:
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
        spread = np.random.default_rng([1, start])
        region = spread.integers(0, REGIONS, n // LIST_ROWS + 1)[lists - lists[0]]
        item = rng.zipf(1.3, n) % NAMES
        checkout = rng.random(n) < 0.02 + 0.1 * (item % 7 == 0)
        table = {
            "list_id": lists,
            "user_id": lists // 3,
            "region": pa.array([f"R{i}" for i in range(REGIONS)]).take(pa.array(region)),
            "platform": pa.array(["app", "web"]).take(pa.array(lists % PLATFORMS)),
            "timestamp": 1_600_000_000 + number * (DAYS * 86_400) // rows // 60 * 60,
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
    return {}


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
    """Seconds and memory from parquet to the folder of arrays."""
    import ibis

    from shoplm.funnel.log.history import build_features
    from shoplm.funnel.log.writing import write_log

    root, settings = Path(folder), log_settings()
    engine = ibis.duckdb.connect(
        memory_limit=DUCKDB_MEMORY,
        temp_directory=str(root / "spill"),
        preserve_insertion_order=False,
    )
    with Memory() as memory:
        started = time.perf_counter()
        features = build_features(engine.read_parquet(str(root / "log.parquet")), settings)
        write_log(features, settings, root / "log")
        seconds = time.perf_counter() - started
    return {"seconds": seconds, "own": memory.own, "mapped": memory.mapped}


def measure_pass(folder: str) -> dict[str, float]:
    """Rows/s and memory of one pass of SEQ+MD by the training program, with its predictions."""
    import torch

    from shoplm.funnel.inputs import SharedInputs
    from shoplm.funnel.run import COSTS, FunnelRun
    from shoplm.funnel.train import train
    from shoplm.launch.processes import Processes

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


def show_rates(title: str, rates: dict[str, list[float]], missed: list[str], aimed: bool) -> None:
    """A line an arm; notes aims that are missed."""
    print(title)
    medians = {name: statistics.median(values) for name, values in rates.items()}
    for name, values in rates.items():
        line = (
            f"  {name:24}{medians[name]:10,.0f} rows/s ({min(values):,.0f} to {max(values):,.0f})"
        )
        ratios = []
        for peer, what in (
            (f"{name} rechub", ""),
            (f"{name} rechub, no norm", " without its norms"),
        ):
            if peer in rates:  # of the same round, so that a busy machine slows both
                ratio = statistics.median(a / b for a, b in zip(values, rates[peer], strict=True))
                ratios.append(f"{ratio:.2f} times torch-rechub{what}")
                if aimed and not what and ratio < AIMS[name]:
                    missed.append(f"{name}: {ratio:.2f} times torch-rechub, not {AIMS[name]}")
        print(line + "".join(f"  {ratio}" for ratio in ratios))
    if aimed and medians["seq_md"] < AIMS["seq_md"]:
        missed.append(f"seq_md: {medians['seq_md']:,.0f} rows/s, not {AIMS['seq_md']:,}")


def main(repeats: int, sizes: list[int]) -> None:
    """Print what was measured; exit 1 if an aim is missed."""
    missed: list[str] = []
    found: dict[int, dict[str, dict[str, float]]] = {}
    for size in BATCH_SIZES:
        rates = measure_apart(__file__, "steps", str(size), str(repeats))
        show_rates(f"Steps on batches of {size:,} in memory, one thread", rates, missed, True)
    if not any("rechub" in name for name in rates):
        print("  torch-rechub is not installed: ours alone (see the head of this file)")
    for number, rows in enumerate(sizes):
        with tempfile.TemporaryDirectory() as folder:
            if shutil.disk_usage(folder).free < DISK * rows:
                raise SystemExit(
                    f"{folder}: {DISK * rows / 1e9:.0f} GB are needed for {rows:,} rows"
                )
            measure_apart(__file__, "simulate", folder, str(rows))
            found[rows] = {
                what: measure_apart(__file__, what, folder) for what in ("writing", "pass")
            }
            if number == 0:
                size = BATCH_SIZES[-1]
                rates = measure_apart(__file__, "loaders", folder, str(size), str(repeats))
                show_rates(f"Fed by loaders, batches of {size:,}", rates, missed, False)
    print(f"Simulated logs, {NUMERIC} numeric features; own memory above imports, mapped pages")
    for rows, by_part in found.items():
        for what, figures in by_part.items():
            rate = figures.get("rate") or rows / figures["seconds"]
            print(
                f"  {rows:10,} rows  {what:8}{rate:10,.0f} rows/s{figures['own']:8,.0f} MB own"
                f"{figures['mapped']:8,.0f} MB mapped"
            )
    if len(sizes) > 1:
        few, many = min(sizes), max(sizes)
        for what in found[few]:
            less, more = (found[rows][what]["own"] for rows in (few, many))
            full = more + (more - less) / (many - few) * (FULL - many)
            print(
                f"  {what:8}{more / less:6.2f} times the own memory; {FULL:,} rows: {full:,.0f} MB"
            )
            if more > FLAT * less:
                missed.append(f"{what}: own memory grows {more / less:.1f} times")
    if missed:
        raise SystemExit("missed: " + "; ".join(missed))


def measure(what: str, *arguments: str) -> Any:
    """One part, in this process."""
    if what == "simulate":
        return simulate(arguments[0], int(arguments[1]))
    if what == "writing":
        return measure_writing(*arguments)
    import torch

    torch.set_num_threads(1)
    if what == "steps":
        return measure_steps(int(arguments[0]), int(arguments[1]))
    if what == "loaders":
        return measure_loaders(arguments[0], int(arguments[1]), int(arguments[2]))
    return measure_pass(*arguments)


if __name__ == "__main__":
    os.environ["OMP_NUM_THREADS"] = "1"
    if sys.argv[1:2] == ["--measure"]:
        print(json.dumps(measure(*sys.argv[2:])))
    else:
        main(int(sys.argv[1]) if sys.argv[1:] else 7, [int(n) for n in sys.argv[2:]] or list(ROWS))
