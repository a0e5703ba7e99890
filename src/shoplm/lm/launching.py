"""Train models in child processes, each run in a work directory named by its content."""

from __future__ import annotations

import json
from collections.abc import Iterable, Iterator, Mapping, Sequence
from pathlib import Path
from typing import Any

from shoplm import launch
from shoplm.lm.budget import shorten_to_data
from shoplm.lm.run import (
    DOCUMENT_LOSSES,
    FINAL,
    MERGED,
    METRICS,
    TrainingRun,
    TrainingSettings,
)
from shoplm.lm.run_file import RUN_FILE
from shoplm.variants import fingerprint, work_directory

PROGRAM = "shoplm.lm.train"

RunKey = tuple[str, int]
"""Variant and seed."""


def train_runs(
    runs: Sequence[tuple[TrainingRun, launch.LaunchSettings]], root: Path
) -> dict[RunKey, Path]:
    """Train what is not trained yet; the work directory of each run by variant and seed.

    Runs that are launched alike share one child. A run that was killed goes on from its newest
    checkpoint, and one that is complete is left as it is.

    Args:
        runs: what to train, and how to start it.
        root: holds the work directories and the log of the launches.

    Raises:
        LaunchError: a run failed; those before it are kept.
        FileNotFoundError: a base model or blocks are missing.
        ValueError: two runs of one variant and seed.
    """
    files = prepare_runs(runs, root)
    alike: dict[str, tuple[launch.LaunchSettings, list[Path]]] = {}
    for (_, settings), file in zip(runs, files.values(), strict=True):
        alike.setdefault(settings.model_dump_json(), (settings, []))[1].append(file)
    for settings, members in alike.values():
        launch.run(PROGRAM, members, Path(root), settings)
    return {key: file.parent for key, file in files.items()}


def prepare_runs(
    runs: Sequence[tuple[TrainingRun, launch.LaunchSettings]], root: Path
) -> dict[RunKey, Path]:
    """Write the run file of each run into its work directory; nothing is started.

    The directory is named by variant, seed, the settings that results depend on and the bytes of
    the inputs, not by where the inputs lie or how the run is launched: it can be moved, or go on
    with other processes or a smaller micro-batch.
    """
    digests: dict[Path, str] = {}

    def digest(path: Path) -> str:
        if path not in digests:
            digests[path] = fingerprint(path)
        return digests[path]

    files: dict[RunKey, Path] = {}
    for run, _ in runs:
        key = run.variant, run.seed
        if key in files:
            raise ValueError(f"two runs are called {run.variant!r} with seed {run.seed}")
        name = f"{run.variant}-seed-{run.seed}"
        directory = work_directory(root, name, run.identity(digest))
        file = directory / RUN_FILE
        # a complete run may have had other paths, or other settings without effect: leave its file
        files[key] = file if launch.is_complete(file) else run.write(directory)
    return files


def plan_run(
    variant: str,
    seed: int,
    base_model: Path,
    blocks: Mapping[str, Path],
    training: TrainingSettings,
) -> TrainingRun:
    """One run on the blocks `general`, with the others held out, as long as there is data for it.

    Raises:
        FileNotFoundError: blocks are missing.
        KeyError: none are called `general`.
    """
    held_out = dict(blocks)
    trained_on = held_out.pop("general")
    meta = json.loads((trained_on / "meta.json").read_text())
    return TrainingRun(
        variant=variant,
        seed=seed,
        base_model=base_model,
        blocks=trained_on,
        held_out=held_out,
        training=shorten_to_data(training, meta["n_blocks"], meta["sequence_length"]),
    )


def final_models(directories: Mapping[RunKey, Path]) -> dict[str, Path]:
    """The model at the end of each run, by name (`mixed/seed-0`); an adapter if it trained one."""
    return {f"{name}/seed-{seed}": path / FINAL for (name, seed), path in directories.items()}


def merged_models(directories: Mapping[RunKey, Path]) -> dict[str, Path]:
    """The whole model of each run that merged its adapter, by name (`lora-merged/seed-0`)."""
    return {
        f"{name}-merged/seed-{seed}": path / MERGED
        for (name, seed), path in directories.items()
        if (path / MERGED).is_dir()
    }


def kept_models(directories: Mapping[RunKey, Path]) -> dict[str, Path]:
    """The models kept on the way, by name and document tokens seen (`mixed/seed-0/tokens-64000`),
    earliest first."""
    return {
        f"{name}/seed-{seed}/{model.name}": model
        for (name, seed), path in directories.items()
        for model in sorted(
            (path / FINAL).parent.glob("tokens-*"), key=lambda kept: int(kept.name.split("-")[1])
        )
    }


def read_metrics(directories: Iterable[Path]) -> list[dict[str, Any]]:
    """Rows `variant, seed, step, tokens, split, metric, value` of complete runs, in their order.

    Raises:
        FileNotFoundError: a run has left none.
        ValueError: a line is no JSON object.
    """
    return [row for directory in directories for row in _rows(Path(directory) / METRICS)]


def read_document_losses(directories: Iterable[Path]) -> list[dict[str, Any]]:
    """Rows `variant, seed, step, tokens, split, document, n_targets, loss` of complete runs.

    Raises:
        FileNotFoundError: a run has left none.
        ValueError: a line is no JSON object.
    """
    return [row for directory in directories for row in _rows(Path(directory) / DOCUMENT_LOSSES)]


def _rows(file: Path) -> Iterator[dict[str, Any]]:
    with file.open(encoding="utf-8") as lines:
        for number, line in enumerate(lines, start=1):
            try:
                yield json.loads(line)
            except ValueError as error:
                raise ValueError(f"{file}, line {number}: not JSON: {error}") from None
