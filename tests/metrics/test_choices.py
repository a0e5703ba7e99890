"""Which answer a model picks, by hand."""

import pandas as pd
import pytest

from shoplm.metrics.choices import guess_choices, score_choices


def losses(*rows, variant="a", name="q"):
    """(loss, targets, characters, right) of each possible answer."""
    table = pd.DataFrame(rows, columns=["loss", "n_targets", "n_characters", "is_right"])
    return table.assign(variant=variant, seed=0, step=4, instruction_id=name, choice=table.index)


def correct(table, normalisation="sum"):
    return score_choices(table, normalisation).set_index(["variant", "instruction_id"])["correct"]


def test_the_normalisation_decides_whether_a_long_answer_can_win():
    # sums 6 and 4; a token 2 and 4; a character 0.5 and 0.4
    table = losses((6.0, 3, 12, True), (4.0, 1, 10, False))
    assert correct(table, "sum")["a", "q"] == 0
    assert correct(table, "tokens")["a", "q"] == 1
    assert correct(table, "characters")["a", "q"] == 0


def test_ties_count_as_often_as_a_random_pick_is_right():
    table = pd.concat(
        [
            losses((2.0, 1, 1, True), (2.0, 1, 1, False), (3.0, 1, 1, False), name="two"),
            losses((2.0, 1, 1, False), (2.0, 1, 1, False), (3.0, 1, 1, True), name="others"),
            losses(*[(1.0, 1, 1, n == 2) for n in range(4)], name="all"),
        ]
    )
    assert correct(table)["a"].to_dict() == {"two": 0.5, "others": 0, "all": 0.25}


def test_models_are_scored_apart():
    table = pd.concat(
        [
            losses((1.0, 1, 1, True), (2.0, 1, 1, False), variant="good"),
            losses((2.0, 1, 1, True), (1.0, 1, 1, False), variant="bad"),
        ]
    )
    scored = score_choices(table).set_index("variant")
    assert scored["correct"].to_dict() == {"good": 1, "bad": 0}


@pytest.mark.parametrize(
    ("rows", "words"),
    [
        ([(1.0, 1, 1, True), (2.0, 1, 1, True)], "'q' has 2 right answers, expected one"),
        ([(1.0, 1, 1, False), (2.0, 1, 1, False)], "'q' has 0 right answers"),
        ([(1.0, 1, 1, True)], "'q' has 1 possible answers, expected two or more"),
    ],
)
def test_a_question_has_one_right_answer_among_several(rows, words):
    with pytest.raises(ValueError, match=words):
        score_choices(losses(*rows))


def test_guesses():
    rows = [("a", 0, 1), ("a", 1, 0), ("b", 1, 1), ("b", 0, 0), ("b", 0, 0), ("b", 0, 0),
            ("c", 1, 0), ("c", 0, 0)]  # fmt: skip
    choices = pd.DataFrame(rows, columns=["instruction_id", "is_right", "is_common"])
    guesses = guess_choices(choices).set_index("instruction_id")
    assert guesses["random_accuracy"].to_dict() == {"a": 0.5, "b": 0.25, "c": 0.5}
    assert guesses["majority_accuracy"].to_dict() == {"a": 0, "b": 1, "c": 0}
