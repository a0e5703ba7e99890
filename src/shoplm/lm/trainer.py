"""One training run from its run file to its final model."""

from __future__ import annotations

import hashlib
import math
import shutil
import signal
from collections.abc import Iterator
from functools import lru_cache
from pathlib import Path
from time import monotonic
from typing import Any, NamedTuple

import numpy as np
import torch

from shoplm.launch import mark_complete, report_progress
from shoplm.lm.blocks import Blocks, block_order
from shoplm.lm.checkpoints import Checkpoints
from shoplm.lm.deepspeed_config import blocks_per_process, has_fp32_masters
from shoplm.lm.engines import DeepSpeedEngine, Engine, MicroBatch, PlainEngine
from shoplm.lm.evaluate import measure_documents
from shoplm.lm.gauges import Clock, peak_memory, reset_peak_memory
from shoplm.lm.interrupts import sigterm_noted
from shoplm.lm.loading import load_model, stored_dtype, tokenizer_fingerprint
from shoplm.lm.models import write_model
from shoplm.lm.packed import PackedCausalLM
from shoplm.lm.processes import Processes
from shoplm.lm.results import ResultFile
from shoplm.lm.run import CHECKPOINTS, DOCUMENT_LOSSES, FINAL, METRICS, TrainingRun
from shoplm.lm.schedule import learning_rate, plan_steps
from shoplm.variants import fingerprint


class Step(NamedTuple):
    """What a step came to; every process has the same."""

    loss: float
    rate: float
    norm: float
    tokens: int
    """Of documents."""
    is_checkpoint_due: bool
    is_stop_asked: bool


class Trainer:
    """Everything of a run that is in memory; each process has one.

    A step takes the same blocks whatever the number of processes, and its loss is the mean over
    all their targets, so results do not depend on how a batch is cut up. Nothing random is carried
    from step to step (dropout is seeded by step), so a checkpoint is model, optimizer and step.
    """

    def __init__(self, run: TrainingRun, run_file: Path, processes: Processes) -> None:
        """Open the inputs and refuse what does not fit, before anything is written.

        Raises:
            FileNotFoundError: the model or blocks are missing.
            ValueError: a setting, the model or the blocks do not fit.
        """
        self.run_settings, self.training = run, run.training
        self.run_file, self.directory = run_file, run_file.parent
        self.processes = processes
        tokenizer = tokenizer_fingerprint(run.base_model)
        self.blocks = Blocks.open(run.blocks, tokenizer)
        self.held_out = {n: Blocks.open(path, tokenizer) for n, path in run.held_out.items()}
        for path, blocks in [
            (run.blocks, self.blocks),
            *zip(run.held_out.values(), self.held_out.values(), strict=True),
        ]:
            if not blocks.n_targets(range(len(blocks))):
                raise ValueError(f"{path}: no document of these blocks has two tokens")
        length = self.blocks.sequence_length
        self.plan = plan_steps(self.training, len(self.blocks), length)
        self.share = blocks_per_process(self.training, processes.world_size, length)
        n_blocks = len(self.blocks)
        self.order = lru_cache(2)(lambda number: block_order(n_blocks, run.seed, number))
        self.stored_dtype = stored_dtype(run.base_model)

        self.metrics = ResultFile(self.directory / METRICS)
        self.document_losses = ResultFile(self.directory / DOCUMENT_LOSSES)
        identity = processes.first(lambda: fingerprint(run.identity(fingerprint)))
        self.checkpoints = Checkpoints(self.directory / CHECKPOINTS, identity, processes)
        self.tokens = 0
        self.saved: int | None = None
        self.engine = self._engine()

    def run(self) -> None:
        """Train from the newest checkpoint, or from the start, to the end.

        Raises:
            SystemExit: SIGTERM came; there is a checkpoint after the step that was in work then.
        """
        start = self._resume()
        if start == 0:
            self._measure(0)
        with sigterm_noted() as self.stop_asked:
            self._train(start)
        self._write_model(FINAL)
        if self.processes.is_first:
            self.metrics.sync()
            self.document_losses.sync()
            mark_complete(self.run_file, steps=self.plan.n_steps, tokens=self.tokens)
        self.checkpoints.remove()

    def close(self) -> None:
        """Free the model's memory."""
        self.engine.close()

    def _train(self, start: int) -> None:
        clock, self.saved_at = Clock(), monotonic()
        every = self.training.checkpoint_steps
        for number in range(start + 1, self.plan.n_steps + 1):
            step = self._step(number)
            clock.add(step.tokens)
            self.tokens += step.tokens
            is_last = number == self.plan.n_steps
            if number % self.training.log_steps == 0 or is_last:
                self._log(number, step, clock.tokens_per_second())
            if clock.is_time_to_report() or is_last:
                self._report(number, step.loss, clock.rate)
            with clock.stopped():
                if number in self.plan.evaluations:
                    self._measure(number)
                if number in self.plan.kept:
                    self._write_model(FINAL.with_name(f"tokens-{self.tokens}"))
                is_due = step.is_checkpoint_due or step.is_stop_asked
                if (is_due or (every and number % every == 0)) and not is_last:
                    self._save(number)
            if step.is_stop_asked and not is_last:
                raise SystemExit(128 + signal.SIGTERM)

    def _engine(self) -> Engine:
        training, base_model = self.training, self.run_settings.base_model
        precision = "stored" if has_fp32_masters(training) else "fp32"
        model = load_model(
            base_model, precision, training.activation_checkpointing, training.attention
        )
        packed = PackedCausalLM(model, training.logits_per_chunk)
        for blocks in (self.blocks, *self.held_out.values()):
            blocks.check_ids(model.get_input_embeddings().num_embeddings)
        reset_peak_memory(self.processes.device)
        if training.zero is None:
            return PlainEngine(packed, training, self.processes)
        return DeepSpeedEngine(
            packed, training, self.processes, self.blocks.sequence_length, self.directory
        )

    def _resume(self) -> int:
        """The step to go on after; results of later steps are dropped."""
        found = self.checkpoints.newest()
        step = 0
        if found is not None:
            path, manifest = found
            written_by = manifest["engine"], manifest["world_size"]
            ours = self._kind(), self.processes.world_size
            if written_by[0] == "deepspeed" and written_by != ours:
                raise ValueError(
                    f"{path}: written by DeepSpeed with {written_by[1]} processes, now there are "
                    f"{ours[1]}; resume with as many, or remove the folder to start afresh"
                )
            self.engine.load(path)
            step, self.tokens = manifest["step"], manifest["tokens"]
            self.saved = step
        if self.processes.is_first:
            self.metrics.cut(step if step else -1)
            self.document_losses.cut(step if step else -1)
            if not step:  # models of a run that was in this folder before
                models = (self.directory / FINAL).parent
                for old in [self.directory / FINAL, *models.glob("tokens-*")]:
                    shutil.rmtree(old, ignore_errors=True)
            if step:
                report_progress(
                    step, self.plan.n_steps, run=self.run_settings.name, resumed_after=step
                )
        return step

    def _step(self, step: int) -> Step:
        rows = self._rows(step)
        n_targets = self.blocks.n_targets(rows)
        if n_targets == 0:
            raise ValueError(f"step {step}: none of its blocks has a target")
        seed_random(self.run_settings.seed, step, self.processes.rank)
        total = self.engine.backward(list(self._own_batches(step)), n_targets)
        # what one process knows about time and signals travels with the loss
        minutes = (monotonic() - self.saved_at) / 60
        is_due = self.processes.is_first and minutes >= self.training.checkpoint_minutes
        total, due, stop = self.processes.sum([float(total), is_due, self.stop_asked.is_set()])
        loss = float(total) / n_targets
        self._check_finite(step, "loss", loss)
        if self.saved == step - 1:
            self.checkpoints.vouch(self.saved)
        rate = learning_rate(
            self.training.schedule, self.training.optimizer.learning_rate, step, self.plan.n_steps
        )
        norm = self.engine.step(rate)
        # some versions of DeepSpeed tell an overflow by -1
        self._check_finite(step, "norm of the gradient", norm if norm >= 0 else math.nan)
        return Step(loss, rate, norm, self.blocks.n_tokens(rows), bool(due), bool(stop))

    def _rows(self, step: int) -> np.ndarray:
        passes = (divmod(place, len(self.blocks)) for place in self.plan.positions(step))
        return np.array([self.order(number)[place] for number, place in passes])

    def _own_batches(self, step: int) -> Iterator[MicroBatch]:
        """This process's share of a step's blocks."""
        first = self.processes.rank * self.share
        rows = self._rows(step)[first : first + self.share]
        for part in np.array_split(rows, math.ceil(len(rows) / self.training.micro_batch)):
            yield self.blocks.segments(part)

    def _check_finite(self, step: int, name: str, value: float) -> None:
        if math.isfinite(value):
            return
        good = self.checkpoints.last_good()
        goes_on = f"the last good checkpoint is {good}" if good else "there is no good checkpoint"
        raise FloatingPointError(
            f"{self.directory}: stopped at step {step}: the {name} is {value}; nothing of this "
            f"step is kept, {goes_on}"
        )

    def _measure(self, step: int) -> None:
        """Losses on held-out text; those of single documents where a model is kept.

        Nothing is written if one of them is not finite: the last update may have spoilt the model.
        Without held-out text the blocks of the step are asked.
        """
        keep = step in (0, self.plan.n_steps) or step in self.plan.kept
        found = {}
        for split, blocks in self.held_out.items():
            found[split] = measure_documents(
                self.engine, blocks, self.training.micro_batch, self.processes
            )
            self._check_finite(step, f"loss on {split}", found[split].loss)
        if step and not found:
            losses = [float(self.engine.losses(part).sum()) for part in self._own_batches(step)]
            total = float(self.processes.sum([sum(losses)])[0])
            self._check_finite(step, "loss after the update", total)
        if not self.processes.is_first:
            return
        for split, measured in found.items():
            values = {"loss": measured.loss, "perplexity": measured.perplexity}
            self._append(step, split, values)
            if keep:
                place = self._place(step, split)
                self.document_losses.append(place | row for row in measured.rows())

    def _log(self, number: int, step: Step, speed: float) -> None:
        memory = self.processes.maximum(peak_memory(self.processes.device))
        if self.processes.is_first:
            values = {"loss": step.loss, "learning_rate": step.rate, "gradient_norm": step.norm}
            values |= {"tokens_per_second": speed, "memory_gb": memory}
            self._append(number, "train", values)

    def _report(self, step: int, loss: float, speed: float) -> None:
        if self.processes.is_first:
            report_progress(
                step,
                self.plan.n_steps,
                run=self.run_settings.name,
                loss=loss,
                tokens_per_second=speed,
            )

    def _append(self, step: int, split: str, values: dict[str, float]) -> None:
        place = self._place(step, split)
        self.metrics.append(place | {"metric": m, "value": v} for m, v in values.items())

    def _place(self, step: int, split: str) -> dict[str, Any]:
        run = self.run_settings
        at = {"variant": run.variant, "seed": run.seed, "step": step, "tokens": self.tokens}
        return at | {"split": split}

    def _kind(self) -> str:
        return "plain" if self.training.zero is None else "deepspeed"

    def _write_model(self, place: Path) -> None:
        weights = self.engine.weights(self.stored_dtype)

        def write() -> None:
            write_model(
                self.directory / place,
                self.engine.packed.model,
                weights,
                self.run_settings.base_model,
            )

        self.processes.first(write)

    def _save(self, step: int) -> None:
        if self.processes.is_first:  # a checkpoint vouches for the results before it
            self.metrics.sync()
            self.document_losses.sync()
        facts = {"engine": self._kind(), "world_size": self.processes.world_size}
        self.checkpoints.save(step, self.engine.save, tokens=self.tokens, **facts)
        self.saved, self.saved_at = step, monotonic()


def seed_random(seed: int, step: int, rank: int) -> None:
    """Seed dropout for one step in one process."""
    digest = hashlib.md5(f"{seed}:step:{step}:{rank}".encode()).digest()
    number = int.from_bytes(digest[:7], "big")
    # torch.manual_seed takes 2 ms: it also notes a stack trace for each device that is not there
    torch.default_generator.manual_seed(number)
    if torch.cuda.is_initialized():
        torch.cuda.manual_seed(number)
