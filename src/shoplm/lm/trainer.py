"""One training run from its run file to its final model."""

from __future__ import annotations

import math
import signal
from collections.abc import Iterator
from functools import lru_cache
from pathlib import Path
from time import monotonic
from typing import NamedTuple

import numpy as np

from shoplm.launch import mark_complete, report_progress
from shoplm.launch.checkpoints import Checkpoints
from shoplm.launch.gauges import Clock, peak_memory, reset_peak_memory
from shoplm.launch.interrupts import sigterm_noted
from shoplm.launch.processes import Processes
from shoplm.launch.seeds import seed_random
from shoplm.lm.blocks import Blocks, MicroBatch, block_order
from shoplm.lm.deepspeed_config import blocks_per_process
from shoplm.lm.deepspeed_engine import DeepSpeedEngine
from shoplm.lm.engines import Engine, PlainEngine
from shoplm.lm.evaluate import DocumentLosses, measure_splits, start_key
from shoplm.lm.loading import tokenizer_fingerprint
from shoplm.lm.outputs import Outputs, load_for_training
from shoplm.lm.packed import PackedCausalLM
from shoplm.lm.results import RunResults
from shoplm.lm.run import CHECKPOINTS, FINAL, TrainingRun
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

    def __init__(
        self,
        run: TrainingRun,
        run_file: Path,
        processes: Processes,
        untrained: dict[str, dict[str, DocumentLosses]] | None = None,
    ) -> None:
        """Open the inputs and refuse what does not fit, before anything is written.

        Args:
            run: what to train.
            run_file: where it was read; results go beside it.
            processes: who trains.
            untrained: losses before the first step that runs of the same program have measured;
                this one adds its own, and does not measure again what is there.

        Raises:
            FileNotFoundError: the model or blocks are missing.
            ValueError: a setting, the model or the blocks do not fit.
        """
        self.run_settings, self.training = run, run.training
        self.run_file, self.directory = run_file, run_file.parent
        self.processes = processes
        self.untrained = {} if untrained is None else untrained
        tokenizer = tokenizer_fingerprint(run.base_model)
        self.blocks = Blocks.open(run.blocks, tokenizer)
        self.held_out = {n: Blocks.open(path, tokenizer) for n, path in run.held_out.items()}
        for path, blocks in [
            (run.blocks, self.blocks),
            *zip(run.held_out.values(), self.held_out.values(), strict=True),
        ]:
            if not blocks.n_targets(range(len(blocks))):
                raise ValueError(
                    f"{path}: no document of these blocks has two tokens, or one behind its prompt"
                )
        length = self.blocks.sequence_length
        self.plan = plan_steps(self.training, len(self.blocks), length)
        self.share = blocks_per_process(self.training, processes.world_size, length)
        n_blocks = len(self.blocks)
        self.order = lru_cache(2)(lambda number: block_order(n_blocks, run.seed, number))

        self._check_targets()
        self.results = RunResults(self.directory, run, processes.is_first)
        self.outputs = Outputs(self.directory, run, processes)
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
        self.outputs.write(FINAL, self.engine)
        self.outputs.merge()
        self.results.sync()
        if self.processes.is_first:
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
                    self.outputs.write(FINAL.with_name(f"tokens-{self.tokens}"), self.engine)
                is_due = step.is_checkpoint_due or step.is_stop_asked
                if (is_due or (every and number % every == 0)) and not is_last:
                    self._save(number)
            if step.is_stop_asked and not is_last:
                raise SystemExit(128 + signal.SIGTERM)

    def _engine(self) -> Engine:
        training, run = self.training, self.run_settings
        model = load_for_training(run)
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
        self.results.cut(step if step else -1)
        if self.processes.is_first:
            if not step:
                self.outputs.remove()
            if step:
                report_progress(
                    step, self.plan.n_steps, run=self.run_settings.name, resumed_after=step
                )
        return step

    def _step(self, step: int) -> Step:
        rows = self._rows(step)
        n_targets = self.blocks.n_targets(rows)
        seed_random(self.run_settings.seed, step, self.processes.rank)
        total = self.engine.backward(list(self._own_batches(step)), n_targets)
        # what one process knows about time and signals travels with the loss
        minutes = (monotonic() - self.saved_at) / 60
        is_due = self.processes.is_first and minutes >= self.training.checkpoint_minutes
        total, due, stop = self.processes.sum([float(total), is_due, self.stop_asked.is_set()])
        loss = float(total) / n_targets
        self.checkpoints.check_finite(step, "loss", loss)
        if self.saved == step - 1:
            self.checkpoints.vouch(self.saved)
        rate = learning_rate(
            self.training.schedule, self.training.optimizer.learning_rate, step, self.plan.n_steps
        )
        norm = self.engine.step(rate)
        # some versions of DeepSpeed tell an overflow by -1
        self.checkpoints.check_finite(step, "norm of the gradient", norm if norm >= 0 else math.nan)
        return Step(loss, rate, norm, self.blocks.n_tokens(rows), bool(due), bool(stop))

    def _rows(self, step: int) -> np.ndarray:
        passes = (divmod(place, len(self.blocks)) for place in self.plan.positions(step))
        return np.array([self.order(number)[place] for number, place in passes])

    def _own_batches(self, step: int) -> Iterator[MicroBatch]:
        """This process's share of a step's blocks."""
        first = self.processes.rank * self.share
        rows = self._rows(step)[first : first + self.share]
        for part in np.array_split(rows, math.ceil(len(rows) / self.training.micro_batch)):
            yield self.blocks.micro_batch(part)

    def _check_targets(self) -> None:
        """Refuse a step without a loss before the first one is made."""
        of_blocks = self.blocks.targets_of_blocks
        if of_blocks.all():
            return
        for step in range(1, self.plan.n_steps + 1):
            if not of_blocks[self._rows(step)].any():
                raise ValueError(
                    f"{self.blocks.directory}: step {step} would have no target: none of its "
                    "blocks has a document of two tokens, or one behind its prompt; raise "
                    "batch_tokens"
                )

    def _measure(self, step: int) -> None:
        """Losses on held-out text; those of single documents where a model is kept.

        Nothing is written if one of them is not finite: the last update may have spoilt the model.
        Without held-out text the blocks of the step are asked.
        """
        keep = step in (0, self.plan.n_steps) or step in self.plan.kept
        start = start_key(self.run_settings)
        found = self.untrained.get(start) if step == 0 else None
        if found is None:
            found = measure_splits(
                self.engine, self.held_out, self.training.micro_batch, self.processes
            )
            for split, measured in found.items():
                self.checkpoints.check_finite(step, f"loss on {split}", measured.loss)
        if step == 0:
            self.untrained[start] = found
        if step and not found:
            losses = [float(self.engine.losses(part).sum()) for part in self._own_batches(step)]
            total = float(self.processes.sum([sum(losses)])[0])
            self.checkpoints.check_finite(step, "loss after the update", total)
        self.results.add_measured(step, self.tokens, found, documents=keep)

    def _log(self, number: int, step: Step, speed: float) -> None:
        memory = self.processes.maximum(peak_memory(self.processes.device))
        values = {"loss": step.loss, "learning_rate": step.rate, "gradient_norm": step.norm}
        values |= {"tokens_per_second": speed, "memory_gb": memory}
        self.results.add(number, self.tokens, "train", values)

    def _report(self, step: int, loss: float, speed: float) -> None:
        if self.processes.is_first:
            name = self.run_settings.name
            report_progress(step, self.plan.n_steps, run=name, loss=loss, tokens_per_second=speed)

    def _kind(self) -> str:
        return "plain" if self.training.zero is None else "deepspeed"

    def _save(self, step: int) -> None:
        self.results.sync()  # a checkpoint vouches for the results before it
        facts = {"engine": self._kind(), "world_size": self.processes.world_size}
        self.checkpoints.save(step, self.engine.save, tokens=self.tokens, **facts)
        self.saved, self.saved_at = step, monotonic()
