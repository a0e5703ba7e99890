import pytest

from shoplm.lm.budget import cover_blocks, share_budget, shorten_to_data
from shoplm.lm.run import TrainingSettings
from shoplm.lm.schedule import plan_steps

LENGTH = 16


def settings(tokens=None, passes=1.0):
    return TrainingSettings(tokens=tokens, passes=passes, batch_tokens=2 * LENGTH)


def test_runs_that_state_no_length_get_what_the_smallest_mixture_has():
    shared = share_budget(
        {"small": settings(), "large": settings(), "stated": settings(tokens=64)},
        {"small": (10, LENGTH), "large": (400, LENGTH), "stated": (4, LENGTH)},
    )
    assert {name: t.tokens for name, t in shared.items()} == {
        "small": 160, "large": 160, "stated": 64,
    }  # fmt: skip


def test_passes_count():
    shared = share_budget(
        {"small": settings(passes=2.5), "large": settings(passes=1)},
        {"small": (10, LENGTH), "large": (30, LENGTH)},
    )
    assert [t.tokens for t in shared.values()] == [25 * LENGTH] * 2


@pytest.mark.parametrize(
    ("training", "words"),
    [
        (
            settings(tokens=11 * LENGTH * 2),
            r"mixed: the schedule is longer than the data.*352.*160",
        ),
        (settings(tokens=10), "mixed: there is no step to make"),
        (settings(passes=0.05), "mixed: there is no step to make"),
    ],
)
def test_a_length_that_the_blocks_cannot_give_is_refused_by_name(training, words):
    with pytest.raises(ValueError, match=words):
        share_budget({"mixed": training}, {"mixed": (10, LENGTH)})


def test_a_batch_that_the_processes_cannot_share_is_refused_by_name():
    trainings, blocks = {"one": settings(), "three": settings()}, {"one": (10, LENGTH)}
    blocks["three"] = blocks["one"]
    share_budget(trainings, blocks, {"one": 1, "three": 2})
    with pytest.raises(ValueError, match=r"three: batch_tokens: 32 are 2 blocks.*3 processes"):
        share_budget(trainings, blocks, {"one": 1, "three": 3})


@pytest.mark.parametrize(
    ("asked", "n_blocks", "tokens", "batch"),
    [(64, 10, 64, 32), (None, 10, 160, 32), (10**6, 10, 160, 32), (64, 1, 16, 16), (8, 1, 8, 16)],
)
def test_a_run_is_shortened_to_what_its_blocks_give(asked, n_blocks, tokens, batch):
    short = shorten_to_data(settings(asked), n_blocks, LENGTH)
    assert (short.tokens, short.batch_tokens) == (tokens, batch)


@pytest.mark.parametrize(
    ("batch_tokens", "passes", "processes", "batch", "tokens"),
    [
        (64, 1.0, 1, 4 * 16, 3 * 64),  # ten blocks are three batches of four, the last filled up
        (70, 1.0, 1, 4 * 16, 3 * 64),  # to the nearest whole blocks
        (1, 1.0, 1, 16, 10 * 16),  # one at least
        (64, 2.0, 1, 4 * 16, 5 * 64),
        (64, 1.0, 3, 3 * 16, 4 * 48),  # as many blocks for each process
        (9_999, 1.0, 1, 10 * 16, 10 * 16),  # no block twice in a batch
        (9_999, 1.0, 4, 12 * 16, 12 * 16),
    ],
)
def test_every_block_is_seen_in_whole_batches(batch_tokens, passes, processes, batch, tokens):
    asked = TrainingSettings(batch_tokens=batch_tokens, passes=passes)
    covered = cover_blocks(asked, 10, 16, processes)
    assert (covered.batch_tokens, covered.tokens) == (batch, tokens)
    plan = plan_steps(covered, 10, 16)
    seen = plan.n_steps * plan.blocks_per_step
    assert seen * 16 == tokens and passes * 10 <= seen < passes * 10 + plan.blocks_per_step


def test_a_stated_length_is_kept():
    covered = cover_blocks(TrainingSettings(batch_tokens=70, tokens=128), 10, 16)
    assert (covered.tokens, covered.batch_tokens, covered.passes) == (128, 64, 1.0)
