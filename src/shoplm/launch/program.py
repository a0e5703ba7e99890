"""What a training program calls: progress, warnings, and the marker of a complete run."""

from __future__ import annotations

import hashlib
import json
from pathlib import Path
from typing import Any

from shoplm.launch.durable import write_durably

COMPLETE = "complete.json"
"""The completion marker, beside the run file that it completes."""


def report_progress(done: int, total: int, **values: float | str) -> None:
    """Print the line that `run` shows as progress: `progress: 12/100 loss=2.31`."""
    shown = (f"{k}={v:.4g}" if isinstance(v, float) else f"{k}={v}" for k, v in values.items())
    print(" ".join([f"progress: {done}/{total}", *shown]), flush=True)


def report_warning(text: str) -> None:
    """Print the line that `run` logs as a warning at once: `warning: step-8 is damaged`."""
    print(f"warning: {' '.join(text.split())}", flush=True)


def mark_complete(run_file: Path, **facts: Any) -> None:
    """Write the completion marker of `run_file`, whole or not at all; `facts` are kept in it.

    It is on the disk when this returns: what a run no longer needs can be removed.
    """
    marker = Path(run_file).with_name(COMPLETE)
    write_durably(marker, json.dumps({"run": _digest(run_file), **facts}, indent=2))


def is_complete(run_file: Path) -> bool:
    """Whether the marker beside `run_file` is there and was written for its present content."""
    try:
        marker = json.loads(Path(run_file).with_name(COMPLETE).read_text())
        return marker["run"] == _digest(run_file)
    except (OSError, ValueError, KeyError, TypeError):
        return False


def _digest(run_file: Path) -> str:
    return hashlib.sha256(Path(run_file).read_bytes()).hexdigest()
