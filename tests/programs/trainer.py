"""A training program as `shoplm.launch` runs them; what it does is written in its run files."""

import json
import os
import signal
import subprocess
import sys
import time
from pathlib import Path

from shoplm.launch import mark_complete, report_progress, report_warning

SLEEP = [sys.executable, "-c", "import time; time.sleep(300)"]
STUBBORN = [
    sys.executable,
    "-c",
    "import signal, time; signal.signal(signal.SIGTERM, signal.SIG_IGN)\n"
    "print('stubborn', flush=True); time.sleep(300)",
]
DAEMON = [  # a child that leaves a grandchild to init
    sys.executable,
    "-c",
    "import subprocess, sys\n"
    "child = subprocess.Popen(['sleep', '300'], start_new_session=True, stdout=sys.stderr)\n"
    "print(child.pid)",
]


def spawn(kinds: list[str]) -> list[int]:
    """Start one process a kind; their ids, once those that ignore SIGTERM do so."""
    pids = []
    for kind in kinds:
        if kind == "stubborn":
            child = subprocess.Popen(STUBBORN, stdout=subprocess.PIPE, start_new_session=True)
            child.stdout.readline()
        elif kind == "daemon":  # it holds our output open
            pids.append(int(subprocess.check_output(DAEMON)))
            continue
        else:
            child = subprocess.Popen(SLEEP)
        pids.append(child.pid)
    return pids


def main() -> None:
    rank = os.environ.get("RANK", "0")
    for file in map(Path, sys.argv[1:]):
        todo = json.loads(file.read_text())
        if todo.get("stubborn"):
            signal.signal(signal.SIGTERM, signal.SIG_IGN)
        seen = {"pid": os.getpid(), "pids": [os.getpid(), *spawn(todo.get("spawn", []))]}
        seen |= {"environment": dict(os.environ), "arguments": sys.argv[1:]}
        partial = file.with_name(f".seen-{rank}")
        partial.write_text(json.dumps(seen))
        partial.replace(file.with_name(f"seen-{rank}.json"))
        for line in todo.get("say", []):
            print(line)
        for text in todo.get("warn", []):
            report_warning(text)
        for done in range(1, todo.get("steps", 0) + 1):
            report_progress(done, todo["steps"], loss=1 / done)
        if "signal_parent" in todo:
            os.kill(os.getppid(), todo["signal_parent"])
        if todo.get("sleep") or "signal_parent" in todo:
            time.sleep(300)
        if "signal" in todo:
            os.kill(os.getpid(), todo["signal"])
        if "error" in todo:
            raise ValueError(todo["error"])
        if todo.get("complete", True) and rank == "0":
            mark_complete(file, pid=os.getpid())


if __name__ == "__main__":
    main()
