"""The record that a run leaves in MLflow."""

from __future__ import annotations

import json
import logging
import math
import numbers
import re
import subprocess
import time
from collections.abc import Iterator, Mapping
from pathlib import Path
from typing import Any

from shoplm.variants import Settings

CUT = " … (cut; see parameters.json)"


class TrackingSettings(Settings):
    """Whether and where runs are tracked."""

    enabled: bool = False
    """Record runs in MLflow; without it mlflow is not imported."""
    folder: Path = Path("data/tracking")
    """Holds the database `mlflow.db` and the artefacts; relative to the project."""
    experiment: str = "shoplm"
    """Name that the runs stand under."""


class TrackedRun:
    """One run in MLflow, from its parameters to how it ended."""

    def __init__(
        self,
        settings: TrackingSettings,
        project: Path,
        name: str,
        parameters: Mapping[str, Any],
        tags: Mapping[str, str],
    ) -> None:
        """Open a run; the database is made if there is none.

        Args:
            settings: where to.
            project: folder that holds the project, and perhaps its git checkout.
            name: what the run is called.
            parameters: nested plain values; logged flattened to dotted names, each cut to what
                MLflow takes, and whole as `parameters.json`.
            tags: more to find the run by; the commit is added to them.
        """
        from mlflow import MlflowClient
        from mlflow.entities import Param, RunTag
        from mlflow.utils import validation

        for chatty in ("mlflow", "alembic"):
            logging.getLogger(chatty).setLevel(logging.WARNING)
        folder = project / settings.folder
        folder.mkdir(parents=True, exist_ok=True)
        self.store = f"sqlite:///{folder / 'mlflow.db'}"
        # not the fluent API, which marks an interrupted run as finished when Python exits
        self._client = MlflowClient(tracking_uri=self.store)
        experiment = self._client.get_experiment_by_name(settings.experiment)
        if experiment:
            experiment_id = experiment.experiment_id
        else:
            experiment_id = self._client.create_experiment(
                settings.experiment, artifact_location=(folder / "artefacts").as_uri()
            )
        self.run_id = self._client.create_run(experiment_id, run_name=name).info.run_id
        self._longest_key = validation.MAX_ENTITY_KEY_LENGTH
        self._most = validation.MAX_METRICS_PER_BATCH
        logged = [
            Param(self._key(key), _cut(value, validation.MAX_PARAM_VAL_LENGTH))
            for key, value in flatten(parameters)
        ]
        for part in _parts(logged, validation.MAX_PARAMS_TAGS_PER_BATCH):
            self._client.log_batch(self.run_id, params=part)
        found = {**tags, **_git_tags(project)}
        self._client.log_batch(self.run_id, tags=[RunTag(*tag) for tag in found.items()])
        self._client.log_dict(self.run_id, dict(parameters), "parameters.json")

    def log_metrics(self, name: str, data: Any) -> None:
        """Log the figures of a nested mapping or a long table, below `name` (see `figures`)."""
        from mlflow.entities import Metric

        now = int(time.time() * 1000)
        metrics = [Metric(self._key(f"{name}/{k}"), v, now, step) for k, v, step in figures(data)]
        for part in _parts(metrics, self._most):
            self._client.log_batch(self.run_id, metrics=part)

    def log_artefact(self, path: Path) -> None:
        """Copy a file or a directory to the run."""
        if path.is_dir():
            self._client.log_artifacts(self.run_id, str(path), path.name)
        else:
            self._client.log_artifact(self.run_id, str(path))

    def end(self, status: str) -> None:
        """Close the run as FINISHED, FAILED or KILLED."""
        self._client.set_terminated(self.run_id, status)

    def _key(self, name: str) -> str:
        return re.sub(r"[^\w.\- :/]", "_", name)[: self._longest_key]


def flatten(value: Any, prefix: str = "") -> Iterator[tuple[str, str]]:
    """Dotted names and values as text; lists and empty mappings are JSON."""
    if isinstance(value, Mapping) and value:
        for key, inner in value.items():
            yield from flatten(inner, f"{prefix}.{key}" if prefix else str(key))
    else:
        yield prefix, value if isinstance(value, str) else json.dumps(value, ensure_ascii=False)


def figures(data: Any) -> Iterator[tuple[str, float, int]]:
    """Name, value and step of each finite number in a nested mapping or a long table.

    A table (pandas or Ibis) has the columns `metric` and `value`. The columns left of `metric`
    name the figure with it, but for `step`, which is its step, and `tokens`.
    """
    if isinstance(data, Mapping):
        for key, value in data.items():
            if isinstance(value, Mapping):
                yield from ((f"{key}/{name}", number, 0) for name, number, _ in figures(value))
            elif _is_finite(value):
                yield str(key), float(value), 0
        return
    frame = data if hasattr(data, "to_dict") else data.to_pandas()
    columns = list(frame.columns)
    if not {"metric", "value"} <= set(columns):
        raise ValueError(f"a table of metrics has the columns metric and value, not {columns}")
    labels = [c for c in columns[: columns.index("metric") + 1] if c not in ("step", "tokens")]
    for row in frame.to_dict("records"):
        if _is_finite(row["value"]):
            step = row.get("step")
            name = "/".join(str(row[label]) for label in labels)
            yield name, float(row["value"]), int(step) if _is_finite(step) else 0


def _is_finite(value: Any) -> bool:
    return isinstance(value, numbers.Real) and not isinstance(value, bool) and math.isfinite(value)


def _parts(entries: list, most: int) -> Iterator[list]:
    """MLflow takes so many at a time."""
    return (entries[first : first + most] for first in range(0, len(entries), most))


def _cut(value: str, length: int) -> str:
    return value if len(value) <= length else value[: length - len(CUT)] + CUT


def _git_tags(project: Path) -> dict[str, str]:
    def git(*command: str) -> str:
        return subprocess.run(
            ["git", *command], cwd=project, capture_output=True, text=True, check=True
        ).stdout.strip()

    try:
        return {
            "mlflow.source.git.commit": git("rev-parse", "HEAD"),
            "uncommitted_changes": str(bool(git("status", "--porcelain"))).lower(),
        }
    except (OSError, subprocess.CalledProcessError):
        return {}  # not a checkout
