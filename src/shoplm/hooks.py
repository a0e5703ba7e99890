"""What a run says on the terminal, and what it leaves in MLflow.

Settings import this module, so every kedro command does: what is heavy is imported where used.
"""

from __future__ import annotations

import atexit
import importlib.util
import logging
import os
import signal
import sys
import threading
import time
from collections import defaultdict
from pathlib import Path
from typing import Any

from kedro.framework.hooks import hook_impl

from shoplm.tracking import TrackedRun, TrackingSettings

logger = logging.getLogger(__name__)


class StopSignals:
    """The first Ctrl-C or SIGTERM of a run as an exception, so that children and half-written
    files are cleaned up; the second acts as if this were not here.

    Python handles a signal between two steps of the main thread, and a query is one step: a second
    thread hears of the signal at once and interrupts the queries that run. What that raises looks
    like a failure of the run, so `received` remembers the cause.
    """

    def __init__(self) -> None:
        self.received = False
        self._before: dict[int, Any] = {}

    def watch(self) -> None:
        """Handle signals from now on; only a main thread can."""
        self.received = False
        if threading.current_thread() is not threading.main_thread() or self._before:
            return
        for number in (signal.SIGINT, signal.SIGTERM):
            self._before[number] = signal.signal(number, self._stop)
        heard, self._wake = os.pipe()
        os.set_blocking(self._wake, False)
        self._wake_before = signal.set_wakeup_fd(self._wake, warn_on_full_buffer=False)
        threading.Thread(target=_interrupt_queries, args=[heard], daemon=True).start()

    def unwatch(self) -> None:
        """Give back the handlers found."""
        if self._before:
            signal.set_wakeup_fd(self._wake_before)
            os.close(self._wake)
        while self._before:
            signal.signal(*self._before.popitem())

    def _stop(self, number: int, frame: Any) -> None:
        self.received = True
        self.unwatch()
        raise KeyboardInterrupt if number == signal.SIGINT else SystemExit(128 + number)


def _interrupt_queries(heard: int) -> None:
    with os.fdopen(heard, "rb", buffering=0) as signals:
        while number := signals.read(1):  # empty when the other end is closed
            tables = sys.modules.get("shoplm.datasets.table")
            if tables and number[0] in (signal.SIGINT, signal.SIGTERM):
                tables.TableDataset.interrupt()


_signals = StopSignals()


class RunLog:
    """One line a finished node: its seconds, from loading to saving, and what came out."""

    def __init__(self) -> None:
        self._catalog: Any = {}
        self._started: dict[str, float] = {}
        self._saved: dict[str, dict[str, str]] = defaultdict(dict)
        self._run_started = 0.0

    @hook_impl
    def after_catalog_created(self, catalog: Any) -> None:
        """Keep the catalog, to ask its datasets for sizes and places."""
        self._catalog = catalog

    @hook_impl
    def before_pipeline_run(self, run_params: dict[str, Any], pipeline: Any) -> None:
        """Say what runs."""
        _signals.watch()
        self._started.clear()
        self._saved.clear()
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

    @hook_impl
    def after_dataset_saved(self, dataset_name: str, data: Any, node: Any) -> None:
        """With its last output saved, a node is finished: a lazy table is computed when saved."""
        saved = self._saved[node.name]
        saved[dataset_name] = self._describe_output(dataset_name, data)
        if len(saved) == len(node.outputs) and node.name in self._started:
            seconds = time.perf_counter() - self._started.pop(node.name)
            outputs = ", ".join(saved[name] for name in node.outputs)
            logger.info("%6.1f s  %s -> %s", seconds, node.name, outputs)

    @hook_impl(tryfirst=True)
    def after_pipeline_run(self, run_params: dict[str, Any], pipeline: Any) -> None:
        """Say where things are."""
        _signals.unwatch()
        logger.info("done in %.1f s", time.perf_counter() - self._run_started)
        names = filter(self._is_report, pipeline.all_outputs())
        paths = sorted(_path_of(self._catalog.get(name)) for name in names)
        reports = [path for path in paths if path.suffix]  # model cards lie all over a folder
        for folder in dict.fromkeys(path.parent for path in reports):
            here = ", ".join(path.name for path in reports if path.parent == folder)
            logger.info("  reports: %s in %s", here, _relative(folder, run_params))
        if importlib.util.find_spec("kedro_viz"):
            logger.info("  lineage: kedro viz run --env=%s", _env(run_params))

    @hook_impl
    def on_pipeline_error(self) -> None:
        """Give the signals back."""
        _signals.unwatch()

    def _describe_output(self, name: str, data: Any) -> str:
        dataset = self._catalog.get(name)
        if hasattr(dataset, "row_count"):
            return f"{name} ({dataset.row_count():,} rows)"
        shape = getattr(data, "shape", ())
        return f"{name} ({shape[0]:,} rows)" if len(shape) == 2 else name

    def _is_report(self, name: str) -> bool:
        metadata = _metadata(self._catalog.get(name))
        return metadata.get("kedro-viz", {}).get("layer") == "reporting"


class Tracking:
    """Records a run in MLflow: parameters, metrics, reports, commit and how it ended.

    A catalog entry with `metadata: {tracking: metrics}` is a mapping of numbers, or a long table
    with the columns `metric` and `value`: the columns left of `metric` name the figure, `step`
    gives the step. One with `metadata: {tracking: artefact}` is stored as it lies. Both are logged
    when the node that makes them has saved them; by the parent process, which under ParallelRunner
    does so at the end.
    """

    def __init__(self) -> None:
        self._run: TrackedRun | None = None

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
        name, env = _name(run_params), _env(run_params)
        used = sorted(p for p in pipeline.inputs() if p.startswith("params:"))
        self._run = TrackedRun(
            settings,
            project=Path(run_params["project_path"]),
            name=name,
            parameters={p.removeprefix("params:"): _plain(self._parameters[p]) for p in used},
            tags={"pipeline": name, "env": env, "kedro_run_id": str(run_params["run_id"])},
        )
        self._process = os.getpid()
        atexit.register(self._end, "KILLED")  # kedro calls no hook for what is no `Exception`
        self._unlogged = {
            output: kind
            for output in sorted(pipeline.all_outputs())
            if (kind := _metadata(self._catalog.get(output)).get("tracking"))
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
            store = self._run.store
            self._end("FINISHED")
            logger.info("  tracking: mlflow ui --backend-store-uri %s", store)

    @hook_impl
    def on_pipeline_error(self) -> None:
        """Close the run as failed, or as killed when a signal is behind the error."""
        self._end("KILLED" if _signals.received else "FAILED")

    def _end(self, status: str) -> None:
        if self._run and os.getpid() == self._process:
            self._run.end(status)
            self._run = None
            atexit.unregister(self._end)

    def _log(self, name: str) -> None:
        kind = self._unlogged.pop(name, None)
        try:  # hours of work must not end because a figure could not be logged
            if kind == "metrics":
                self._run.log_metrics(name, self._catalog.load(name))
            elif kind == "artefact":
                self._run.log_artefact(_path_of(self._catalog.get(name)))
            elif kind is not None:
                raise ValueError(f"its tracking is 'metrics' or 'artefact', not {kind!r}")
        except Exception as error:
            logger.warning("%s is not in MLflow: %s", name, error)


def _plain(value: Any) -> Any:
    return value.model_dump(mode="json") if hasattr(value, "model_dump") else value


def _metadata(dataset: Any) -> dict[str, Any]:
    return getattr(dataset, "metadata", None) or {}


def _path_of(dataset: Any) -> Path:
    description = dataset._describe()
    return Path(description.get("filepath") or description["path"])


def _relative(path: Path, run_params: dict[str, Any]) -> Path:
    project = Path(run_params["project_path"])
    return path.relative_to(project) if path.is_relative_to(project) else path


def _name(run_params: dict[str, Any]) -> str:
    return ",".join(run_params.get("pipeline_names") or ["__default__"])


def _env(run_params: dict[str, Any]) -> str:
    return run_params.get("env") or "base"
