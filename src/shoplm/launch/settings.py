"""How a training program is started: the settings, its environment and its exact command."""

from __future__ import annotations

import base64
import json
import os
import re
import socket
import sys
from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import Literal

from pydantic import ConfigDict, Field, model_validator

from shoplm.variants import Settings


class LaunchSettings(Settings):
    """How a training program is started: launcher, processes, hosts, environment."""

    model_config = ConfigDict(coerce_numbers_to_str=True)  # `OMP_WAIT_POLICY: 1` in YAML

    launcher: Literal["python", "torchrun", "deepspeed"] = "python"
    """`python` runs one process; the other two set RANK, LOCAL_RANK, WORLD_SIZE, MASTER_ADDR and
    MASTER_PORT for each of theirs."""
    processes: int = Field(default=1, ge=1)
    """Processes on each host, one a device."""
    threads: int | None = Field(default=None, ge=1)
    """OMP_NUM_THREADS of each process; without it what is set already, or an even share of the
    cores."""
    environment: dict[str, str] = {}
    """Variables added to the child's environment; they win over all others."""
    hostfile: Path | None = None
    """deepspeed: the hosts, one `name slots=n` a line, reached over ssh and pdsh. Code, Python and
    the work directory have the same paths on all of them."""
    hosts: int = Field(default=1, ge=1)
    """torchrun: number of hosts. The same run is started on each, with its own `host_rank`."""
    host_rank: int = Field(default=0, ge=0)
    """torchrun: which of the hosts this is; 0 is the one that `rendezvous` names."""
    rendezvous: str | None = Field(default=None, pattern=r"^\S+:\d{1,5}$")
    """`host:port` at which the processes of several hosts meet. torchrun needs it; deepspeed asks
    the first host for its address and takes a port that is free here."""
    grace_seconds: float = Field(default=10.0, ge=0)
    """From SIGTERM to SIGKILL when processes have to be ended."""

    @model_validator(mode="after")
    def _fits_together(self) -> LaunchSettings:
        if self.launcher == "python" and self.processes > 1:
            raise ValueError(
                f"launcher 'python' runs one process, not {self.processes}: "
                "use 'torchrun' or 'deepspeed'"
            )
        if self.hostfile is not None and self.launcher != "deepspeed":
            raise ValueError(
                f"launcher {self.launcher!r} reads no hostfile: only 'deepspeed' does, "
                "'torchrun' takes hosts, host_rank and rendezvous"
            )
        if self.hosts > 1 and self.launcher != "torchrun":
            raise ValueError("hosts is for 'torchrun'; 'deepspeed' takes a hostfile")
        if self.hosts > 1 and self.rendezvous is None:
            raise ValueError(f"{self.hosts} hosts need a rendezvous, 'host:port'")
        if self.host_rank >= self.hosts:
            raise ValueError(
                f"host_rank {self.host_rank} is not below hosts, which is {self.hosts}"
            )
        if self.rendezvous and self.hosts == 1 and self.hostfile is None:
            raise ValueError("rendezvous is for several hosts: set hosts or a hostfile")
        return self


def world_size(settings: LaunchSettings) -> int:
    """Processes on all hosts: those of a hostfile run as many each as one host does.

    Raises:
        FileNotFoundError: the hostfile is missing.
    """
    if settings.hostfile is None:
        return settings.processes * settings.hosts
    if not settings.hostfile.is_file():
        raise FileNotFoundError(f"{settings.hostfile}: no such hostfile")
    lines = map(str.strip, settings.hostfile.read_text().splitlines())
    return settings.processes * sum(1 for line in lines if line and not line.startswith("#"))


def environment(settings: LaunchSettings) -> dict[str, str]:
    """The child's environment: this process's, the thread count, `settings.environment`."""
    cores = len(os.sched_getaffinity(0)) if hasattr(os, "sched_getaffinity") else os.cpu_count()
    share = max(1, (cores or 1) // settings.processes)
    threads = settings.threads or os.environ.get("OMP_NUM_THREADS") or share
    ours = {"OMP_NUM_THREADS": str(threads)}
    ours |= {"PYTHONUNBUFFERED": "1", "PYTHONIOENCODING": "utf-8"}  # what is read from its pipe
    return {**os.environ, **ours, **settings.environment}


def command(
    program: str | Path,
    run_files: Sequence[Path],
    settings: LaunchSettings,
    port: int | None = None,
) -> list[str]:
    """The exact arguments that `run` executes; nothing is started.

    Args:
        program: a module ("shoplm.lm.train"), or the path of a .py file.
        run_files: what the program is given.
        settings: launcher, processes and hosts.
        port: where deepspeed's processes meet; a free one of this machine if not given.

    Raises:
        FileNotFoundError: no such program file or hostfile.
        ValueError: a line of the hostfile is wrong, or too few devices are visible.
    """
    is_file = str(program).endswith(".py")
    if is_file and not Path(program).is_file():
        raise FileNotFoundError(f"{program}: no such program")
    python, module = [sys.executable, "-m"], [] if is_file else ["--module"]
    target = [str(program), *(str(Path(file).resolve()) for file in run_files)]
    address, _, meeting_port = (settings.rendezvous or "").rpartition(":")

    if settings.launcher == "python":
        return [sys.executable, *target] if is_file else [*python, *target]
    if settings.launcher == "torchrun":
        where = ["--standalone"]
        if settings.hosts > 1:
            where = [f"--nnodes={settings.hosts}", f"--node-rank={settings.host_rank}"]
            where += [f"--master-addr={address}", f"--master-port={meeting_port}"]
        count = f"--nproc-per-node={settings.processes}"
        return [*python, "torch.distributed.run", *where, count, *module, *target]

    options = [f"--master_port={meeting_port or port or _free_port()}", "--no_local_rank", *module]
    if settings.hostfile is None:
        # what deepspeed's runner would start, less its own seconds of start-up: it also takes
        # devices 0 to n-1 whatever CUDA_VISIBLE_DEVICES says, and hides a death by signal
        world = json.dumps({"localhost": _devices(settings)}).encode()
        options.insert(0, f"--world_info={base64.urlsafe_b64encode(world).decode()}")
        return [*python, "deepspeed.launcher.launch", *options, *target]
    _check_hostfile(settings.hostfile, settings.processes)
    where = [f"--hostfile={settings.hostfile.resolve()}", f"--num_gpus={settings.processes}"]
    where += ["--force_multi"] + ([f"--master_addr={address}"] if address else [])
    return [*python, "deepspeed.launcher.runner", *where, *options, *target]


def _free_port() -> int:
    with socket.socket() as sock:
        sock.bind(("127.0.0.1", 0))
        return sock.getsockname()[1]


def _devices(settings: LaunchSettings) -> list[str | int]:
    env = environment(settings)
    visible = [d for d in env.get("CUDA_VISIBLE_DEVICES", "").split(",") if d.strip()]
    if not visible or env.get("DS_ACCELERATOR") == "cpu":
        return list(range(settings.processes))
    if len(visible) < settings.processes:
        raise ValueError(
            f"{settings.processes} processes need as many devices, but CUDA_VISIBLE_DEVICES is "
            f"{env['CUDA_VISIBLE_DEVICES']!r}"
        )
    return visible[: settings.processes]


def _check_hostfile(hostfile: Path, processes: int) -> None:
    if not hostfile.is_file():
        raise FileNotFoundError(f"{hostfile}: no such hostfile")
    seen: set[str] = set()
    for number, line in enumerate(hostfile.read_text().splitlines(), start=1):
        if not line.strip() or line.lstrip().startswith("#"):
            continue
        match = re.fullmatch(r"\s*(\S+)\s+slots=(\d+)\s*(#.*)?", line)
        if not match:
            problem = "expected 'name slots=n'"
        elif match[1] in seen:
            problem = f"host {match[1]!r} is listed twice"
        elif int(match[2]) < processes:
            problem = f"host {match[1]!r} has fewer slots than processes, which is {processes}"
        else:
            seen.add(match[1])
            continue
        raise ValueError(f"{hostfile}, line {number}: {problem}, got {line.strip()!r}")
    if not seen:
        raise ValueError(f"{hostfile}: names no host, expected lines 'name slots=n'")


def write_exports(path: Path, env: Mapping[str, str], settings: LaunchSettings) -> Path:
    """Write the file of variables that deepspeed sets on every host, for DS_ENV_FILE.

    Of its own accord it would pass on few. What the user's own such file has comes first.
    """
    name = env.get("DS_ENV_FILE", ".deepspeed_env")
    users = [file for file in (Path.home() / name, Path.cwd() / name) if file.is_file()]
    lines = [line for file in users for line in file.read_text().splitlines() if line.strip()]
    lines += [f"{key}={env[key]}" for key in {"OMP_NUM_THREADS": 0, **settings.environment}]
    path.touch(mode=0o600)  # there may be a token in it
    path.write_text("\n".join(lines) + "\n")
    return path
