"""A child and all that it spawns: known by a variable in their environment, and ended together."""

from __future__ import annotations

import contextlib
import logging
import os
import signal
import subprocess
import sys
import time
import uuid
from collections.abc import Callable, Iterator
from typing import IO, TYPE_CHECKING

if TYPE_CHECKING:
    import psutil  # imported where used: programs that only report and mark need not have it

SECONDS_TO_KILL = 10.0
"""How long to insist with SIGKILL: only a process stuck in the kernel takes longer."""

logger = logging.getLogger(__name__)

_WATCH = "import sys; from shoplm.launch.family import watch; watch(*sys.argv[1:])"


@contextlib.contextmanager
def guarded(
    grace: float, held: IO[str], interrupted: Callable[[], None] = lambda: None
) -> Iterator[str]:
    """The name of a variable; every process whose environment has it is gone when the block ends.

    Inside the block another process stands by, to end them should this one be killed. It keeps
    `held` open, and with it any lock on that file.

    Args:
        grace: seconds from SIGTERM to SIGKILL.
        held: an open file.
        interrupted: called before any waiting, if the block is left by an interrupt. From then on
            another interrupt cuts the grace short.
    """
    token = f"SHOPLM_LAUNCH_{uuid.uuid4().hex}"
    watcher = subprocess.Popen(
        [sys.executable, "-c", _WATCH, token, str(os.getpid()), str(grace)],
        env={**os.environ, "PYTHONPATH": os.pathsep.join(sys.path)},
        stdin=subprocess.DEVNULL,
        stdout=subprocess.DEVNULL,
        stderr=subprocess.DEVNULL,
        start_new_session=True,
        pass_fds=[held.fileno()],
    )
    try:
        yield token
    finally:
        family = Family(token)
        try:
            if isinstance(sys.exception(), KeyboardInterrupt | SystemExit):
                interrupted()
            family.terminate(grace)
        finally:  # interrupted again: no more grace. Were this cut short too, the watcher is left
            family.kill()
            watcher.kill()
            watcher.wait()


def watch(token: str, parent: str, grace: str) -> None:
    """Wait until process `parent`, which started this one, is gone; then end what it left."""
    while os.getppid() == int(parent):
        time.sleep(0.5)
    family = Family(token)
    family.terminate(float(grace))
    family.kill()


class Family:
    """The processes with the variable `token` in their environment, and all who descend from them.

    They are signalled singly, not as a group: torchrun's workers lead sessions of their own.
    """

    def __init__(self, token: str) -> None:
        self.token = token
        self.known: set[psutil.Process] = set()  # kept: who drops the variable may lose the parent

    def terminate(self, grace: float) -> None:
        """SIGTERM, once, to those alive, then up to `grace` seconds for all to end.

        Who appears meanwhile is let be: DeepSpeed, told to end, starts the cleaning of other hosts.
        """
        _signal(self.living(), signal.SIGTERM)
        deadline = time.monotonic() + grace
        while self.living() and time.monotonic() < deadline:
            time.sleep(0.1)

    def kill(self) -> None:
        """SIGKILL until none is left."""
        deadline = time.monotonic() + SECONDS_TO_KILL
        while (left := self.living()) and time.monotonic() < deadline:
            _signal(left, signal.SIGKILL)
            time.sleep(0.05)
        if left:
            logger.warning("could not end processes %s", [process.pid for process in left])

    def living(self) -> list[psutil.Process]:
        """Those alive now, among all that were ever seen here."""
        import psutil

        parents: dict[psutil.Process, int] = {}
        for process in psutil.process_iter():
            with contextlib.suppress(psutil.Error):
                parents[process] = process.ppid()
                if self.token in process.environ():
                    self.known.add(process)
        while True:
            pids = {process.pid for process in self.known if process in parents}  # not a pid reused
            children = {p for p, parent in parents.items() if parent in pids} - self.known
            if not children:
                return [process for process in self.known if _is_alive(process)]
            self.known |= children


def _signal(processes: list[psutil.Process], number: signal.Signals) -> None:
    import psutil

    for process in processes:
        with contextlib.suppress(psutil.Error):  # gone already, or another user's
            process.send_signal(number)


def _is_alive(process: psutil.Process) -> bool:
    import psutil

    try:
        return process.is_running() and process.status() != psutil.STATUS_ZOMBIE
    except psutil.Error:
        return False
