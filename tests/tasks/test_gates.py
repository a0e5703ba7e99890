import random

import pandas as pd
import pytest
from example_tasks import choices, make_example, make_task
from hypothesis import given, settings
from hypothesis import strategies as st

from shoplm.tasks import gates
from shoplm.tasks.gate_settings import LengthLimits, LengthSettings
from shoplm.tasks.records import COLUMNS, instruction_row

TYPES = ("generation", "classification", "multiple_choice", "retrieval", "ranking", "extraction")
LIBRARY = {type_: make_task(type_, name=type_) for type_ in TYPES}
LIBRARY["retrieval"] = make_task("retrieval", name="retrieval")


def row(type_, gold, source="open_data", **changes):
    """A sound instruction, changed afterwards as a careless road would make it."""
    sound = {"text": changes.pop("text", "A red shirt")}
    overwritten = {k: changes.pop(k) for k in ("prompt", "answer") if k in changes}
    example = make_example(gold, task=type_, fields=sound, **changes)
    return instruction_row(LIBRARY[type_], example, source) | overwritten


def spoiled(type_, gold, **changes):
    """A row whose example says what its prompt and answer, made from a sound one, do not."""
    sound = make_example(
        0 if type_ == "multiple_choice" else "fits", task=type_, choices=choices(3)
    )
    made = instruction_row(LIBRARY[type_], sound, "language_model")
    from shoplm.tasks.records import example_json

    example = make_example(gold, task=type_, **({"choices": choices(3)} | changes))
    return made | {"example": example_json(example)}


def check(*rows, lengths=None):
    table = pd.DataFrame(rows, columns=COLUMNS)
    return gates.check_instructions(table, LIBRARY, lengths or LengthSettings())


def verdicts(*rows, **changes):
    checked = check(*rows, **changes)
    return list(checked[["gate", "reason"]].itertuples(index=False, name=None))


KEPT = [(None, None)]


def test_sound_instructions_of_every_type_pass():
    rows = [
        row("generation", "It is a shirt"),
        row("classification", "fits"),
        row("multiple_choice", 2, choices=choices(4)),
        row("retrieval", [0, 3], choices=choices(5)),
        row("ranking", [1.0, 0.0, 0.1], choices=choices(3)),
        row("extraction", [("colour", "red"), ("kind", "shirt")]),
    ]
    assert verdicts(*rows) == KEPT * len(rows)


def test_answers_outside_the_choices_or_labels():
    assert verdicts(spoiled("multiple_choice", 3)) == [("choices", "answer_outside_choices")]
    assert verdicts(spoiled("classification", "likes", choices=())) == [
        ("choices", "answer_outside_choices")
    ]
    assert verdicts(spoiled("multiple_choice", 0, choices=choices(1))) == [
        ("choices", "too_few_choices")
    ]


def test_answers_that_cannot_be_read_back_or_scored():
    unreadable = row("multiple_choice", 1, choices=choices(3), answer="the second")
    empty = row("generation", "It is a shirt", answer="  ")
    many = row("retrieval", [0, 1, 2, 4], choices=choices(6))
    assert verdicts(unreadable) == [("format", "format")]
    assert verdicts(empty) == [("format", "empty_answer")]
    assert verdicts(many) == [("format", "cannot_be_scored")]


def test_an_example_that_cannot_be_rendered_names_the_gate_it_would_fail():
    task = LIBRARY["multiple_choice"]
    outside = make_example(7, task=task.name, choices=choices(3))
    with pytest.raises(ValueError) as refused:
        instruction_row(task, outside, "open_data")
    gate, reason, _ = gates.refused_example(task, outside, str(refused.value))
    assert (gate, reason) == ("choices", "answer_outside_choices")
    empty = make_example("", task="generation")
    assert gates.refused_example(LIBRARY["generation"], empty, "why") == (
        "format", "empty_answer", "why",
    )  # fmt: skip


def test_a_choice_that_stands_twice_in_other_letters():
    twice = row("multiple_choice", 0, choices=("Red Shirt", "blue", "red  shirt."))
    assert verdicts(twice) == [("single_answer", "duplicate_choices")]
    signs = row("multiple_choice", 0, choices=("+", "-", "*"))
    assert verdicts(signs) == KEPT


def test_a_wrong_choice_that_is_right_elsewhere():
    red = row("multiple_choice", 0, choices=("red", "blue", "green"))
    blue = row("multiple_choice", 1, choices=("green", "Blue"))
    other = row("multiple_choice", 0, choices=("green", "pink"), text="A green hat")
    checked = check(red, blue, other).set_index("instruction_id")["reason"]
    assert checked[red["instruction_id"]] == "several_correct_answers"
    assert checked[blue["instruction_id"]] is None  # red is not among its choices
    assert checked[other["instruction_id"]] is None


def test_one_question_with_two_labels_refutes_both():
    rows = [row("classification", "fits"), row("classification", "differs")]
    assert verdicts(*rows) == [("single_answer", "several_correct_answers")] * 2
    rows = [row("generation", "red"), row("generation", "blue")]
    assert verdicts(*rows) == KEPT * 2  # an open question may have many answers


def test_length_counts_characters_and_tasks_may_have_their_own_limits():
    answer = "x" * 30
    exact = LengthSettings(max_answer=30, max_prompt=None, min_prompt=None)
    assert verdicts(row("generation", answer), lengths=exact) == KEPT
    over = exact.model_copy(update={"max_answer": 29})
    assert verdicts(row("generation", answer), lengths=over) == [("length", "too_long")]
    own = {"generation": LengthLimits(max_answer=30, min_prompt=1_000)}
    special = over.model_copy(update={"tasks": own})
    assert verdicts(row("generation", answer), lengths=special) == [("length", "too_short")]
    assert verdicts(row("classification", "fits"), lengths=special) == KEPT


def test_of_the_same_prompt_and_answer_the_one_from_open_data_stays():
    generated = row("generation", "red", source="language_model", origin="a model")
    read = row("generation", "red", origin="a file")
    checked = check(generated, read, generated | {"origin": "another"})
    assert list(checked["reason"]) == [None, "exact_duplicate", "exact_duplicate"]
    assert checked["source"][0] == "open_data"


def test_a_task_that_the_library_lacks_is_named():
    with pytest.raises(ValueError, match="there is no task 'made_up'"):
        check(row("generation", "red") | {"task": "made_up"})


@st.composite
def tables(draw):
    rows = [
        row(
            "multiple_choice",
            draw(st.integers(0, 1)),
            choices=(draw(st.sampled_from("abc")), draw(st.sampled_from("bcd"))),
            text=draw(st.sampled_from(("one shirt", "two shirts"))),
            source=draw(st.sampled_from(("open_data", "language_model"))),
            origin=draw(st.sampled_from(("x", "y"))),
        )
        for _ in range(draw(st.integers(0, 12)))
    ]
    ids = sorted({r["instruction_id"] for r in rows})
    failing = {
        gate: pd.DataFrame({"record_id": part, "reason": gate, "detail": "why"})
        for gate in ("language", "duplicates", "benchmarks")
        if (part := draw(st.lists(st.sampled_from(ids or [""]), unique=True)) if ids else [])
    }
    return rows, failing, draw(st.integers(0, 3)), draw(st.randoms(use_true_random=False))


@settings(max_examples=40)
@given(tables())
def test_what_went_in_is_kept_or_quarantined_once_whatever_the_order(drawn):
    rows, failing, n_refused, rng = drawn
    refused = pd.DataFrame(
        [("r", "open_data", "unreadable", "", "retrieval", "f", "", "")] * n_refused,
        columns=gates.QUARANTINE_COLUMNS,
    )

    def run(rows):
        fates = gates.collect_fates(check(*rows), failing, [refused], LIBRARY)
        return gates.part_fates(fates), fates

    (kept, quarantined), fates = run(rows)
    assert len(kept) + len(quarantined) == len(rows) + n_refused
    assert kept["instruction_id"].is_unique
    assert quarantined["reason"].ne("").all()
    assert set(fates["gate"].dropna()) <= set(gates.GATES)
    left = len(rows) + n_refused
    for gate in gates.GATES:
        left -= fates["gate"].eq(gate).sum()
    assert left == len(kept)
    shuffled = random.Random(rng.random()).sample(rows, len(rows))
    again = run(shuffled)[0]
    pd.testing.assert_frame_equal(again[0], kept)
    pd.testing.assert_frame_equal(again[1], quarantined)
