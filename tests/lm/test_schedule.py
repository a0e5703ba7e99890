"""Steps, batches and rates, by hand."""

from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from shoplm.lm.run import ScheduleSettings, TrainingSettings
from shoplm.lm.schedule import learning_rate, plan_steps


def rates(n_steps: int, **schedule) -> list[float]:
    settings = ScheduleSettings(**schedule)
    return [learning_rate(settings, 8.0, step, n_steps) for step in range(1, n_steps + 1)]


def plan(n_blocks: int = 100, length: int = 8, **training):
    return plan_steps(TrainingSettings(batch_tokens=16, **training), n_blocks, length)


@pytest.mark.parametrize(
    ("schedule", "expected"),
    [
        ({"kind": "constant", "warmup": 0.5}, [2, 4, 6, 8, 8, 8, 8, 8]),
        ({"kind": "constant", "warmup": 0}, [8] * 8),
        # half a cosine from step 4 (warm-up) to step 8: cos 0, 45, 90, 135, 180 degrees
        (
            {"kind": "cosine", "warmup": 0.5, "floor": 0},
            [2, 4, 6, 8, 4 + 2 * 2**0.5, 4, 4 - 2 * 2**0.5, 0],
        ),
        ({"kind": "cosine", "warmup": 0.5, "floor": 0.5}, [2, 4, 6, 8, 7.414, 6, 4.586, 4]),
        (
            {"kind": "warmup_stable_decay", "warmup": 0.25, "decay": 0.5, "floor": 0},
            [4, 8, 8, 8, 6, 4, 2, 0],
        ),
        (
            {"kind": "warmup_stable_decay", "warmup": 0.25, "decay": 0.5, "floor": 0.5},
            [4, 8, 8, 8, 7, 6, 5, 4],
        ),
    ],
)
def test_rates_by_hand(schedule, expected):
    assert rates(8, **schedule) == pytest.approx(expected, abs=1e-3)


@given(
    kind=st.sampled_from(["constant", "cosine", "warmup_stable_decay"]),
    warmup=st.floats(0, 0.5),
    decay=st.floats(0.01, 0.5),
    floor=st.floats(0, 1),
    n_steps=st.integers(1, 300),
)
def test_every_schedule_rises_to_its_peak_and_falls_to_its_floor(
    kind, warmup, decay, floor, n_steps
):
    all_rates = rates(n_steps, kind=kind, warmup=warmup, decay=decay, floor=floor)
    top = all_rates.index(max(all_rates))
    assert max(all_rates) == pytest.approx(8.0)
    assert all_rates[:top] == sorted(all_rates[:top])
    assert all_rates[top:] == sorted(all_rates[top:], reverse=True)
    if kind != "constant" and top < n_steps - 1:
        assert all_rates[-1] == pytest.approx(8.0 * floor)


def test_what_happens_at_which_step():
    plan_ = plan(tokens=16 * 10 + 15, evaluations=4, keep=[0.25, 0.5, 1.0])
    assert (plan_.n_steps, plan_.blocks_per_step) == (10, 2)
    assert sorted(plan_.kept) == [2, 5]  # the end is kept anyway
    assert sorted(plan_.evaluations) == [0, 2, 5, 8, 10]
    assert list(plan_.positions(1)) == [0, 1] and list(plan_.positions(10)) == [18, 19]


@pytest.mark.parametrize(
    ("training", "n_steps"),
    [({}, 50), ({"passes": 0.5}, 25), ({"passes": 2.3}, 115), ({"tokens": 800}, 50)],
)
def test_the_length_of_a_run(training, n_steps):
    assert plan(**training).n_steps == n_steps


def test_a_short_run_keeps_and_measures_what_it_can():
    plan_ = plan(tokens=16, evaluations=10, keep=[0.1, 0.5])
    assert (plan_.n_steps, plan_.kept, plan_.evaluations) == (1, set(), {0, 1})


@pytest.mark.parametrize(
    ("training", "length", "words"),
    [
        ({"tokens": 816}, 8, "longer than the data: tokens is 816, but 1 passes .* have 800"),
        ({"tokens": 1616, "passes": 2.0}, 8, "tokens is 1616, but 2 passes .* have 1600"),
        ({}, 10, "batch_tokens: 16 is no multiple of the block length, 10"),
        ({"tokens": 15}, 8, "no step to make: tokens .15. give less than one batch of 16"),
        ({"passes": 0.01}, 8, "no step to make: the blocks give less"),
    ],
)
def test_a_length_that_cannot_be_is_refused(training, length, words):
    with pytest.raises(ValueError, match=words):
        plan(length=length, **training)
