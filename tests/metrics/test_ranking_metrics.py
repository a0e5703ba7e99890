import math

import pytest
from hypothesis import given
from hypothesis import strategies as st

from shoplm.metrics.ranking import hit_rate_at_3, ndcg_at_5


@pytest.mark.parametrize(
    ("predicted", "relevant", "expected"),
    [
        ([0, 1, 2], [0, 1, 2], 1),
        ([2, 0, 1], [0, 1, 2], 1),
        ([5, 6, 3], [3], 1),
        ([5, 6, 7, 3], [3], 0),
        ([0, 9], [0, 1], 1 / 2),
        ([0, 0, 0, 1], [0, 1], 1 / 2),
        ([], [0], 0),
        ([0, 1, 2], [0, 1, 2, 3], 3 / 4),
        ([-1, 99, 4], [4], 1),
    ],
)
def test_hit_rate(predicted, relevant, expected):
    assert hit_rate_at_3(predicted, relevant) == pytest.approx(expected)


def test_hit_rate_needs_something_relevant():
    with pytest.raises(ValueError, match="nothing is relevant"):
        hit_rate_at_3([1], [])


def test_ndcg_by_hand():
    # gains: 2^1 - 1 = 1, 2^0.1 - 1, 2^0.01 - 1, 0; the third, the first, the fourth, the second
    relevance = [0.1, 0.01, 1, 0]
    gain = {1: 1.0, 0.1: 2**0.1 - 1, 0.01: 2**0.01 - 1, 0: 0.0}
    best = gain[1] + gain[0.1] / math.log2(3) + gain[0.01] / 2
    assert ndcg_at_5([2, 0, 1, 3], relevance) == pytest.approx(1)
    reached = gain[0.1] + gain[1] / math.log2(3) + 0 + gain[0.01] / math.log2(5)
    assert ndcg_at_5([0, 2, 3, 1], relevance) == pytest.approx(reached / best)


def test_ndcg_looks_at_five():
    assert ndcg_at_5([1, 2, 3, 4, 5, 0], [1, 0, 0, 0, 0, 0]) == 0
    assert ndcg_at_5([1, 2, 3, 4, 0], [1, 0, 0, 0, 0, 0]) == pytest.approx(1 / math.log2(6))
    assert ndcg_at_5(range(7), [1] * 7) == pytest.approx(1)


def test_ndcg_of_a_place_named_twice_is_nothing():
    assert ndcg_at_5([0, 0, 1], [1, 0.1, 0]) == 0
    assert ndcg_at_5([0, 1, 2, 3, 4, 0], [1, 0, 0, 0, 0]) == 1


def test_ndcg_of_a_place_that_is_not_there_gains_nothing():
    assert ndcg_at_5([-1, 0], [1, 1]) == pytest.approx((1 / math.log2(3)) / (1 + 1 / math.log2(3)))
    assert ndcg_at_5([7], [1, 1]) == 0
    assert ndcg_at_5([], [1, 1]) == 0


def test_ndcg_needs_something_relevant():
    with pytest.raises(ValueError, match="nothing is relevant"):
        ndcg_at_5([0, 1], [0, 0])


@given(st.permutations(range(8)), st.lists(st.floats(0.01, 3), min_size=8, max_size=8))
def test_ndcg_is_that_of_scikit_learn(order, relevance):
    """Tie-free: every place has a score of its own."""
    sklearn = pytest.importorskip("sklearn.metrics", reason="scikit-learn is not installed")
    scores = [0.0] * 8
    for rank, place in enumerate(order):
        scores[place] = 8 - rank
    gains = [[2**value - 1 for value in relevance]]
    assert ndcg_at_5(order, relevance) == pytest.approx(sklearn.ndcg_score(gains, [scores], k=5))
