"""Training of funnel models, and what they predict for the test side.

    python -m shoplm.funnel.train run.json [run.json ...]

Each run file (`shoplm.funnel.run.FunnelRun`) is done in turn; its results, checkpoints and model go
to the folder that it lies in. A run that was killed goes on from its newest checkpoint.
"""

from __future__ import annotations

import sys
from functools import partial
from pathlib import Path

from shoplm.funnel.inputs import SharedInputs
from shoplm.funnel.run import PROGRAM, FunnelRun
from shoplm.funnel.trainer import Trainer
from shoplm.launch import is_complete
from shoplm.launch.lock import locked
from shoplm.launch.main import do_files


def train(run_file: Path, inputs: SharedInputs) -> None:
    """Do what a run file describes, to its end; nothing is done if it is complete.

    Raises:
        FileNotFoundError: an input is missing.
        ValueError: a setting, an input or a checkpoint does not fit, or there are several
            processes.
        FolderInUse: another program trains in the same folder.
        FloatingPointError: a loss, a gradient or a prediction was not finite.
        OSError: there is no room for results, or one of its files cannot be read.

    All that is raised once the run file is read has a note with the name of the run.
    """
    run_file = Path(run_file).resolve()
    run = FunnelRun.read(run_file)
    try:
        with locked(run_file.parent, inputs.processes):
            if is_complete(run_file):
                print(f"{run_file}: complete, nothing to train", flush=True)
                return
            Trainer(run, run_file, inputs).run()
    except Exception as error:
        error.add_note(run.name)
        raise


def main(arguments: list[str]) -> None:
    """Do each run file named on the command line; see `shoplm.launch.main.do_files`."""
    do_files(PROGRAM, arguments, lambda processes: partial(train, inputs=SharedInputs(processes)))


if __name__ == "__main__":
    main(sys.argv[1:])
