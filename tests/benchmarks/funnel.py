"""Speed of training SEQ+MD, MMoE and PLE, against torch-rechub where there is one to compare.

    python tests/benchmarks/funnel.py [repeats]

Rows/s of whole steps (forward, loss, backward, optimizer) on batches in memory, the same tensors
and features for both libraries; and of steps that each one's own loader feeds: ours from the
memory-mapped folder of a log, shuffled by blocks, theirs a DataLoader over tensors. All arms
alternate in one process with one thread, and what counts is the processor's time. Widths are those
of torch-rechub's examples. It has batch normalisation after every layer, ours has none, so it is
measured without it too. Its numeric features are one vector here: it is slower still with one
tensor each.

torch-rechub is none of our dependencies; without it ours alone are measured. To compare:

    .venv/bin/python -m pip install --no-deps --target FOLDER torch-rechub==0.9.0
    PYTHONPATH=FOLDER .venv/bin/python tests/benchmarks/funnel.py
"""

from __future__ import annotations

import json
import os
import statistics
import sys
import tempfile
import time
from collections.abc import Callable, Iterator
from itertools import cycle
from pathlib import Path
from types import SimpleNamespace
from typing import Any

from measuring import measure_apart
from search_logs import DEPENDENT, KINDS, NAMES, NUMERIC, PLATFORMS, REGIONS, TASKS

BATCH_SIZES = (512, 1_024)
ROWS = 200_000
"""Of the log that loaders read."""
WIDTH = 16
"""Of embeddings."""
AIMS = {"seq_md": 76_000, "mmoe": 2.0, "ple": 2.0}
"""Rows/s on batches of 1,024, which training has by default; speeds in terms of torch-rechub's."""

Step = Callable[[Any], None]


def models() -> dict[str, Any]:
    """Settings of our models by name."""
    from shoplm.funnel.models.settings import MMoESettings, PLESettings, SEQSettings

    return {"seq_md": SEQSettings(), "mmoe": MMoESettings(), "ple": PLESettings()}


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
    widths = {"expert_params": {"dims": [16]}, "tower_params_list": [{"dims": [8]} for _ in TASKS]}
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


def going(step: Step, batches: Iterator[Any], n: int, size: int) -> Callable[[], int]:
    """An arm: n steps on the next batches."""

    def go() -> int:
        for _ in range(n):
            step(next(batches))
        return n * size

    return go


def measure_steps(size: int, repeats: int) -> dict[str, list[float]]:
    """Rows/s of steps on batches in memory."""
    described, n = description(), 16
    ours = random_batches(size, n)
    same = [theirs(batch, described) for batch in ours]
    arms = {
        name: going(our_step(settings, described), cycle(ours), n, size)
        for name, settings in models().items()
    }
    arms |= {
        name: going(step, cycle(same), n, size) for name, step in their_arms(described).items()
    }
    return alternate(arms, repeats)


def measure_loaders(size: int, repeats: int, folder: str) -> dict[str, list[float]]:
    """Rows/s of steps fed by each library's own loader, from the folder of a log."""
    from shoplm.funnel.inputs import RunData
    from shoplm.funnel.log.folder import FunnelLog

    log, n = FunnelLog.open(Path(folder) / "log"), 16
    data = RunData(log, SimpleNamespace(tasks=(), dependent=log.numeric_names[:DEPENDENT]))

    def endless(passes: Callable[[], Iterator[Any]]) -> Iterator[Any]:
        while True:
            yield from passes()

    def ours() -> Iterator[Any]:
        return data.batches(["train"], size, 0)

    arms = {}
    for name, settings in models().items():
        step = our_step(settings, data.describe(settings.md))
        arms[name] = going(step, endless(ours), n, size)
    if their_steps := their_arms(data.describe(False)):
        from torch_rechub.utils.data import DataGenerator

        x, labels = theirs(next(log.batches("train", 64 * size, 0)), data.describe(False))
        none = {"x_val": {}, "y_val": [], "x_test": {}, "y_test": []}
        loader, *_ = DataGenerator(x, labels).generate_dataloader(**none, batch_size=size)
        for name, step in their_steps.items():
            arms[name] = going(step, endless(lambda: iter(loader)), n, size)
    return alternate(arms, repeats)


def show_rates(title: str, rates: dict[str, list[float]]) -> dict[str, float]:
    """A line an arm; by name of our models, how many times torch-rechub's rate theirs is."""
    print(f"{title}: median, least and most rows/s; times torch-rechub, and it without norms")
    ratios = {}
    for name, values in rates.items():
        line = (
            f"  {name:22}{statistics.median(values):10,.0f}{min(values):10,.0f}{max(values):10,.0f}"
        )
        for peer in (f"{name} rechub", f"{name} rechub, no norm"):
            if peer in rates:  # pairs of a round, so that a busy machine slows both
                pairs = zip(values, rates[peer], strict=True)
                ratios[peer] = statistics.median(ours / other for ours, other in pairs)
                line += f"{ratios[peer]:7.2f}x"
        print(line)
    return {name: ratios[f"{name} rechub"] for name in rates if f"{name} rechub" in ratios}


def main(repeats: int) -> None:
    """Print what was measured; exit 1 if an aim is missed."""
    missed = []
    for size in BATCH_SIZES:
        rates = measure_apart(__file__, "steps", str(size), str(repeats))
        ratios = show_rates(f"Steps on batches of {size:,} in memory", rates)
        rate = {"seq_md": statistics.median(rates["seq_md"])}
        reached = ratios | (rate if size == BATCH_SIZES[-1] else {})
        missed += [
            f"{name}, batches of {size:,}: {value:,.2f}, not {AIMS[name]:,}"
            for name, value in reached.items()
            if value < AIMS[name]
        ]
    with tempfile.TemporaryDirectory() as folder:
        logs = str(Path(__file__).with_name("search_logs.py"))
        measure_apart(logs, "simulate", folder, str(ROWS))
        measure_apart(logs, "writing", folder)
        rates = measure_apart(__file__, "loaders", str(BATCH_SIZES[-1]), str(repeats), folder)
        show_rates(f"Batches of {BATCH_SIZES[-1]:,} from each one's own loader", rates)
    if not ratios:
        print("torch-rechub is not installed: ours alone; this file says how to install it")
    if missed:
        raise SystemExit("missed: " + "; ".join(missed))


def measure(what: str, size: str, repeats: str, *folder: str) -> dict[str, list[float]]:
    """One part, in this process."""
    import torch

    torch.set_num_threads(1)
    part = measure_steps if what == "steps" else measure_loaders
    return part(int(size), int(repeats), *folder)


if __name__ == "__main__":
    os.environ["OMP_NUM_THREADS"] = "1"
    if sys.argv[1:2] == ["--measure"]:
        print(json.dumps(measure(*sys.argv[2:])))
    else:
        main(int(sys.argv[1]) if sys.argv[1:] else 7)
