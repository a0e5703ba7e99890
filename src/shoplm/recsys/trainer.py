"""One training run of a recommender from its run file to the ranks of its test cases."""

from __future__ import annotations

import contextlib
import json
import math
import signal
from pathlib import Path

import torch

from shoplm.launch import mark_complete, report_progress, report_warning
from shoplm.launch.durable import write_durably
from shoplm.launch.gauges import Clock, reset_peak_memory
from shoplm.launch.interrupts import sigterm_noted
from shoplm.launch.results import ResultFile
from shoplm.launch.seeds import seed_torch
from shoplm.recsys.engines import Engine, PlainEngine, kept_tensors
from shoplm.recsys.inputs import SharedInputs
from shoplm.recsys.models import build
from shoplm.recsys.models.base import Recommender
from shoplm.recsys.ranks import mean_gains, write_ranks
from shoplm.recsys.resuming import Progress, RunCheckpoints
from shoplm.recsys.run import COSTS, METRICS, MINUTES, MODEL, RANKS, RecommendationRun
from shoplm.recsys.saving import save
from shoplm.recsys.steps import Step, StepMaker
from shoplm.variants import fingerprint


class Trainer:
    """Everything of a run that is in memory; each process has one.

    Nothing random is carried from step to step: rows, negatives and dropout follow from seed and
    step. So a checkpoint is model, optimizer and progress.
    """

    def __init__(self, run: RecommendationRun, run_file: Path, inputs: SharedInputs) -> None:
        """Open the inputs and build the model.

        Args:
            run: what to train.
            run_file: where it was read; results go beside it.
            inputs: what runs of the same program share.

        Raises:
            FileNotFoundError: an input is missing.
            ValueError: a setting or an input does not fit.
        """
        self.run_settings, self.training = run, run.training
        self.run_file, self.directory = run_file, run_file.parent
        self.inputs, self.processes = inputs, inputs.processes
        self.progress = Progress()
        reset_peak_memory(self.processes.device)
        self.data = inputs.training_data(run)
        seed_torch(f"{run.seed}:weights")
        self.model: Recommender = build(run.model, self.data)
        self.model.is_bf16 = is_bf16(run, self.processes.device)
        with self.progress.costs.time("fitting"):
            self.model.fit(self.data)
        self.learns = self.model.examples != "none"
        self.results = ResultFile(self.directory / METRICS)
        identity = self.processes.first(lambda: fingerprint(run.identity(inputs.digest)))
        kind = "plain" if run.training.zero is None else "deepspeed"
        self.checkpoints = RunCheckpoints(
            self.directory, identity, self.data.data, kind, self.processes
        )
        self.engine: Engine | None = None

    def run(self) -> None:
        """Train from the newest checkpoint, or from the start, rank, and write all results.

        Raises:
            SystemExit: SIGTERM came; there is a checkpoint after the step that was in work then.
        """
        stopped_by = "nothing to train"
        if self.learns:
            stopped_by = self._learn()
        else:
            self.model.to(self.processes.device)
        self._finish(stopped_by)

    def validate(self) -> float:
        """Train as `run` does, and give the best value of the validation metric alone.

        Test cases are left as they are, nothing is marked complete, and a model that follows from
        its data is measured too: what a search of settings asks for.

        Raises:
            ValueError: there are no validation cases.
        """
        best = self.progress.best
        if self.learns:
            self._learn()
            best = self.progress.best
        else:
            self.model.to(self.processes.device)
            ranking = self.inputs.ranking(self.run_settings, "validation")
            values = mean_gains(ranking.rank(self.model, self.run_settings.strategy))
            best.add(0, values.get(self.training.validation.metric))
        if best.value is None:
            raise ValueError(f"{self.run_settings.data}: no validation cases to search by")
        return best.value

    def close(self) -> None:
        """Free the model's memory."""
        if self.engine is not None:
            self.engine.close()

    def _learn(self) -> str:
        """Train, put the best weights in place, and tell what ended it."""
        self.engine = self._engine()
        self.steps = StepMaker(self.data, self.run_settings, self.engine, self.processes)
        if self.processes.is_first:
            for warning in self.steps.batches.warnings():
                report_warning(warning)
        self._resume()
        with sigterm_noted() as self.stop_asked:
            stopped_by = self._train()
        if self.checkpoints.saved != self.progress.step:
            self._save()  # whoever is killed while ranking has trained already
        if self.progress.measured != self.progress.step:
            self._measure()
        best = self.checkpoints.best_weights.read(self.progress.best.step)
        self.engine.restore(best)
        return stopped_by

    def _engine(self) -> Engine:
        if self.training.zero is None:
            return PlainEngine(self.model, self.training, self.processes)
        from shoplm.recsys.deepspeed_engine import DeepSpeedEngine

        return DeepSpeedEngine(self.model, self.training, self.processes, self.directory)

    def _resume(self) -> None:
        """Take up the newest checkpoint, and drop results of later steps."""
        fitting = self.progress.costs.seconds["fitting"]
        found = self.checkpoints.resume(self.engine)
        if found is not None:
            self.progress = found
            found.costs.seconds["fitting"] = fitting
        if self.processes.is_first:
            self.results.cut(self.progress.measured)
            if found is not None:
                self._report(resumed_after=found.step)

    def _train(self) -> str:
        clock, self.saved_at = Clock(), self._seconds()
        every = self.training.checkpoint_steps
        while (stopped_by := self._ended()) is None:
            with self.progress.costs.time("training"):
                step = self._take_step()
            clock.add(self.engine.targets)
            if clock.is_time_to_report():
                best = self.progress.best.value
                known = {} if best is None else {"best": best}
                self._report(loss=step.loss, examples_per_second=clock.rate, **known)
            with clock.stopped():
                number = self.progress.step
                if number % self.steps.measure_every == 0:
                    self._measure()
                is_due = step.is_checkpoint_due or step.is_stop_asked
                if is_due or (every and number % every == 0):
                    self._save()
            if step.is_stop_asked:
                raise SystemExit(128 + signal.SIGTERM)
        return stopped_by

    def _ended(self) -> str | None:
        """Why there is no further step; every process comes to the same."""
        if self.progress.step >= self.steps.n_steps:
            return "steps"
        if self.progress.best.worse >= self.training.validation.patience:
            return "patience"
        budget = self.training.minutes
        if budget is not None and self.processes.maximum(self._seconds()) >= budget * 60:
            return MINUTES
        return None

    def _seconds(self) -> float:
        seconds = self.progress.costs.seconds
        return seconds["training"] + seconds["validation"]

    def _take_step(self) -> Step:
        progress, number = self.progress, self.progress.step + 1
        minutes = (self._seconds() - self.saved_at) / 60
        is_due = self.processes.is_first and minutes >= self.training.checkpoint_minutes
        step = self.steps.take(number, lambda: (is_due, self.stop_asked.is_set()))
        self.checkpoints.check_finite(number, "loss", step.loss)
        self.checkpoints.vouch(progress.step)
        self.checkpoints.check_finite(number, "norm of the gradient", step.norm)
        progress.step = number
        progress.costs.examples += self.engine.targets
        progress.loss, progress.steps = progress.loss + step.loss, progress.steps + 1
        return step

    def _measure(self) -> None:
        """Rank validation cases, write a row of each metric, and keep the weights if they are the
        best."""
        progress, run = self.progress, self.run_settings
        with progress.costs.time("validation"), self.engine.scoring() as model:
            spoilt = any(not p.isfinite().all() for p in model.parameters() if p.requires_grad)
            # the last update may have spoilt them; a rank among nan would be the first
            self.checkpoints.check_finite(
                progress.step, "sum of the weights", math.nan if spoilt else 0.0
            )
            values = mean_gains(self.inputs.ranking(run, "validation").rank(model, run.strategy))
        if progress.steps:
            loss = progress.loss / progress.steps
            rate = self.steps.rate(progress.step)
            self._write_rows("train", {"loss": loss, "learning_rate": rate})
        self._write_rows("validation", values)
        if progress.best.add(progress.step, values.get(self.training.validation.metric)):
            self.checkpoints.best_weights.write(progress.step, self.engine.weights())
        progress.measured, progress.loss, progress.steps = progress.step, 0.0, 0
        progress.costs.note_memory(self.processes)

    def _write_rows(self, split: str, values: dict[str, float]) -> None:
        if self.processes.is_first:
            row = {"variant": self.run_settings.variant, "seed": self.run_settings.seed}
            row |= {"step": self.progress.step, "examples": self.progress.costs.examples}
            self.results.append(
                row | {"split": split, "metric": m, "value": v} for m, v in values.items()
            )

    def _report(self, **values: float) -> None:
        if self.processes.is_first:
            name = self.run_settings.name
            report_progress(self.progress.step, self.steps.n_steps, run=name, **values)

    def _save(self) -> None:
        if self.processes.is_first:
            self.results.sync()  # a checkpoint vouches for the results before it
        self.progress.costs.note_memory(self.processes)
        self.checkpoints.save(self.progress, self.engine)
        self.saved_at = self._seconds()

    def _finish(self, stopped_by: str) -> None:
        """Write the model, rank the test cases and write what they came to."""
        run, progress = self.run_settings, self.progress
        if self.learns:
            weights = self.checkpoints.best_weights.read(progress.best.step)
        else:
            weights = {name: t.detach() for name, t in kept_tensors(self.model)}
        given = self.directory / MODEL, run, self.model, self.data, weights, self.inputs.digest
        self.processes.first(lambda: save(*given))
        ranking = self.inputs.ranking(run, "test")
        scoring = contextlib.nullcontext(self.model)
        if self.engine is not None:
            scoring = self.engine.scoring()
        with progress.costs.time("ranking"), scoring as model:
            ranks = ranking.rank(model, run.strategy)
        progress.costs.ranked = len(ranking.cases)
        progress.costs.note_memory(self.processes)
        if not self.processes.is_first:
            return
        write_ranks(self.directory / RANKS, ranks)
        trained = (
            getattr(p, "ds_numel", p.numel()) for p in self.model.parameters() if p.requires_grad
        )
        costs = progress.costs.report(self.processes) | {
            "trained_parameters": sum(trained),
            "steps": progress.step,
            "best_step": progress.best.step,
            "stopped_by": stopped_by,
        }
        self.results.sync()
        write_durably(self.directory / COSTS, json.dumps(costs, indent=1))
        facts = {"steps": progress.step, "stopped_by": stopped_by}
        mark_complete(self.run_file, **facts, minutes=self.training.minutes)
        if stopped_by != MINUTES:  # such a run may go on
            self.checkpoints.remove()


def is_bf16(run: RecommendationRun, device: torch.device) -> bool:
    """Whether activations are bf16 on this device."""
    if run.training.precision == "auto":
        return device.type == "cuda" and torch.cuda.is_bf16_supported()
    return run.training.precision == "bf16"
