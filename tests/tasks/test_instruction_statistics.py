import pandas as pd
import pytest

from shoplm.tasks.gates import GATES
from shoplm.tasks.statistics import KEYS, describe_instructions

CELLS = {
    "open": ("concepts", "ave", None, "open_data", "en"),
    "made": ("concepts", "ave", "Hard", "language_model", "en"),
    "none": ("general", "nli", None, "open_data", "zh"),
}
FATES = pd.DataFrame(
    [
        (*CELLS[cell], gate)
        for cell, gate in [
            ("open", None), ("open", None), ("open", "reading"), ("open", "duplicates"),
            ("made", None), ("made", "format"), ("made", "format"), ("none", "reading"),
        ]
    ],
    columns=[*KEYS, "gate"],
)  # fmt: skip


@pytest.fixture(scope="module")
def table():
    return describe_instructions(FATES)


def test_what_leaves_a_gate_enters_the_next(table):
    assert len(table) == 3 * (len(GATES) + 1)
    for _, rows in table.groupby(KEYS):
        steps = rows.iloc[:-1]
        assert list(rows["gate"]) == [*GATES, "all"]
        assert list(steps["n_in"][1:]) == list(steps["n_out"][:-1])
        whole = rows.iloc[-1]
        assert (whole["n_in"], whole["n_out"]) == (steps["n_in"].iloc[0], steps["n_out"].iloc[-1])


def counts(table, *by):
    return table.groupby(list(by))[["n_in", "n_out"]].sum().apply(tuple, axis=1).to_dict()


def test_counts_add_up_to_what_was_made_and_kept(table):
    whole = table[table["gate"] == "all"]
    assert counts(whole, "task") == {"ave": (7, 3), "nli": (1, 0)}
    assert counts(whole, "difficulty") == {"": (5, 2), "Hard": (3, 1)}


def test_counts_of_each_gate_by_source(table):
    by_gate = counts(table, "source", "gate")
    assert by_gate["open_data", "reading"] == (5, 3)
    assert by_gate["open_data", "duplicates"] == (3, 2)
    assert by_gate["language_model", "format"] == (3, 1)


def test_an_unknown_gate_is_refused():
    with pytest.raises(ValueError, match="gate 'smell' is none of reading"):
        describe_instructions(FATES.assign(gate="smell"))


def test_nothing_made_gives_an_empty_table():
    assert describe_instructions(FATES.iloc[:0]).empty
