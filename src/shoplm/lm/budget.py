"""How many tokens a run sees: as many as every run of a comparison, or each of its own blocks."""

from __future__ import annotations

import math
from collections.abc import Mapping

from shoplm.lm.deepspeed_config import blocks_per_process
from shoplm.lm.run import TrainingSettings
from shoplm.lm.schedule import available_blocks, plan_steps


def share_budget(
    trainings: Mapping[str, TrainingSettings],
    blocks: Mapping[str, tuple[int, int]],
    processes: Mapping[str, int] | None = None,
) -> dict[str, TrainingSettings]:
    """Give all runs that state no length the one that every one of them has the blocks for.

    Args:
        trainings: settings by name of run; those with `tokens` stay as they are.
        blocks: their number and length in tokens, by name of run.
        processes: on all hosts together, by name of run; one without it.

    Raises:
        ValueError: a run cannot make its steps with its blocks, or its processes cannot share a
            batch; the message names it.
    """
    available = {
        name: available_blocks(training.passes, blocks[name][0]) * blocks[name][1]
        for name, training in trainings.items()
        if training.tokens is None
    }
    shared = {
        name: training.model_copy(update={"tokens": min(available.values())})
        if name in available
        else training
        for name, training in trainings.items()
    }
    for name, training in shared.items():
        try:
            plan_steps(training, *blocks[name])
            blocks_per_process(training, (processes or {}).get(name, 1), blocks[name][1])
        except ValueError as error:
            raise ValueError(f"{name}: {error}") from None
    return shared


def shorten_to_data(
    training: TrainingSettings, n_blocks: int, sequence_length: int
) -> TrainingSettings:
    """The settings with no more tokens, and no larger batches, than the blocks give.

    Args:
        training: `passes` says how often the blocks may be seen.
        n_blocks: their number.
        sequence_length: tokens a block.
    """
    available = available_blocks(training.passes, n_blocks) * sequence_length
    tokens = min(training.tokens or available, available)
    whole = max(sequence_length, tokens // sequence_length * sequence_length)
    batch = min(training.batch_tokens, whole)
    return training.model_copy(update={"tokens": max(tokens, 1), "batch_tokens": batch})


def cover_blocks(
    training: TrainingSettings, n_blocks: int, sequence_length: int, processes: int = 1
) -> TrainingSettings:
    """The settings with whole batches that see every block `passes` times or more.

    `batch_tokens` is brought to the nearest number of blocks that the processes can share, and to
    no more than there are. The last batch is filled from the next pass, so that `passes` may grow
    a little; a run with `tokens` is left at those.

    Args:
        training: says how often the blocks are to be seen.
        n_blocks: their number.
        sequence_length: tokens a block.
        processes: on all hosts together.
    """
    share = math.floor(training.batch_tokens / (sequence_length * processes) + 0.5)
    available = math.ceil(round(training.passes * n_blocks / processes, 6))
    per_step = max(1, min(share, available)) * processes
    changes: dict[str, float] = {"batch_tokens": per_step * sequence_length}
    if training.tokens is None:
        n_steps = max(1, math.ceil(round(training.passes * n_blocks / per_step, 6)))
        changes["tokens"] = n_steps * per_step * sequence_length
        changes["passes"] = n_steps * per_step / n_blocks
    return training.model_copy(update=changes)
