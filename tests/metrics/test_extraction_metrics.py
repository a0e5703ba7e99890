import pytest
from hypothesis import given
from hypothesis import strategies as st

from shoplm.metrics.extraction import count_matches, micro_f1

BAGS = st.lists(st.sampled_from("abcd"), max_size=6)


@pytest.mark.parametrize(
    ("predicted", "gold", "counts"),
    [
        (["red", "xl"], ["red", "cotton", "blue"], (1, 2, 3)),
        (["red", "red"], ["red"], (1, 2, 1)),
        (["red"], ["red", "red"], (1, 1, 2)),
        (["red", "red"], ["red", "red"], (2, 2, 2)),
        ([], ["red"], (0, 0, 1)),
        (["red"], [], (0, 1, 0)),
        ([("colour", "red")], [("size", "red")], (0, 1, 1)),
    ],
)
def test_count_matches(predicted, gold, counts):
    assert count_matches(predicted, gold) == counts


def test_micro_f1_pools_counts():
    # 4 right, 6 said, 8 to say: the mean of both examples' F1 would be (1 + 1/3) / 2
    assert micro_f1([(3, 3, 3), (1, 3, 5)]) == pytest.approx(2 * 4 / 14)
    assert micro_f1([(1, 2, 1)]) == pytest.approx(2 / 3)


def test_micro_f1_where_there_is_nothing():
    assert micro_f1([(0, 0, 0)]) == 1
    assert micro_f1([(0, 1, 0)]) == 0
    assert micro_f1([(0, 0, 0), (0, 0, 2)]) == 0


def test_micro_f1_of_no_examples():
    with pytest.raises(ValueError, match="no examples"):
        micro_f1([])


@given(st.lists(st.tuples(BAGS, BAGS), min_size=1, max_size=4))
def test_micro_f1_is_the_harmonic_mean_of_precision_and_recall(examples):
    counts = [count_matches(*example) for example in examples]
    right, said, gold = (sum(column) for column in zip(*counts, strict=True))
    if right:
        precision, recall = right / said, right / gold
        assert micro_f1(counts) == pytest.approx(2 * precision * recall / (precision + recall))
    else:
        assert micro_f1(counts) == (said == gold == 0)
