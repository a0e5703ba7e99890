"""Train funnel models in a child process, each run in a work directory named by its content."""

from __future__ import annotations

import json
from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import TYPE_CHECKING

from shoplm import launch
from shoplm.funnel.run import COSTS, METRICS, MODEL, PREDICTIONS, PROGRAM, FunnelRun
from shoplm.launch import variant_runs
from shoplm.launch.variant_runs import RunKey, read_lines

if TYPE_CHECKING:
    from pandas import DataFrame

METRIC_COLUMNS = ["variant", "seed", "step", "passes", "split", "task", "metric", "value"]
COST_COLUMNS = [
    "variant", "seed", "train_seconds", "validation_seconds", "scoring_seconds", "rows_per_second",
    "scored_per_second", "peak_memory_gb", "rows", "threads", "device", "parameters",
    "trained_parameters", "steps", "passes", "stopped_by", "warnings",
]  # fmt: skip


def train_runs(
    runs: Sequence[tuple[FunnelRun, launch.LaunchSettings]], root: Path
) -> dict[RunKey, Path]:
    """See `shoplm.launch.variant_runs.train_runs`: runs that are launched alike share a child."""
    return variant_runs.train_runs(PROGRAM, runs, root)


def final_models(directories: Mapping[RunKey, Path]) -> dict[str, Path]:
    """The model of each run, by name (`seq_md/seed-0`)."""
    return {f"{name}/seed-{seed}": path / MODEL for (name, seed), path in directories.items()}


def read_metrics(directories: Mapping[RunKey, Path]) -> DataFrame:
    """`METRIC_COLUMNS` of all complete runs: the training loss, and what validation came to.

    Trees, which are not measured on the way, have no rows.

    Raises:
        ValueError: a line is no JSON object.
    """
    import pandas as pd

    left = [path for path in directories.values() if (path / METRICS).exists()]
    return pd.DataFrame(read_lines(left, METRICS), columns=METRIC_COLUMNS)


def read_costs(directories: Mapping[RunKey, Path]) -> DataFrame:
    """`COST_COLUMNS`, a row a run; see `shoplm.funnel.costs.Costs.report`. Each of its
    warnings is a line.

    Raises:
        FileNotFoundError: a run has left none.
    """
    import pandas as pd

    rows = []
    for (name, seed), path in directories.items():
        found = json.loads((path / COSTS).read_text("utf-8"))
        found["warnings"] = "\n".join(found["warnings"])
        rows.append({"variant": name, "seed": seed} | found)
    return pd.DataFrame(rows, columns=COST_COLUMNS)


def read_predictions(directories: Mapping[RunKey, Path]) -> DataFrame:
    """variant, seed, row, p_1 to p_k of the test rows, of all complete runs.

    Raises:
        FileNotFoundError: a run has left none.
    """
    import pandas as pd

    tables = []
    for (name, seed), path in directories.items():
        table = pd.read_parquet(path / PREDICTIONS)
        table.insert(0, "variant", name)
        table.insert(1, "seed", seed)
        tables.append(table)
    if not tables:
        return pd.DataFrame(columns=["variant", "seed", "row"])
    predictions = pd.concat(tables, ignore_index=True)
    return predictions.astype({"variant": "category"})  # millions of rows


def read_test_rows(data: Path) -> DataFrame:
    """row, list, platform, region (names), popularity and a column a task, of the test side.

    What `shoplm.metrics.funnel` takes beside the predictions.

    Raises:
        FileNotFoundError: there is no data folder.
    """
    import numpy as np
    import pandas as pd

    from shoplm.funnel.log.folder import FunnelLog

    log = FunnelLog.open(data)
    chosen = log.rows("test")
    columns = {
        "row": np.arange(chosen.start, chosen.stop),
        "list": log.list[chosen],
        "platform": np.array(log.platforms, dtype=object)[log.platform[chosen]],
        "region": np.array(log.regions, dtype=object)[log.region[chosen]],
        "popularity": log.popularity[chosen],
    }
    columns |= {task: log.labels[chosen, place] for place, task in enumerate(log.tasks)}
    return pd.DataFrame(columns)
