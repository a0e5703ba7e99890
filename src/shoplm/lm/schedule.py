"""The steps of a run: how many, on which blocks, at what rate, and where it is measured."""

from __future__ import annotations

import math
from dataclasses import dataclass

from shoplm.lm.run import ScheduleSettings, TrainingSettings


@dataclass(frozen=True)
class StepPlan:
    """What happens at which step; steps count from 1, and 0 is before the first."""

    n_steps: int
    blocks_per_step: int
    """Of all processes together."""
    evaluations: frozenset[int]
    """Steps after which held-out text is measured, 0 and the last among them."""
    kept: frozenset[int]
    """Steps after which the model is kept, the last not among them."""

    def positions(self, step: int) -> range:
        """Places, in the endless sequence of passes, of the blocks that a step (from 1) takes."""
        return range((step - 1) * self.blocks_per_step, step * self.blocks_per_step)


def plan_steps(training: TrainingSettings, n_blocks: int, sequence_length: int) -> StepPlan:
    """How many steps a run makes over `n_blocks` blocks, and what happens on the way.

    Raises:
        ValueError: a batch is no whole number of blocks, the schedule is longer than the data, or
            there is not one step to make.
    """
    if training.batch_tokens % sequence_length:
        raise ValueError(
            f"batch_tokens: {training.batch_tokens} is no multiple of the block length, "
            f"{sequence_length}"
        )
    blocks_per_step = training.batch_tokens // sequence_length
    available = available_blocks(training.passes, n_blocks)
    if training.tokens is None:
        n_steps = available // blocks_per_step
    else:
        n_steps = training.tokens // training.batch_tokens
    if n_steps == 0:
        asked = "the blocks" if training.tokens is None else f"tokens ({training.tokens})"
        raise ValueError(
            f"there is no step to make: {asked} give less than one batch of "
            f"{training.batch_tokens} tokens; {training.passes:g} passes over {n_blocks} blocks "
            f"have {available * sequence_length}"
        )
    if n_steps * blocks_per_step > available:
        raise ValueError(
            f"the schedule is longer than the data: tokens is {training.tokens}, but "
            f"{training.passes:g} passes over {n_blocks} blocks of {sequence_length} have "
            f"{available * sequence_length}; ask for fewer tokens or allow more passes"
        )
    kept = frozenset(max(1, round(share * n_steps)) for share in training.keep) - {n_steps}
    equal = (round(i * n_steps / training.evaluations) for i in range(training.evaluations + 1))
    return StepPlan(n_steps, blocks_per_step, frozenset(equal) | kept, kept)


def available_blocks(passes: float, n_blocks: int) -> int:
    """Whole blocks in so many passes over `n_blocks` blocks."""
    return int(round(passes * n_blocks, 6))  # 2.3 * 100 is a little below 230


def learning_rate(schedule: ScheduleSettings, peak: float, step: int, n_steps: int) -> float:
    """The rate of a step.

    It rises linearly to the peak at step ceil(warmup * n_steps), and reaches the floor at the last
    step: in half a cosine from the warm-up on, or in a line over the last round(decay * n_steps)
    steps (warm-up-stable-decay, arXiv 2404.06395).

    Args:
        schedule: its form.
        peak: the highest rate.
        step: from 1 to `n_steps`.
        n_steps: of the whole run.
    """
    warmup = math.ceil(round(schedule.warmup * n_steps, 6))  # 0.07 * 100 is a little over 7
    if step < warmup:
        return peak * step / warmup
    if schedule.kind == "constant":
        return peak
    if schedule.kind == "cosine":
        first = max(1, warmup)
    else:
        first = max(1, warmup, n_steps - max(1, round(schedule.decay * n_steps)))
    if step <= first:
        return peak
    done = (step - first) / (n_steps - first)
    shape = (1 + math.cos(math.pi * done)) / 2 if schedule.kind == "cosine" else 1 - done
    return peak * (schedule.floor + (1 - schedule.floor) * shape)
