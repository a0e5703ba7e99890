import pytest

from shoplm.lm.budget import share_budget, shorten_to_data
from shoplm.lm.run import TrainingSettings

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
