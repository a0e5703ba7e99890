import pandas as pd
import pytest

from shoplm.tasks.gates import GATES
from shoplm.tasks.statistics import KEYS, count_instructions, describe_instructions, yields

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


def test_counts_add_up_to_what_was_made_and_kept(table):
    by_task = count_instructions(table, ["task"])
    assert by_task.to_dict("list") == {
        "task": ["ave", "nli"], "made": [7, 1], "kept": [3, 0], "share": [3 / 7, 0.0],
    }  # fmt: skip
    hard = count_instructions(table, ["difficulty"]).set_index("difficulty")
    assert hard["made"].to_dict() == {"": 5, "Hard": 3}


def test_yield_of_each_gate_by_source(table):
    by_gate = yields(table, ["source"]).set_index(["source", "gate"])
    assert tuple(by_gate.loc[("open_data", "reading")]) == (5, 3, 0.6)
    assert tuple(by_gate.loc[("open_data", "duplicates")]) == (3, 2, 2 / 3)
    assert by_gate.loc[("language_model", "format"), "share"] == pytest.approx(1 / 3)
    assert list(yields(table)["gate"]) == list(GATES)


def test_an_unknown_gate_is_refused():
    with pytest.raises(ValueError, match="gate 'smell' is none of reading"):
        describe_instructions(FATES.assign(gate="smell"))


def test_nothing_made_gives_an_empty_table():
    assert describe_instructions(FATES.iloc[:0]).empty
