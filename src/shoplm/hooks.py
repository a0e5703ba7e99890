"""What a run says on the terminal, and what it leaves in MLflow.

Settings import this module, so every kedro command does: what is heavy is imported where used.
"""

from __future__ import annotations

import atexit
import importlib.util
import json
import logging
import math
import os
import re
import signal
import subprocess
import threading
import time
from collections import defaultdict
from collections.abc import Iterator, Mapping
from pathlib import Path
from typing import Any

from kedro.framework.hooks import hook_impl

from shoplm.variants import Settings

logger = logging.getLogger(__name__)


class StopSignals:
    """Ctrl-C and SIGTERM as exceptions, so that children and half-written files are cleaned up.

    It remembers that one came: an engine that is interrupted inside a query raises an ordinary
    error, which looks like a failure of the run.
    """

    def __init__(self) -> None:
        self.received = False
        self._before: dict[int, Any] = {}

    def watch(self) -> None:
        """Handle signals from now on; only a main thread can."""
        self.received = False
        if threading.current_thread() is threading.main_thread() and not self._before:
            for number in (signal.SIGINT, signal.SIGTERM):
                self._before[number] = signal.signal(number, self._stop)

    def unwatch(self) -> None:
        """Give back the handlers found."""
        while self._before:
            signal.signal(*self._before.popitem())

    def _stop(self, number: int, frame: Any) -> None:
        self.received = True
        raise KeyboardInterrupt if number == signal.SIGINT else SystemExit(128 + number)


_signals = StopSignals()


class RunLog:
    """One line a finished node: its seconds, from loading to saving, and what came out."""

    def __init__(self) -> None:
        self._catalog: Any = {}
        self._started: dict[str, float] = {}
        self._unsaved: dict[str, set[str]] = defaultdict(set)
        self._run_started = 0.0

    @hook_impl
    def after_catalog_created(self, catalog: Any) -> None:
        """Keep the catalog, to ask its datasets for sizes and places."""
        self._catalog = catalog

    @hook_impl
    def before_pipeline_run(self, run_params: dict[str, Any], pipeline: Any) -> None:
        """Say what runs."""
        _signals.watch()
        self._run_started = time.perf_counter()
        logger.info(
            "%s: %d nodes, environment %s", _name(run_params), len(pipeline.nodes), _env(run_params)
        )

    @hook_impl
    def before_dataset_loaded(self, node: Any) -> None:
        """Start a node's clock at its first input."""
        self._started.setdefault(node.name, time.perf_counter())

    @hook_impl
    def before_node_run(self, node: Any) -> None:
        """Start the clock of a node without inputs."""
        self._started.setdefault(node.name, time.perf_counter())
        self._unsaved[node.name] = set(node.outputs)

    @hook_impl
    def after_dataset_saved(self, dataset_name: str, node: Any) -> None:
        """With its last output saved, a node is finished: a lazy table is computed when saved."""
        unsaved = self._unsaved[node.name]
        unsaved.discard(dataset_name)
        if not unsaved and node.name in self._started:
            seconds = time.perf_counter() - self._started.pop(node.name)
            outputs = ", ".join(map(self._describe_output, node.outputs))
            logger.info("%6.1f s  %s -> %s", seconds, node.name, outputs)

    @hook_impl
    def on_node_error(self, error: Exception, node: Any) -> None:
        """Say which node failed; the error itself is printed once, at the end."""
        logger.error("%s failed: %s", node.name, type(error).__name__)

    @hook_impl(tryfirst=True)
    def after_pipeline_run(self, run_params: dict[str, Any], pipeline: Any) -> None:
        """Say where things are."""
        _signals.unwatch()
        logger.info("done in %.1f s", time.perf_counter() - self._run_started)
        reports = sorted(filter(None, map(self._report_path, pipeline.all_outputs())))
        for folder in dict.fromkeys(path.parent for path in reports):
            names = ", ".join(path.name for path in reports if path.parent == folder)
            logger.info("  reports: %s in %s", names, _relative(folder, run_params))
        if importlib.util.find_spec("kedro_viz"):
            logger.info("  lineage: kedro viz run --env=%s", _env(run_params))

    @hook_impl(trylast=True)
    def on_pipeline_error(self) -> None:
        """Give the signals back."""
        _signals.unwatch()

    def _describe_output(self, name: str) -> str:
        count = getattr(self._catalog.get(name), "row_count", None)
        return f"{name} ({count():,} rows)" if count else name

    def _report_path(self, name: str) -> Path | None:
        dataset = self._catalog.get(name)
        metadata = getattr(dataset, "metadata", None) or {}
        reporting = metadata.get("kedro-viz", {}).get("layer") == "reporting"
        return _path_of(dataset) if reporting else None


class TrackingSettings(Settings):
    """Whether and where runs are tracked."""

    enabled: bool = False
    """Record runs in MLflow; without it mlflow is not imported."""
    folder: Path = Path("data/tracking")
    """Holds the database `mlflow.db` and the artefacts; relative to the project."""
    experiment: str = "shoplm"
    """Name that the runs stand under."""


class Tracking:
    """Records a run in MLflow: parameters, metrics, reports, commit and how it ended.

    A catalog entry with `metadata: {tracking: metrics}` is a mapping of numbers, or a long table
    with the columns `metric` and `value`: the columns left of `metric` name the figure, `step`
    gives the step. One with `metadata: {tracking: artefact}` is stored as it lies. Both are logged
    when the node that makes them has saved them; by the parent process, which under ParallelRunner
    does so at the end.
    """

    def __init__(self) -> None:
        self._run: str | None = None

    @hook_impl
    def after_catalog_created(self, catalog: Any, parameters: dict[str, Any]) -> None:
        """Keep the catalog and the typed parameters."""
        self._catalog = catalog
        self._parameters = parameters

    @hook_impl
    def before_pipeline_run(self, run_params: dict[str, Any], pipeline: Any) -> None:
        """Open a run with its parameters, where the settings ask for one."""
        self._end("KILLED")  # a run in this process that was interrupted, as in a notebook
        settings = TrackingSettings.model_validate(self._parameters.get("params:tracking") or {})
        if not settings.enabled:
            return
        from mlflow import MlflowClient
        from mlflow.entities import Param, RunTag
        from mlflow.utils.validation import MAX_ENTITY_KEY_LENGTH, MAX_PARAM_VAL_LENGTH

        for chatty in ("mlflow", "alembic"):
            logging.getLogger(chatty).setLevel(logging.WARNING)
        project = Path(run_params["project_path"])
        folder = project / settings.folder
        folder.mkdir(parents=True, exist_ok=True)
        self._store = f"sqlite:///{folder / 'mlflow.db'}"
        # not the fluent API, which marks an interrupted run as finished when Python exits
        self._client = MlflowClient(tracking_uri=self._store)
        experiment = self._client.get_experiment_by_name(settings.experiment)
        experiment_id = (
            experiment.experiment_id
            if experiment
            else self._client.create_experiment(
                settings.experiment, artifact_location=(folder / "artefacts").as_uri()
            )
        )
        name = _name(run_params)
        run = self._client.create_run(experiment_id, run_name=name)
        self._run = run.info.run_id
        self._process = os.getpid()
        atexit.register(self._end, "KILLED")  # kedro calls no hook for what is no `Exception`

        tags = {"pipeline": name, "env": _env(run_params), "kedro_run_id": run_params["run_id"]}
        used = sorted(p for p in pipeline.inputs() if p.startswith("params:"))
        values = {p.removeprefix("params:"): _plain(self._parameters[p]) for p in used}
        self._client.log_batch(
            self._run,
            params=[
                Param(_key(key, MAX_ENTITY_KEY_LENGTH), _cut(value, MAX_PARAM_VAL_LENGTH))
                for key, value in flatten(values)
            ],
            tags=[RunTag(key, value) for key, value in (tags | _git_tags(project)).items()],
        )
        self._client.log_dict(self._run, values, "parameters.json")
        self._unlogged = {
            output: kind
            for output in pipeline.all_outputs()
            if (kind := _tracking_kind(output, self._catalog.get(output)))
        }

    @hook_impl
    def after_dataset_saved(self, dataset_name: str) -> None:
        """Log a dataset that is marked for it."""
        if self._run and os.getpid() == self._process:
            self._log(dataset_name)

    @hook_impl
    def after_pipeline_run(self) -> None:
        """Close the run."""
        if self._run:
            for name in list(self._unlogged):
                self._log(name)
            self._end("FINISHED")
            logger.info("  tracking: mlflow ui --backend-store-uri %s", self._store)

    @hook_impl
    def on_pipeline_error(self) -> None:
        """Close the run as failed, or as killed when a signal is behind the error."""
        self._end("KILLED" if _signals.received else "FAILED")

    def _end(self, status: str) -> None:
        if self._run and os.getpid() == self._process:
            self._client.set_terminated(self._run, status)
            self._run = None
            atexit.unregister(self._end)

    def _log(self, name: str) -> None:
        kind = self._unlogged.pop(name, None)
        if kind is None:
            return
        try:  # hours of work must not end because a figure could not be logged
            if kind == "metrics":
                from mlflow.entities import Metric

                now = int(time.time() * 1000)
                rows = metric_rows(self._catalog.load(name))
                figures = [Metric(_key(f"{name}/{k}", 250), v, now, step) for k, v, step in rows]
                self._client.log_batch(self._run, metrics=figures)
            elif (path := _path_of(self._catalog.get(name))).is_dir():
                self._client.log_artifacts(self._run, str(path), path.name)
            else:
                self._client.log_artifact(self._run, str(path))
        except Exception as error:
            logger.warning("%s could not be logged to MLflow: %s", name, error)


def flatten(value: Any, prefix: str = "") -> Iterator[tuple[str, str]]:
    """Dotted keys and values as text; lists are JSON."""
    if isinstance(value, Mapping) and value:
        for key, inner in value.items():
            yield from flatten(inner, f"{prefix}.{key}" if prefix else str(key))
    else:
        yield prefix, value if isinstance(value, str) else json.dumps(value, ensure_ascii=False)


def metric_rows(data: Any) -> Iterator[tuple[str, float, int]]:
    """Name, value and step of every finite number in a nested mapping or a long table."""
    if isinstance(data, Mapping):
        for key, text in flatten(data):
            value = json.loads(text) if re.match(r"-?\d", text) else None
            if isinstance(value, int | float):
                yield key.replace(".", "/"), float(value), 0
        return
    frame = data if hasattr(data, "iterrows") else data.to_pandas()
    columns = list(frame.columns)
    labels = [c for c in columns[: columns.index("metric") + 1] if c not in ("step", "tokens")]
    for row in frame.to_dict("records"):
        if row["value"] is not None and math.isfinite(row["value"]):
            name = "/".join(str(row[label]) for label in labels)
            yield name, float(row["value"]), int(row.get("step") or 0)


def _plain(value: Any) -> Any:
    return value.model_dump(mode="json") if hasattr(value, "model_dump") else value


def _key(name: str, length: int) -> str:
    return re.sub(r"[^\w.\- :/]", "_", name)[:length]


def _cut(value: str, length: int) -> str:
    mark = " … (cut; see parameters.json)"
    return value if len(value) <= length else value[: length - len(mark)] + mark


def _git_tags(project: Path) -> dict[str, str]:
    def git(*command: str) -> str:
        return subprocess.run(
            ["git", *command], cwd=project, capture_output=True, text=True, check=True
        ).stdout.strip()

    try:
        changed = "yes" if git("status", "--porcelain", "--untracked-files=no") else "no"
        return {
            "mlflow.source.git.commit": git("rev-parse", "HEAD"),
            "uncommitted_changes": changed,
        }
    except (OSError, subprocess.CalledProcessError):
        return {}  # not a checkout


def _tracking_kind(name: str, dataset: Any) -> str | None:
    kind = (getattr(dataset, "metadata", None) or {}).get("tracking")
    if kind not in (None, "metrics", "artefact"):
        raise ValueError(
            f"catalog entry {name!r}: metadata.tracking is 'metrics' or 'artefact', not {kind!r}"
        )
    return kind


def _path_of(dataset: Any) -> Path | None:
    path = dataset._describe().get("filepath") if dataset is not None else None
    return Path(path) if path else None


def _relative(path: Path, run_params: dict[str, Any]) -> Path:
    project = Path(run_params["project_path"])
    return path.relative_to(project) if path.is_relative_to(project) else path


def _name(run_params: dict[str, Any]) -> str:
    return ",".join(run_params.get("pipeline_names") or ["__default__"])


def _env(run_params: dict[str, Any]) -> str:
    return run_params.get("env") or "local"
