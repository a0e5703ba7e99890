"""What kedro commands cost here against a bare Kedro project, as ratios.

    python tests/benchmarks/start_up.py [repeats]

The runs of both projects alternate, so that a busy machine slows both; medians are compared.
"""

from __future__ import annotations

import os
import statistics
import subprocess
import sys
import tempfile
import time
from pathlib import Path

COMMANDS = (["--version"], ["registry", "list"])
KEDRO = [sys.executable, "-m", "kedro"]
ENVIRONMENT = os.environ | {"DO_NOT_TRACK": "true"}


def time_command(project: Path, arguments: list[str]) -> float:
    """Seconds that one kedro command takes in `project`."""
    start = time.perf_counter()
    subprocess.run(
        [*KEDRO, *arguments], cwd=project, env=ENVIRONMENT, check=True, capture_output=True
    )
    return time.perf_counter() - start


def main(repeats: int = 7) -> None:
    """Print a line a command."""
    ours = Path(__file__).parents[2]
    with tempfile.TemporaryDirectory() as folder:
        new = ["new", "--name", "bare", "--tools", "none", "--example", "n"]
        subprocess.run([*KEDRO, *new], cwd=folder, env=ENVIRONMENT, check=True, capture_output=True)
        projects = {"shoplm": ours, "bare": Path(folder) / "bare"}
        for arguments in COMMANDS:
            seconds: dict[str, list[float]] = {name: [] for name in projects}
            for repeat in range(repeats + 1):
                for name, project in projects.items():
                    taken = time_command(project, arguments)
                    if repeat:  # the first one fills caches
                        seconds[name].append(taken)
            here, bare = (statistics.median(seconds[name]) for name in projects)
            command = " ".join(["kedro", *arguments])
            print(
                f"{command:<22} {here:.2f} s, bare project {bare:.2f} s, "
                f"ratio {here / bare:.2f} (at most 1.5)"
            )


if __name__ == "__main__":
    main(*map(int, sys.argv[1:]))
