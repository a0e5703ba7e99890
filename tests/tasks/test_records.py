import hashlib
from dataclasses import replace

import pandas as pd
import pytest
from example_tasks import choices, make_example, make_task
from hypothesis import given
from hypothesis import strategies as st

from shoplm.tasks.records import COLUMNS, example_json, example_of, instruction_row

TEXTS = st.text(st.characters(codec="utf-8"), min_size=1, max_size=10)
PLACES = st.lists(st.integers(0, 5), max_size=4)
GOLDS = st.one_of(
    st.integers(0, 5), TEXTS, PLACES, st.lists(st.tuples(TEXTS, TEXTS), max_size=3),
    st.lists(st.floats(0, 1), max_size=4),
)  # fmt: skip


def test_a_row():
    task = make_task("multiple_choice", template="{instruction}\n{choices}")
    example = make_example(1, choices=choices(2), group="p7", difficulty="Easy", origin="choice")
    row = instruction_row(task, example, "open_data")
    assert list(row) == COLUMNS
    content = f"a_task\0{row['prompt']}\x001".encode()
    assert row["instruction_id"] == hashlib.md5(content).hexdigest()[:16]
    assert row["prompt"].endswith("\n0. choice 0\n1. choice 1")
    expected = {
        "task": "a_task", "capability": "concepts", "language": "en", "source": "open_data",
        "difficulty": "Easy", "answer": "1", "choices": ["0", "1"], "group": "p7",
        "origin": "choice",
    }  # fmt: skip
    assert expected.items() <= row.items()


def test_the_id_is_of_task_prompt_and_answer():
    task = make_task(template="{instruction} {text}")
    example = make_example("red", prompt="What colour?")

    def identity(**changes):
        changed = replace(example, **changes)
        return instruction_row(task, changed, "language_model")["instruction_id"]

    assert identity() == identity(example_id="other", origin="elsewhere")
    assert len({identity(), identity(gold="blue"), identity(prompt="Which colour?")}) == 3


def test_an_open_answer_has_no_choices_and_a_lone_example_its_own_group():
    row = instruction_row(make_task(), make_example("red"), "open_data")
    assert row["choices"] is None
    assert row["group"] == "example-1"
    assert row["difficulty"] is None


def test_an_example_that_cannot_be_rendered():
    with pytest.raises(ValueError, match="'example-1': label 'maybe' is none of"):
        instruction_row(make_task("classification"), make_example("maybe"), "open_data")


def test_rows_survive_a_file(tmp_path):
    tasks = {"classification": "fits", "ner": [("", "红色"), ("", "xl")], "generation": "red"}
    examples = [make_example(gold) for gold in tasks.values()]
    rows = [
        instruction_row(make_task(t), e, "open_data") for t, e in zip(tasks, examples, strict=True)
    ]
    pd.DataFrame(rows, columns=COLUMNS).to_parquet(tmp_path / "instructions.parquet")
    back = pd.read_parquet(tmp_path / "instructions.parquet")
    assert [example_of(row) for row in back.to_dict("records")] == examples
    assert [list(c) if c is not None else None for c in back["choices"]] == [
        ["yes", "no", "not sure"],
        None,
        None,
    ]


@given(gold=GOLDS, references=st.lists(TEXTS, max_size=2), fields=st.dictionaries(TEXTS, TEXTS))
def test_an_example_comes_back_from_json(gold, references, fields):
    example = make_example(gold, references=tuple(references), fields=fields, choices=("a", "b"))
    text = example_json(example)
    assert "\n" not in text
    assert example_of({"example": text}) == example


@pytest.mark.parametrize(
    "stored", ["{", "[]", "{}", '{"gold": 1}', '{"gold": 1, "colour": "red"}', None]
)
def test_a_row_that_holds_no_example_is_named(stored):
    with pytest.raises(ValueError, match="instruction 'f00': column 'example' holds no example"):
        example_of({"instruction_id": "f00", "example": stored})
