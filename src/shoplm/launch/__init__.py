"""Run a training program as a child, under python, torchrun or deepspeed.

Nothing else in the project spawns processes. What a program has to do to be run from here:

- take paths of run files (JSON) as its arguments, and do them in turn;
- call `mark_complete(run_file)` when one is done: from rank 0, as the last thing that it writes;
- call `report_progress(done, total, ...)` now and then, from rank 0, and `report_warning(text)` for
  what a person has to know: each warning is shown, of progress only the latest. Whatever else it
  prints goes to the log alone.

What it gets for that: a run file that is complete is not run again, and nothing that was started
outlives `run`, however `run` ends.
"""

from __future__ import annotations

import collections
import contextlib
import fcntl
import logging
import signal
import subprocess
import threading
import time
from collections.abc import Iterator, Sequence
from pathlib import Path
from typing import IO, Any

from shoplm.launch.family import guarded
from shoplm.launch.output import Output, Progress
from shoplm.launch.program import (
    COMPLETE,
    is_complete,
    mark_complete,
    report_progress,
    report_warning,
)
from shoplm.launch.settings import (
    LaunchSettings,
    command,
    environment,
    world_size,
    write_exports,
)

__all__ = [
    "COMPLETE",
    "LaunchError",
    "LaunchSettings",
    "Terminated",
    "command",
    "environment",
    "is_complete",
    "mark_complete",
    "report_progress",
    "report_warning",
    "run",
    "world_size",
]

logger = logging.getLogger(__name__)


class LaunchError(RuntimeError):
    """A child failed, or ended without completing; the message has its last lines and its log."""


class Terminated(SystemExit):
    """SIGTERM or SIGHUP came while a child ran; its `code` is the usual 128 + number.

    Like KeyboardInterrupt it is no `Exception`, so kedro calls no error hook for either: whoever
    keeps a record of the run closes it at exit (`atexit`), unless an end came before.
    """


def run(
    program: str | Path, run_files: Sequence[Path], directory: Path, settings: LaunchSettings
) -> None:
    """Run `program` on those of `run_files` that are not complete, in one child, to their end.

    Shows one live line on a terminal, else logs a line now and then; warnings of the child are
    logged as such, at once. All that it prints is appended to a log in `directory`.

    No process that it started outlives it: success, failure, Ctrl-C, SIGTERM and SIGHUP all end
    with the child and its descendants gone, those in sessions of their own too. If this very
    process is killed, a small watching process ends them in its place. Beyond reach are a process
    of another user, one that sheds both its environment and its parent, and what a launcher leaves
    on other hosts. Python gives signals to the main thread only: called in another one, `run` does
    not learn of them, and the child goes on until it is done or this process is gone.

    Args:
        program: a module ("shoplm.lm.train"), or the path of a .py file.
        run_files: JSON files, each in a directory of its own.
        directory: the work directory; made if absent. One launch at a time works in it.
        settings: launcher, processes, hosts and environment.

    Raises:
        LaunchError: the child failed, ended without completing a run file, or could not start.
        FileNotFoundError: a run file, the program's file or the hostfile is missing.
        ValueError: two run files in one directory, a wrong hostfile, too few devices.
        KeyboardInterrupt: Ctrl-C.
        Terminated: SIGTERM or SIGHUP.
    """
    name = Path(program).stem if str(program).endswith(".py") else str(program)
    pending = _pending(run_files)
    if not pending:
        logger.info("%s: nothing to run, all %d complete", name, len(run_files))
        return
    argv, env = command(program, pending, settings), environment(settings)
    directory = Path(directory).resolve()
    directory.mkdir(parents=True, exist_ok=True)
    if settings.hostfile is not None:
        env["DS_ENV_FILE"] = str(write_exports(directory / "deepspeed.env", env, settings))
    path = directory / (f"launch-{settings.host_rank}.log" if settings.host_rank else "launch.log")

    with path.open("a", encoding="utf-8", buffering=1) as log, _signals_raise():
        _lock(log)
        for file in pending:
            file.with_name(COMPLETE).unlink(missing_ok=True)  # written for other content
        logger.info("%s: %d of %d to run, log in %s", name, len(pending), len(run_files), path)
        log.write(f"$ {' '.join(argv)}\n")
        started, progress = time.monotonic(), Progress(name)
        try:
            code, output = _run_child(argv, env, log, progress, settings.grace_seconds)
        finally:
            progress.close()

    left = [str(file.with_name(COMPLETE)) for file in pending if not is_complete(file)]
    problem = None
    if code:
        problem = _ending(code, settings.launcher)
    elif output.error is not None:
        problem = f"could not be logged: {output.error}"
    elif left:  # deepspeed has exited 0 on failure
        problem = f"ended with exit code 0 but did not write {', '.join(left)}"
    if problem:
        last = "\n".join(f"  {line}" for line in output.tail)
        raise LaunchError(f"{name} {problem}\nIts last lines:\n{last}\nIts whole log: {path}")
    logger.info("%s: done in %.0f s", name, time.monotonic() - started)


def _pending(run_files: Sequence[Path]) -> list[Path]:
    files = [Path(file).resolve() for file in run_files]
    for file in files:
        if not file.is_file():
            raise FileNotFoundError(f"{file}: no such run file")
    for folder, count in collections.Counter(file.parent for file in files).items():
        if count > 1:
            raise ValueError(f"{folder}: {count} run files in one directory, which has one marker")
    return [file for file in files if not is_complete(file)]


def _run_child(
    argv: list[str], env: dict[str, str], log: IO[str], progress: Progress, grace: float
) -> tuple[int, Output]:
    def interrupted() -> None:
        progress.close()
        logger.warning("%s: interrupted, ending its processes", progress.name)

    # left in this order: the family ends, then its output, which nobody is left to write to
    with contextlib.ExitStack() as after, guarded(grace, log, interrupted) as token:
        try:
            child = subprocess.Popen(
                argv,
                env={**env, token: "1"},
                stdin=subprocess.DEVNULL,
                stdout=subprocess.PIPE,
                stderr=subprocess.STDOUT,
                start_new_session=True,  # a Ctrl-C at the terminal is for this process alone
                encoding="utf-8",
                errors="replace",
            )
        except OSError as error:
            raise LaunchError(f"could not start {argv[0]}: {error}") from error
        after.callback(child.poll)
        output = Output(child.stdout, log, progress)
        output.start()
        after.callback(output.join, timeout=5)
        child.wait()
    return child.returncode, output


def _ending(code: int, launcher: str) -> str:
    if launcher == "deepspeed" and code > 192:
        code -= 256  # it exits with a worker's negative status
    if code > 0:
        return f"failed with exit code {code}"
    hint = " (out of memory?)" if -code == signal.SIGKILL else ""
    return f"was ended by {signal.Signals(-code).name}{hint}"


def _lock(log: IO[str]) -> None:
    try:
        fcntl.flock(log, fcntl.LOCK_EX | fcntl.LOCK_NB)
    except BlockingIOError:
        raise LaunchError(f"{log.name}: another launch is at work in this directory") from None
    except OSError:
        pass  # a file system without locks


@contextlib.contextmanager
def _signals_raise() -> Iterator[None]:
    """Turn SIGTERM and SIGHUP into `Terminated`, where Python allows it: in the main thread.

    A handler that was there is called first, and may raise what it likes better.
    """
    previous: dict[signal.Signals, Any] = {}

    def stop(number: int, frame: Any) -> None:
        if callable(before := previous.get(signal.Signals(number))):
            before(number, frame)
        raise Terminated(128 + number)

    if threading.current_thread() is threading.main_thread():
        for number in (signal.SIGTERM, signal.SIGHUP):
            if signal.getsignal(number) not in (signal.SIG_IGN, None):  # nohup stays nohup
                previous[number] = signal.signal(number, stop)
    try:
        yield
    finally:
        for number, handler in previous.items():
            signal.signal(number, handler)
