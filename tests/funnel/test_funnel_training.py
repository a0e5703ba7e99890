"""The training program in this process: what it leaves, and that nothing stops or changes it."""

from __future__ import annotations

import json
import os
import signal
from contextlib import contextmanager

import numpy as np
import pandas as pd
import pyarrow.parquet as pq
import pytest
import torch
from safetensors.torch import load_file

from shoplm.funnel import launching, trainer
from shoplm.funnel.inputs import RunData, SharedInputs
from shoplm.funnel.log.folder import FunnelLog
from shoplm.funnel.masks import region_masks
from shoplm.funnel.run import FunnelRun
from shoplm.funnel.saving import load
from shoplm.funnel.scoring import measure, predict
from shoplm.funnel.train import main, train
from shoplm.funnel.trainer import Trainer
from shoplm.launch import is_complete
from shoplm.launch.best import BestWeights
from shoplm.launch.checkpoints import Checkpoints
from shoplm.launch.processes import Processes
from shoplm.launch.program import COMPLETE
from shoplm.launch.results import ResultFile
from shoplm.metrics.funnel import summarise_funnel
from shoplm.metrics.funnel_settings import FunnelMetricSettings

ALONE = Processes(0, 1, torch.device("cpu"))
TASKS = ["click", "cart", "purchase"]
SIDES = {"train": [0, 1200], "validation": [1200, 1600], "test": [1600, 2000]}
SEQ = {"model": "seq", "md": True, "bottom": [8], "hidden": 8}
TRAINING = {
    "batch_size": 100,
    "max_passes": 2.0,
    "learning_rate": 0.02,
    "validation": {"every": 0.5, "patience": 9},
}


def write_data(
    folder, *, last_task=True, validation=True, rows_of_a_list=5, late_region=False, fingerprint="0"
):
    """2,000 rows of lists of 2 regions; the first feature says all there is to say.

    With `late_region` there is a third one, which the validation side shows first.
    """
    folder.mkdir(parents=True)
    rng = np.random.default_rng(7)
    n = 2000
    numeric = rng.normal(size=(n, 3)).astype(np.float32)
    labels = np.zeros((n, 3), dtype=np.int8)
    happened = np.ones(n, dtype=bool)
    for place, threshold in enumerate((0.3, 0.2, 0.0)):
        happened &= numeric[:, 0] * 2 + rng.logistic(size=n) > threshold
        labels[:, place] = happened
    labels[:, 2] *= last_task
    region = np.repeat(rng.integers(0, 2, 400), 5).astype(np.int16)
    regions = ["de", "fr", "it"] if late_region else ["de", "fr"]
    if late_region:
        region[1300:1800] = 2
    arrays = {
        "list": np.arange(n) // rows_of_a_list,
        "region": region,
        "platform": np.zeros(n, np.int16),
        "time": np.repeat(np.arange(400) * 3600, 5),
        "side": np.repeat(np.arange(3, dtype=np.int8), (1200, 400, 400)),
        "numeric": numeric,
        "categorical": rng.integers(0, 4, (n, 1)).astype(np.int32),
        "labels": labels,
        "popularity": rng.random(n).astype(np.float32),
        "region_numeric": np.eye(len(regions), dtype=np.float32),
    }
    for name, values in arrays.items():
        np.save(folder / f"{name}.npy", values)
    sides = SIDES if validation else {"train": [0, 1600], "validation": [1600, 1600]}
    meta = {
        "format": 1, "tasks": TASKS, "regions": regions, "platforms": ["app"],
        "numeric": ["a", "b", "c"], "categorical": ["brand"], "multivalued": [],
        "region_numeric": [f"region={name}" for name in regions], "categories": {"brand": 4},
        "warnings": [] if last_task else ["log has no purchase"],
        "fingerprint": fingerprint, "n_rows": n, "sides": SIDES | sides,
        "settings": {"region_features": []},
    }  # fmt: skip
    (folder / "meta.json").write_text(json.dumps(meta))
    return folder


@pytest.fixture(scope="module")
def data(tmp_path_factory):
    return write_data(tmp_path_factory.mktemp("log") / "data")


@pytest.fixture
def inputs():
    return SharedInputs(ALONE)


@pytest.fixture(scope="module")
def write(data):
    """Write a run file."""

    def written(folder, training=(), **changed):
        folder.mkdir(exist_ok=True)
        settings = {"variant": "seq_md", "data": data, "model": SEQ} | changed
        run = FunnelRun(**settings, dependent=("b",), training=TRAINING | dict(training))
        return run.write(folder)

    return written


@pytest.fixture(scope="module")
def unbroken(write, tmp_path_factory):
    """A run that nothing stopped."""
    file = write(tmp_path_factory.mktemp("unbroken"))
    train(file, SharedInputs(ALONE))
    return file


MEASURED = {
    "train_seconds", "validation_seconds", "scoring_seconds", "rows_per_second",
    "scored_per_second", "peak_memory_gb",
}  # fmt: skip


def facts(file):
    """What the costs and the completion marker say, but for times and the run file's digest."""
    costs = json.loads((file.parent / "costs.json").read_text())
    marker = json.loads((file.parent / COMPLETE).read_text())
    return {n: costs[n] for n in costs.keys() - MEASURED}, marker | {"run": None}


def left(file):
    """What a run has left, but for times."""
    folder = file.parent
    weights = load_file(folder / "model" / "model.safetensors")
    rows = [json.loads(line) for line in (folder / "metrics.jsonl").read_text().splitlines()]
    return weights, rows, pd.read_parquet(folder / "predictions.parquet")


def assert_same(file, other):
    (weights, rows, p), (others, other_rows, other_p) = left(file), left(other)
    assert weights.keys() == others.keys()
    assert all(torch.equal(weights[name], others[name]) for name in weights)
    assert rows == other_rows
    assert facts(file) == facts(other)
    pd.testing.assert_frame_equal(p, other_p)


@contextmanager
def at_step(number, act):
    """Let something happen before a step."""
    step = Trainer._step

    def taken(self, batch):
        if self.progress.step + 1 == number:
            act(self)
        return step(self, batch)

    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(Trainer, "_step", taken)
        yield


def kill_and_resume(file, step):
    with at_step(step, killed), pytest.raises(KeyboardInterrupt):
        train(file, SharedInputs(ALONE))
    assert not is_complete(file) and (file.parent / "checkpoints").exists()
    train(file, SharedInputs(ALONE))


def killed(*_) -> None:
    raise KeyboardInterrupt


def test_a_run_leaves_all_that_is_asked_of_it(unbroken):
    assert is_complete(unbroken)
    assert not (unbroken.parent / "checkpoints").exists()
    _, rows, p = left(unbroken)
    assert set(rows[0]) == set(launching.METRIC_COLUMNS)
    validated = [r for r in rows if r["metric"] == "auc" and r["task"] == "all"]
    assert [r["step"] for r in validated] == [6, 12, 18, 24]
    costs = json.loads((unbroken.parent / "costs.json").read_text())
    best = max(validated, key=lambda r: r["value"])
    assert costs["passes"] == best["step"] / 12
    refit = round(costs["passes"] * 16)  # 12 steps a pass of training rows, 16 with validation
    assert costs["steps"] == 24 + refit
    assert costs["rows"] == 2400 + 100 * refit
    assert costs["rows_per_second"] > 0 and costs["peak_memory_gb"] > 0.05
    weights = load_file(unbroken.parent / "model" / "model.safetensors")
    assert costs["parameters"] == sum(t.numel() for t in weights.values())
    assert pq.read_schema(unbroken.parent / "predictions.parquet").names == [
        "row", "p_1", "p_2", "p_3",
    ]  # fmt: skip
    assert p["row"].tolist() == list(range(1600, 2000))
    assert (p["p_1"] >= p["p_2"]).all() and (p["p_2"] >= p["p_3"]).all()


def test_it_has_learned_what_there_is_to_learn(unbroken, data):
    directories = {("seq_md", 0): unbroken.parent}
    table = summarise_funnel(
        launching.read_test_rows(data),
        launching.read_predictions(directories),
        TASKS,
        FunnelMetricSettings(),
    )
    whole = table[(table["region"] == "all") & (table["platform"] == "all")]
    auc = whole[(whole["metric"] == "auc") & (whole["seed"] == "mean")]
    found = auc.set_index(["variant", "task"])["value"]
    assert found["seq_md"].min() > 0.8 > 0.6 > found["popular_first"].max()
    violations = whole[(whole["metric"] == "violations") & (whole["variant"] == "seq_md")]
    assert (violations["value"] == 0).all()
    assert len(launching.read_costs(directories)) == 1
    assert set(launching.read_metrics(directories)["split"]) == {"train", "validation"}


def test_its_model_can_be_loaded_and_predicts_as_it_did(unbroken, data):
    model, description = load(unbroken.parent / "model")
    run = FunnelRun.read(unbroken)
    rows = RunData(FunnelLog.open(data), run)
    assert description == rows.describe(with_md=True)
    p = predict(model, rows, "test", 64, ALONE.device)
    np.testing.assert_allclose(p, left(unbroken)[2][["p_1", "p_2", "p_3"]], atol=1e-6)


def test_one_that_is_complete_is_left_alone(unbroken, inputs, capsys):
    train(unbroken, inputs)
    assert "complete, nothing to train" in capsys.readouterr().out


@pytest.mark.parametrize("step", [9, 30])
def test_killed_and_resumed_equals_unbroken(unbroken, write, tmp_path, step):
    file = write(tmp_path / "run", {"checkpoint_steps": 4})
    kill_and_resume(file, step)
    assert_same(file, unbroken)


@pytest.mark.parametrize(
    ("owner", "name", "call"),
    [
        (ResultFile, "append", 3),  # of the second measurement: its training loss
        (BestWeights, "keep", 2),  # a checkpoint is there, what it no longer needs too
        (Checkpoints, "_put_in_place", 3),
        (trainer, "write_predictions", 1),
        (trainer, "mark_complete", 1),
    ],
)
def test_killed_while_it_writes_equals_unbroken(
    unbroken, write, inputs, tmp_path, owner, name, call
):
    file = write(tmp_path / "run", {"checkpoint_steps": 4})
    do, calls = getattr(owner, name), []

    def called(*given, **named):
        calls.append(name)
        if len(calls) == call:
            raise KeyboardInterrupt
        return do(*given, **named)

    with pytest.MonkeyPatch.context() as patch, pytest.raises(KeyboardInterrupt):
        patch.setattr(owner, name, called)
        train(file, inputs)
    assert not is_complete(file)
    train(file, inputs)
    assert_same(file, unbroken)


def test_a_refit_that_was_resumed_still_tells_what_ended_the_choice(write, tmp_path):
    choice = {"every": 0.25, "patience": 2}  # nothing is learned: the first of three is the best
    file = write(
        tmp_path / "run",
        {"validation": choice, "learning_rate": 1e-30, "checkpoint_steps": 11},
    )
    kill_and_resume(file, 12)
    costs, marker = facts(file)
    assert costs["steps"] == 9 + 4  # a quarter of 12 steps a pass, then of 16
    assert costs["stopped_by"] == marker["stopped_by"] == "patience"


def test_a_region_that_validation_shows_first_is_known_to_the_refit(write, tmp_path):
    data = write_data(tmp_path / "data", late_region=True)
    short = {"max_passes": 0.25, "checkpoint_steps": 5}
    whole, again, chosen = (
        write(tmp_path / name, short | {"refit": name != "chosen"}, data=data)
        for name in ("whole", "again", "chosen")
    )
    for file in (whole, chosen):
        train(file, SharedInputs(ALONE))
    kill_and_resume(again, 7)
    assert_same(again, whole)
    masks = {}
    for file in (whole, again, chosen):
        found = region_masks(file.parent / "model", FunnelLog.open(data)).set_index("region")
        masks[file] = found["mask"]
    mean = masks[chosen][["de", "fr"]]
    assert mean.min() <= masks[chosen]["it"] <= mean.max()  # it stands in for one that is unseen
    assert load(chosen.parent / "model")[1].unseen_regions == (2,)
    for file in (whole, again):
        assert load(file.parent / "model")[1].unseen_regions == ()
    pd.testing.assert_series_equal(masks[whole], masks[again])


def test_lists_of_one_row_are_trained_on_and_measured(write, inputs, tmp_path):
    data = write_data(tmp_path / "data", rows_of_a_list=1)
    choice = {"every": 0.5, "metric": "ndcg@10"}
    file = write(tmp_path / "run", {"validation": choice, "max_passes": 1.0}, data=data)
    train(file, inputs)
    _, rows, p = left(file)
    ndcg = [r["value"] for r in rows if r["metric"] == "ndcg@10"]
    assert ndcg and set(ndcg) == {1.0}  # there is one order of one row
    assert [r["value"] for r in rows if r["metric"] == "auc" and r["task"] == "all"][-1] > 0.6
    assert len(p) == 400 and facts(file)[0]["passes"] == 0.5  # the earlier of two equal ones


def test_sigterm_ends_after_the_step_with_a_checkpoint(unbroken, write, inputs, tmp_path):
    file = write(tmp_path / "run")
    with (
        at_step(5, lambda trainer: os.kill(os.getpid(), signal.SIGTERM)),
        pytest.raises(SystemExit) as stopped,
    ):
        train(file, inputs)
    assert stopped.value.code == 128 + signal.SIGTERM
    assert [path.name for path in (file.parent / "checkpoints").iterdir()] == ["step-000005"]
    train(file, inputs)
    assert_same(file, unbroken)


def test_a_checkpoint_of_other_settings_is_refused(write, inputs, tmp_path):
    file = write(tmp_path / "run", {"checkpoint_steps": 2})
    with at_step(4, killed), pytest.raises(KeyboardInterrupt):
        train(file, inputs)
    write(tmp_path / "run", {"checkpoint_steps": 2, "learning_rate": 0.5})
    with pytest.raises(ValueError, match="a checkpoint of another run"):
        train(file, inputs)


def test_a_loss_that_is_not_finite_stops_and_names_the_step(write, inputs, tmp_path, capsys):
    file = write(tmp_path / "run", {"checkpoint_steps": 2})

    def spoil(trainer):
        with torch.no_grad():
            next(trainer.model.parameters()).fill_(torch.nan)

    with at_step(6, spoil), pytest.raises(SystemExit):
        main([str(file)])
    message = capsys.readouterr().err
    assert "seq_md/seed-0" in message and "stopped at step 6: the loss is nan" in message
    assert "step-000004" in message and not is_complete(file)
    assert not (file.parent / "predictions.parquet").exists()


def test_the_last_update_may_not_spoil_the_predictions(write, inputs, monkeypatch, tmp_path):
    finish = Trainer._finish

    def spoilt(self):
        with torch.no_grad():
            next(self.model.parameters()).fill_(torch.nan)
        finish(self)

    monkeypatch.setattr(Trainer, "_finish", spoilt)
    with pytest.raises(FloatingPointError, match=r"after step .*row 1600 .*click is nan"):
        train(write(tmp_path / "run", {"max_passes": 0.2}), inputs)


def test_without_refit_the_best_weights_of_the_choice_are_kept(write, inputs, tmp_path):
    file = write(tmp_path / "run", {"refit": False, "max_passes": 1.0})
    train(file, inputs)
    rows = [r for r in left(file)[1] if r["metric"] == "auc" and r["task"] == "all"]
    costs = json.loads((file.parent / "costs.json").read_text())
    assert costs["steps"] == 12
    best = max(rows, key=lambda r: r["value"])
    model, _ = load(file.parent / "model")
    data = RunData(inputs.log(FunnelRun.read(file).data), FunnelRun.read(file))
    p = predict(model, data, "validation", 512, ALONE.device)
    assert measure(p, data, "validation")["auc"]["all"] == pytest.approx(best["value"], abs=1e-6)


def test_where_no_pass_is_chosen_it_trains_once_on_all_rows(write, inputs, tmp_path):
    file = write(tmp_path / "run", {"validation": None, "max_passes": 0.5})
    train(file, inputs)
    costs = json.loads((file.parent / "costs.json").read_text())
    assert (costs["passes"], costs["steps"], costs["rows"]) == (0.5, 8, 800)


def test_it_stops_when_validation_gets_worse(write, inputs, tmp_path):
    choice = {"every": 0.25, "patience": 2, "metric": "log_loss"}
    file = write(
        tmp_path / "run",
        {"validation": choice, "learning_rate": 2.0, "max_passes": 50.0, "refit": False},
    )
    train(file, inputs)
    costs = json.loads((file.parent / "costs.json").read_text())
    assert costs["stopped_by"] == "patience" and costs["steps"] < 600
    losses = [r["value"] for r in left(file)[1] if r["metric"] == "log_loss" and r["task"] == "all"]
    assert np.argmin(losses) == len(losses) - 3


@pytest.fixture(scope="module")
def two_tasks(write, tmp_path_factory):
    file = write(tmp_path_factory.mktemp("two"), {"max_passes": 1.0}, tasks=("click", "cart"))
    train(file, SharedInputs(ALONE))
    return file


def test_two_tasks_then_a_third_on_a_frozen_trunk(two_tasks, write, inputs, tmp_path):
    p = left(two_tasks)[2]
    assert p["p_3"].isna().all() and p["p_2"].notna().all()
    initial = two_tasks.parent / "model"
    third = write(
        tmp_path / "three",
        {"max_passes": 1.0, "weight_decay": 0.1, "checkpoint_steps": 4},
        initial=initial,
        frozen=True,
    )
    with at_step(6, killed), pytest.raises(KeyboardInterrupt):
        train(third, inputs)
    train(third, inputs)
    after = left(third)[2]
    np.testing.assert_allclose(after[["p_1", "p_2"]], p[["p_1", "p_2"]], rtol=1e-5)
    assert after["p_3"].notna().all() and after["p_3"].std() > 0.01
    before, weights = left(two_tasks)[0], left(third)[0]
    costs = json.loads((third.parent / "costs.json").read_text())
    new = {name: weights[name].numel() - before[name].numel() for name in before}
    new |= {name: weights[name].numel() for name in weights.keys() - before.keys()}
    assert costs["trained_parameters"] == sum(new.values()) < costs["parameters"] / 4


def test_a_third_task_on_a_trunk_that_learns_on(two_tasks, write, inputs, tmp_path):
    third = write(tmp_path / "run", {"max_passes": 0.5}, initial=two_tasks.parent / "model")
    train(third, inputs)
    before, after = left(two_tasks)[0], left(third)[0]
    assert all(not torch.equal(before[name], after[name]) for name in before)
    costs = json.loads((third.parent / "costs.json").read_text())
    assert costs["trained_parameters"] == costs["parameters"]


@pytest.mark.parametrize(
    ("changed", "message"),
    [
        ({"tasks": ("cart", "purchase")}, "of tasks click, cart; expected the first of cart, pur"),
        ({"model": SEQ | {"hidden": 4}}, "has hidden 8; expected 4"),
        ({"model": SEQ | {"md": False}}, "reads other data: its dependent differs"),
        ({"data": "other"}, "was trained on another log"),
    ],
)
def test_a_model_that_does_not_fit_is_no_start(
    two_tasks, write, inputs, tmp_path, changed, message
):
    if "data" in changed:
        changed = {"data": write_data(tmp_path / "data", fingerprint="1")}
    with pytest.raises(ValueError, match=message):
        train(write(tmp_path / "run", **changed, initial=two_tasks.parent / "model"), inputs)


def test_trees_are_fitted_once_and_leave_the_same_files(write, inputs, tmp_path, data):
    model = {"model": "gbm", "trees": 5, "leaves": 4}
    file = write(tmp_path / "run", variant="gbm", model=model)
    train(file, inputs)
    p = pd.read_parquet(file.parent / "predictions.parquet")
    loaded, _ = load(file.parent / "model")
    again = predict(loaded, RunData(FunnelLog.open(data), FunnelRun.read(file)), "test", 99,
                    ALONE.device)  # fmt: skip
    np.testing.assert_allclose(p[["p_1", "p_2", "p_3"]], again, atol=1e-6)
    costs = launching.read_costs({("gbm", 0): file.parent}).iloc[0]
    assert costs["stopped_by"] == "fitted" and costs["rows"] == 1600


def test_a_task_without_positives_and_no_validation_are_dealt_with(write, inputs, tmp_path, capsys):
    data = write_data(tmp_path / "data", last_task=False, validation=False)
    file = write(tmp_path / "run", {"max_passes": 0.5}, data=data)
    train(file, inputs)
    again = write(tmp_path / "again", {"max_passes": 0.5}, data=data, seed=1)
    train(again, inputs)
    told = capsys.readouterr().out  # a warning of the log is passed on, once
    assert told.count("warning: log 'data': log has no purchase") == 1
    costs = json.loads((file.parent / "costs.json").read_text())
    assert costs["passes"] == 0.5


@pytest.mark.parametrize(
    ("changed", "message"),
    [
        ({"tasks": ("click", "order")}, "no 'order'"),
        ({"tasks": ("cart", "click")}, "is no order of"),
    ],
)
def test_tasks_that_do_not_fit_are_refused(write, inputs, tmp_path, changed, message):
    with pytest.raises(ValueError, match=message):
        train(write(tmp_path / "run", **changed), inputs)


def test_several_processes_are_refused(write, tmp_path):
    file = write(tmp_path / "run")
    pair = SharedInputs(Processes(0, 2, torch.device("cpu")))
    with pytest.raises(ValueError, match="2 processes: models of a funnel are trained by one"):
        Trainer(FunnelRun.read(file), file, pair)


def test_who_is_killed_while_predicting_does_not_train_again(unbroken, write, inputs, tmp_path):
    file = write(tmp_path / "run")
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(Trainer, "_finish", killed)
        with pytest.raises(KeyboardInterrupt):
            train(file, inputs)
        patch.undo()
        patch.setattr(Trainer, "_step", lambda self, batch: pytest.fail("a step was made"))
        train(file, inputs)
    assert_same(file, unbroken)


def test_freezing_takes_a_model_to_freeze():
    with pytest.raises(ValueError, match="no `initial` model"):
        FunnelRun(variant="a", data="d", model=SEQ, frozen=True)
