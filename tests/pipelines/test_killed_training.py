"""`kedro run` killed in the middle of training: the next one goes on, to the same losses."""

import fcntl
import os
import shutil
import signal
import subprocess
import sys
import time
from pathlib import Path

import numpy as np
import pandas as pd
import pytest
import yaml

PIPELINE = ("run", "--env=test", "--pipelines=continual_pretrain")
RUNS = "data/test/06_models/pretraining_runs"
KEYS = ["variant", "seed", "step", "tokens", "split", "metric"]


@pytest.fixture
def project(demo_project, new_project):
    """The small demo's data, and one variant to train for some seconds."""
    project = new_project()
    shutil.copytree(demo_project / "data", project / "data")
    file = project / "conf/test/parameters_continual_pretrain.yml"
    settings = yaml.safe_load(file.read_text())
    training = {"tokens": 102_400, "passes": 6, "evaluations": 3, "keep": [0.1], "log_steps": 1}
    settings["continual_pretrain"]["pretraining"]["training"] |= training
    dropped = dict.fromkeys(["general_only", "ecom_only", "separate"])
    settings["continual_pretrain"] |= {"variants": dropped, "comparisons": []}
    file.write_text(yaml.safe_dump(settings))
    return project


def losses(project: Path) -> pd.Series:
    table = pd.read_csv(project / "data/test/07_model_output/pretrain_metrics.csv")
    table = table[~table["metric"].isin(["tokens_per_second", "memory_gb"])]
    return table.set_index(KEYS)["value"]


def kill_after_a_checkpoint(project: Path) -> None:
    """Start a run, and kill kedro alone once training has a checkpoint."""
    command = [sys.executable, "-m", "kedro", *PIPELINE]
    out = (project / "killed.txt").open("w")
    with out, subprocess.Popen(command, cwd=project, stdout=out, stderr=out) as child:
        deadline = time.monotonic() + 120
        while not list((project / RUNS).glob("mixed-*/checkpoints/step-*")):
            assert child.poll() is None and time.monotonic() < deadline, (
                project / "killed.txt"
            ).read_text()
            time.sleep(0.01)
        os.kill(child.pid, signal.SIGKILL)


def wait_until_unlocked(project: Path) -> None:
    """Until the processes that a killed kedro left behind have been ended."""
    with (project / RUNS / "launch.log").open("a") as log:
        fcntl.flock(log, fcntl.LOCK_EX)


def test_killed_it_ends_with_the_losses_of_an_undisturbed_run(project, kedro):
    shutil.rmtree(project / RUNS)
    kedro(project, *PIPELINE)
    undisturbed = losses(project)
    shutil.rmtree(project / RUNS)
    kill_after_a_checkpoint(project)
    wait_until_unlocked(project)
    kedro(project, *PIPELINE)
    log = (project / RUNS / "launch.log").read_text()
    assert log.count("resumed_after=") == 1
    resumed = losses(project)
    pd.testing.assert_index_equal(resumed.index, undisturbed.index)
    np.testing.assert_allclose(resumed, undisturbed, rtol=1e-6)
    models = project / "data/test/06_models"
    assert (models / "pretrained_models/mixed/seed-0/config.json").exists()
    assert len(list((models / "pretrain_checkpoints/mixed/seed-0").iterdir())) == 1
    assert not list((project / RUNS).glob("*/checkpoints/*"))
