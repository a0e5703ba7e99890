"""One training run of a funnel model from its run file to what it predicts for the test."""

from __future__ import annotations

import json
import signal
from collections.abc import Sequence
from pathlib import Path

import numpy as np
import torch

from shoplm.funnel.batch import Batch
from shoplm.funnel.inputs import RunData, SharedInputs
from shoplm.funnel.models import build
from shoplm.funnel.models.base import FunnelModel
from shoplm.funnel.passes import CHOOSING, REFITTING, Passes
from shoplm.funnel.progress import Progress, RunCheckpoints
from shoplm.funnel.run import COSTS, METRICS, MODEL, PREDICTIONS, FunnelRun
from shoplm.funnel.saving import save
from shoplm.funnel.scoring import SMALLER_IS_BETTER, measure, predict, write_predictions
from shoplm.funnel.transfer import Frozen, adopt_initial
from shoplm.launch import mark_complete, report_progress
from shoplm.launch.durable import write_durably
from shoplm.launch.gauges import Clock, reset_peak_memory
from shoplm.launch.interrupts import sigterm_noted
from shoplm.launch.results import ResultFile
from shoplm.launch.seeds import seed_random, seed_torch
from shoplm.launch.tensors import parameter_groups
from shoplm.variants import fingerprint


class Trainer:
    """Everything of a run that is in memory.

    Nothing random is carried from step to step: the order of rows and dropout follow from seed,
    pass and step. So a checkpoint is model, optimizer and progress.
    """

    def __init__(self, run: FunnelRun, run_file: Path, inputs: SharedInputs) -> None:
        """Open the data and build the model.

        Args:
            run: what to train.
            run_file: where it was read; results go beside it.
            inputs: what runs of the same program share.

        Raises:
            FileNotFoundError: an input is missing.
            ValueError: a setting or an input does not fit, or there are several processes.
        """
        if inputs.processes.world_size > 1:
            raise ValueError(
                f"{inputs.processes.world_size} processes: models of a funnel are trained by one; "
                "set launch.processes to 1"
            )
        self.run_settings, self.training = run, run.training
        self.run_file, self.directory = run_file, run_file.parent
        self.inputs = inputs
        self.device = inputs.processes.device
        reset_peak_memory(self.device)
        self.data = RunData(inputs.log(run.data), run)
        self.passes = Passes(self.data, run)
        self.progress = Progress()
        self.results = ResultFile(self.directory / METRICS)
        identity = fingerprint(run.identity(inputs.digest))
        self.checkpoints = RunCheckpoints(self.directory, identity, inputs.processes)
        self._build(CHOOSING)

    def run(self) -> None:
        """Train from the newest checkpoint, or from the start, predict, and write all results.

        Raises:
            SystemExit: SIGTERM came; there is a checkpoint after the step that was in work then.
            FloatingPointError: a loss, a gradient or a probability was not finite; the message
                names the step.
        """
        for warning in self._warnings():
            self.inputs.warn(self.run_settings.data, warning)
        if self.model.is_trained:
            self._resume()
            with sigterm_noted() as self.stop_asked:
                self._learn()
        else:
            self._fit()
        self._finish()

    def _build(self, sides: Sequence[str]) -> None:
        """First weights, the same ones for choosing and refitting, and a new optimizer.

        Args:
            sides: that it is to learn from; regions without a row there are unseen.
        """
        run, training = self.run_settings, self.training
        self.description = self.data.describe(getattr(run.model, "md", False), sides)
        seed_torch(f"{run.seed}:weights")
        self.model = build(run.model, self.description)
        if not self.model.is_trained:
            if run.initial is not None:
                raise ValueError(f"initial: model {run.model.model!r} takes no weights of another")
            return
        self.model.to(self.device).train()
        self.frozen = Frozen(self.model, {})
        if run.initial is not None:
            self.frozen = adopt_initial(self.model, run, self.description, self.data.log)
        self.parameters = [p for p in self.model.parameters() if p.requires_grad]
        self.optimizer = torch.optim.AdamW(
            parameter_groups(self.model, training.weight_decay),
            lr=training.learning_rate,
            betas=training.betas,
            fused=True,
        )

    def _warnings(self) -> list[str]:
        found = list(self.data.log.warnings)
        if isinstance(self.model, FunnelModel) and len(self.data.log.regions) > 1:
            reasons = {getattr(module, "md_off", None) for module in self.model.modules()}
            found += [f"MD is off: {reason}" for reason in sorted(reasons - {None})]
        return found

    def _resume(self) -> None:
        """Take up the newest checkpoint, and drop results of later steps."""
        found = self.checkpoints.resume()
        if found is not None:
            self.progress, state = found
            if self.progress.refit_from is not None:
                self._build(REFITTING)
            self.model.load_state_dict(state["model"])
            self.optimizer.load_state_dict(state["optimizer"])
            n_steps = self.passes.most_steps(CHOOSING)
            report_progress(self.progress.step, n_steps, run=self.run_settings.name)
        self.results.cut(self.progress.measured)

    def _fit(self) -> None:
        sides = REFITTING if self.training.refit else CHOOSING
        self._build(sides)
        with self.progress.costs.time("training"):
            self.model.fit(self.data.batches(sides, self.training.batch_rows))
        self.progress.costs.rows = self.data.n_rows(sides)
        self.progress.stopped_by = "fitted"

    def _learn(self) -> None:
        """Choose the number of passes, and refit with it."""
        progress, choice = self.progress, self.training.validation
        chooses = choice is not None and self.data.n_rows(["validation"]) > 0
        if progress.refit_from is None:
            one, most = self.passes.steps_of_one(CHOOSING), self.passes.most_steps(CHOOSING)
            every = max(1, round(choice.every * one)) if chooses else None
            if chooses or not self.training.refit:
                self._train(CHOOSING, most, every)
            if chooses and progress.measured != progress.step:
                self._measure()
            if not chooses:
                progress.best.add(most, None)
        if not self.training.refit:
            self._save_last()
            if chooses:
                self.model.load_state_dict(self.checkpoints.best_weights.read(progress.best.step))
            return
        if progress.refit_from is None:
            progress.refit_from, progress.loss = progress.step, 0.0
            self._build(REFITTING)
        steps = self.passes.refit_steps(progress.best.step)
        self._train(REFITTING, progress.refit_from + steps, None)
        self._save_last()

    def _train(self, sides: Sequence[str], last: int, measure_every: int | None) -> None:
        """Make steps up to `last`, or as long as there is patience."""
        progress, clock, costs = self.progress, Clock(), self.progress.costs
        saved_at = costs.seconds["training"]
        batches = self.passes.batches(sides, progress.step - (progress.refit_from or 0))
        while progress.step < last:
            if measure_every and progress.best.worse >= self.training.validation.patience:
                progress.stopped_by = "patience"
                return
            with costs.time("training"):
                n_rows = self._step(next(batches))
            clock.add(n_rows)
            if clock.is_time_to_report():
                phase = "refitting" if progress.refit_from is not None else "choosing"
                name = self.run_settings.name
                report_progress(
                    progress.step, last, run=name, phase=phase, rows_per_second=clock.rate
                )
            with clock.stopped():
                if measure_every and progress.step % measure_every == 0:
                    self._measure()
                is_due = costs.seconds["training"] - saved_at >= (
                    self.training.checkpoint_minutes * 60
                )
                every = self.training.checkpoint_steps
                if is_due or (every and progress.step % every == 0) or self.stop_asked.is_set():
                    self._save()
                    saved_at = costs.seconds["training"]
            if self.stop_asked.is_set():
                raise SystemExit(128 + signal.SIGTERM)

    def _step(self, batch: Batch) -> int:
        progress, number = self.progress, self.progress.step + 1
        if self.device.type != "cpu":
            batch = batch.to(self.device)
        seed_random(self.run_settings.seed, number, 0)
        loss = self.model.loss(batch)
        self.optimizer.zero_grad(set_to_none=True)
        loss.backward()
        value = loss.item()
        self.checkpoints.check_finite(number, "loss", value)
        self.checkpoints.vouch(progress.step)
        gradients = [p.grad for p in self.parameters if p.grad is not None]
        norm = torch.nn.utils.get_total_norm(gradients)
        self.checkpoints.check_finite(number, "norm of the gradient", norm.item())
        if self.training.clipping is not None:
            torch.nn.utils.clip_grads_with_norm_(self.parameters, self.training.clipping, norm)
        self.optimizer.step()
        self.frozen.restore()
        progress.step, progress.loss = number, progress.loss + value
        progress.costs.rows += len(batch)
        return len(batch)

    def _predict(self, side: str) -> np.ndarray:
        try:
            return predict(self.model, self.data, side, self.training.batch_rows, self.device)
        except FloatingPointError as error:
            self.checkpoints.diverged(f"stopped after step {self.progress.step}: {error}")

    def _measure(self) -> None:
        """Measure the validation side, and keep the weights if they are the best."""
        progress, choice = self.progress, self.training.validation
        with progress.costs.time("validation"):
            values = measure(self._predict("validation"), self.data, "validation")
            steps = max(1, progress.step - progress.measured)
            self._write_rows("train", {"loss": {"all": progress.loss / steps}})
            self._write_rows("validation", values)
            value = values.get(choice.metric, {}).get("all")
            if value is not None and choice.metric in SMALLER_IS_BETTER:
                value = -value
            if progress.best.add(progress.step, value):
                self.checkpoints.best_weights.write(progress.step, self.model.state_dict())
        progress.measured, progress.loss = progress.step, 0.0
        progress.costs.note_memory(self.device)

    def _write_rows(self, split: str, values: dict[str, dict[str, float]]) -> None:
        place = {
            "variant": self.run_settings.variant,
            "seed": self.run_settings.seed,
            "step": self.progress.step,
            "passes": self.progress.step / self.passes.steps_of_one(CHOOSING),
            "split": split,
        }
        self.results.append(
            place | {"task": task, "metric": metric, "value": value}
            for metric, by_task in values.items()
            for task, value in by_task.items()
        )

    def _save(self) -> None:
        self.results.sync()  # a checkpoint vouches for the results before it
        self.progress.costs.note_memory(self.device)
        self.checkpoints.save(self.progress, self.model, self.optimizer)

    def _save_last(self) -> None:
        """Whoever is killed while predicting has trained already."""
        if self.checkpoints.saved != self.progress.step:
            self._save()

    def _n_trained(self) -> int:
        return sum(p.numel() for p in self.parameters) - self.frozen.n_weights

    def _finish(self) -> None:
        """Write the model, predict the test side and write what it took."""
        run, progress, costs = self.run_settings, self.progress, self.progress.costs
        data = self.data.log.fingerprint
        save(self.directory / MODEL, run, self.model, self.description, data)
        with costs.time("scoring"):
            p = self._predict("test")
        costs.scored = len(p)
        costs.note_memory(self.device)
        write_predictions(self.directory / PREDICTIONS, p, self.data)
        learns = self.model.is_trained
        chosen = progress.best.step
        report = costs.report(self.device) | {
            "parameters": sum(p.numel() for p in self.model.parameters()) if learns else None,
            "trained_parameters": self._n_trained() if learns else None,
            "steps": progress.step,
            "passes": chosen / self.passes.steps_of_one(CHOOSING) if learns else None,
            "stopped_by": progress.stopped_by,
            "warnings": self._warnings(),
        }
        self.results.sync()
        write_durably(self.directory / COSTS, json.dumps(report, indent=1))
        mark_complete(self.run_file, steps=progress.step, stopped_by=progress.stopped_by)
        self.checkpoints.remove()
