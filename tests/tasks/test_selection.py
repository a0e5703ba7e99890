"""Which instructions a selection has: nested in tasks, samples and totals."""

import pandas as pd
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from pydantic import ValidationError

from made_instructions import make_instructions, make_library
from shoplm.tasks.selection import select_instructions, share_total
from shoplm.tasks.selection_settings import SelectionSettings

LIBRARY = make_library(3)
ROWS = make_instructions(LIBRARY, 20)


def select(rows=ROWS, seed=0, held_out=(), **settings):
    return select_instructions(rows, LIBRARY, SelectionSettings(**settings), seed, "mine", held_out)


def test_a_total_is_shared_by_temperature():
    # weights 100 and 25; at temperature 2 their roots, 10 and 5; at infinity alike
    counts = {"large": 100, "small": 25}
    assert share_total(counts, 60, 1.0) == {"large": 48, "small": 12}
    assert share_total(counts, 60, 2.0) == {"large": 40, "small": 20}
    assert share_total(counts, 40, 1e9) == {"large": 20, "small": 20}


def test_a_task_gives_no_more_than_it_has_and_the_others_fill_up():
    # evenly 30 each, but there are 25: the rest goes to the other
    assert share_total({"large": 100, "small": 25}, 60, 1e9) == {"large": 35, "small": 25}
    assert share_total({"large": 100, "small": 25}, 999, 2.0) == {"large": 100, "small": 25}
    assert share_total({"large": 3, "none": 0}, 2, 2.0) == {"large": 2, "none": 0}


@given(
    st.lists(st.integers(0, 40), min_size=1, max_size=6),
    st.integers(1, 100),
    st.floats(0.5, 10),
)
def test_a_larger_total_takes_nothing_from_any_task(sizes, total, temperature):
    counts = {f"t{n}": size for n, size in enumerate(sizes)}
    less, more = (share_total(counts, n, temperature) for n in (total, total + 1))
    assert sum(less.values()) == min(total, sum(sizes))
    assert all(less[t] <= more[t] <= counts[t] for t in counts)
    share = {t: n ** (1 / temperature) for t, n in counts.items() if n}
    if less and all(less[t] < counts[t] for t in share):  # nowhere used up: close to the quota
        quota = {t: total * w / sum(share.values()) for t, w in share.items()}
        assert all(abs(less[t] - quota[t]) < len(share) for t in share)


def test_fewer_samples_are_the_beginning_of_more():
    ids = {n: select(samples_per_task=n)[0].groupby("task")["instruction_id"].agg(list)
           for n in (3, 8, None)}  # fmt: skip
    for task in LIBRARY:
        assert len(ids[3][task]) == 3 and len(ids[None][task]) == 20
        assert ids[8][task][:3] == ids[3][task] and ids[None][task][:8] == ids[8][task]
        assert ids[8][task] != sorted(ids[8][task])
    with_total, with_more = (set(select(total=n)[0]["instruction_id"]) for n in (50, 120))
    assert len(with_total) == 50 and with_total < with_more


@settings(max_examples=25, deadline=None)
@given(
    st.sampled_from(["samples_per_task", "tasks_per_capability", "capabilities", "tasks"]),
    st.integers(0, 5),
    st.integers(1, 25),
    st.integers(1, 3),
    st.data(),
)
def test_one_setting_made_smaller_gives_a_part(setting, seed, samples, tasks, data):
    rows = ROWS.groupby(
        "task", group_keys=False
    ).apply(  # tasks of several sizes
        lambda task: task.iloc[: 5 + 4 * (len(task.name) % 4)], include_groups=False
    )
    rows = ROWS.loc[rows.index]
    larger = {"samples_per_task": samples, "tasks_per_capability": tasks}
    if setting == "capabilities":
        larger["capabilities"] = ["behaviour", "concepts", "reasoning"]
    if setting == "tasks":  # which ones a capability gives depends on which there are
        larger = {"samples_per_task": samples, "tasks": sorted(LIBRARY)[:7]}
    before = larger[setting]
    if isinstance(before, int):
        value = data.draw(st.integers(1, before))
    else:
        value = data.draw(st.lists(st.sampled_from(before), min_size=1, unique=True))
    found = [
        set(select(rows, seed, **of)[0]["instruction_id"])
        for of in (larger | {setting: value}, larger, larger | {setting: None})
    ]
    assert found[0] <= found[1]
    assert setting == "tasks" or found[1] <= found[2]


def test_too_few_instructions_are_told_in_one_line(caplog):
    rows = ROWS.drop(ROWS.index[ROWS["task"] == "concepts_1"][:15])  # leaves 5 of 20
    select(rows, samples_per_task=10)
    assert [record.message for record in caplog.records] == [
        "selection 'mine', seed 0: 1 of 12 tasks have fewer than 10 instructions"
    ]
    caplog.clear()
    select(rows, samples_per_task=5)
    select(rows)
    assert not caplog.records


def test_fewer_tasks_are_among_more_and_the_seed_chooses():
    chosen = {
        (n, seed): set(select(tasks_per_capability=n, seed=seed)[0]["task"])
        for n in (1, 2)
        for seed in range(6)
    }
    for seed in range(6):
        assert len(chosen[1, seed]) == 4 and len(chosen[2, seed]) == 8
        assert chosen[1, seed] < chosen[2, seed]
    assert len(set(map(frozenset, (chosen[1, seed] for seed in range(6))))) > 1
    first, second = (set(select(samples_per_task=5, seed=s)[0]["instruction_id"]) for s in (0, 1))
    assert first != second


def test_row_order_changes_nothing():
    shuffled = ROWS.sample(frac=1, random_state=3)
    tables = select(total=77, tasks_per_capability=2)
    again = select(shuffled, total=77, tasks_per_capability=2)
    for one, other in zip(tables, again, strict=True):
        pd.testing.assert_frame_equal(one, other)


def test_the_account_says_what_was_left_out_and_why():
    _, account = select(
        capabilities=["concepts", "reasoning", "behaviour"], without_tasks=["reasoning_0"],
        tasks_per_capability=2, samples_per_task=5, held_out=["concepts_2"],
        rows=ROWS[ROWS["task"] != "behaviour_1"],
    )  # fmt: skip
    why = account.set_index("task")["left_out_by"]
    assert "concepts_2" not in why and list(account["selection"].unique()) == ["mine"]
    assert (why.filter(like="multilingual") == "capabilities").all()
    assert why["reasoning_0"] == "without_tasks" and why["behaviour_1"] == "no_instructions"
    taken = account[account["n"] > 0]
    assert (taken["n"] == 5).all() and len(taken) == 6 and taken["share"].sum() == pytest.approx(1)
    assert set(taken["task"]) == set(why.index[why.isna()])
    assert account.set_index("task")["n_available"]["reasoning_0"] == 20


@pytest.mark.parametrize(
    ("settings", "words"),
    [
        ({"tasks": ["concept_1"]}, "'mine': unknown task 'concept_1'; did you mean 'concepts_1'"),
        ({"without_tasks": ["zzz"]}, "'mine': unknown task 'zzz'; there are behaviour_0, "),
        ({"tasks": ["concepts_1"], "held_out": ["concepts_1"]}, "'concepts_1' is held out"),
        ({"tasks": ["concepts_1"], "without_tasks": ["concepts_1"]}, "no instruction in it"),
    ],
)
def test_a_selection_that_cannot_be_is_refused(settings, words):
    with pytest.raises(ValueError, match=words):
        select(**settings)


@pytest.mark.parametrize(
    ("settings", "words"),
    [
        ({"temperature": 2.0}, "temperature.*total"),
        ({"samples_per_task": 0}, "samples_per_task"),
        ({"capabilities": ["concept"]}, "concepts"),
    ],
)
def test_wrong_settings_are_refused(settings, words):
    with pytest.raises(ValidationError, match=f"(?s){words}"):
        SelectionSettings(**settings)
