import itertools
import math

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st
from scipy import stats

from shoplm.metrics.settings import BootstrapSettings
from shoplm.metrics.significance import (
    adjust_holm,
    bootstrap_ratio,
    ratio_of_sums,
    sign_flip_test,
)

QUICK = BootstrapSettings(samples=999)


def test_a_ratio_weighs_units_by_their_denominators():
    # documents of 1, 2 and 5 targets: (2 + 6 + 12) / 8, not the mean of 2, 3 and 2.4
    interval = bootstrap_ratio([2, 6, 12], [1, 2, 5], QUICK)
    assert interval.value == pytest.approx([2.5])
    assert interval.low < 2.5 < interval.high
    assert ratio_of_sums([[1, 2], [3, 5]], [2, 2]) == pytest.approx([0.75, 2])


def test_the_interval_of_a_mean_is_that_of_scipy_and_near_that_of_theory():
    drawn = np.random.default_rng(0).normal(3, 0.5, 200)
    ours = bootstrap_ratio(drawn, np.ones(200), QUICK)
    theirs = stats.bootstrap((drawn,), np.mean, n_resamples=999, method="BCa", rng=0)
    half = 1.96 * drawn.std(ddof=1) / math.sqrt(200)
    for found, low, high in (
        (ours, *theirs.confidence_interval),
        (ours, drawn.mean() - half, drawn.mean() + half),
    ):
        assert [*found.low, *found.high] == pytest.approx([low, high], abs=0.02)


def test_an_interval_holds_the_truth_about_as_often_as_it_says():
    hits = 0
    for repeat in range(300):
        rng = np.random.default_rng(repeat)
        targets = rng.geometric(0.03, 40) + 3.0
        # short documents are harder: the mean of ratios is not the ratio of means
        losses = targets * (3 + rng.gamma(1, 0.4, 40)) + 20 * rng.normal(1, 0.3, 40)
        mean_targets = 1 / 0.03 + 3
        truth = (3.4 * mean_targets + 20) / mean_targets
        interval = bootstrap_ratio(losses, targets, BootstrapSettings(samples=499, seed=repeat))
        hits += bool(interval.low[0] <= truth <= interval.high[0])
    assert 0.90 <= hits / 300 <= 0.98  # of 95%, with 40 documents


def test_rows_share_resamples_so_that_a_difference_is_paired():
    rng = np.random.default_rng(1)
    targets = rng.integers(5, 200, 50)
    base = targets * rng.normal(5, 1, 50)  # documents differ by far more than models
    better = base - targets * 0.1
    apart = bootstrap_ratio([base, better], targets, QUICK)
    paired = bootstrap_ratio(better - base, targets, QUICK)
    assert apart.low[0] < apart.high[1]  # the two intervals overlap
    assert [*paired.low, *paired.high] == pytest.approx([-0.1, -0.1])
    alone = bootstrap_ratio(base, targets, QUICK)
    ends = [apart.low[0], apart.high[0]]
    assert ends == pytest.approx([alone.low[0], alone.high[0]], rel=1e-12)


def test_more_confidence_and_fewer_units_widen_an_interval():
    drawn = np.random.default_rng(2).gamma(2, 1, 80)

    def width(values, **changes):
        interval = bootstrap_ratio(values, np.ones(len(values)), QUICK.model_copy(update=changes))
        return (interval.high - interval.low)[0]

    assert width(drawn, confidence=0.5) < width(drawn) < width(drawn, confidence=0.99)
    assert width(drawn) < width(drawn[:20])


def test_equal_units_have_no_width_and_one_unit_no_interval():
    even = bootstrap_ratio([[2, 4, 6], [1, 5, 6]], [1, 2, 3], QUICK)
    assert even.value == pytest.approx([2, 2])
    assert (even.low[0], even.high[0]) == pytest.approx((2, 2))
    assert even.low[1] < 2 < even.high[1]
    single = bootstrap_ratio([6.0], [3], QUICK)
    assert single.value == [2] and np.isnan([*single.low, *single.high]).all()


@given(st.lists(st.tuples(st.floats(-5, 5), st.integers(1, 50)), min_size=2, max_size=12))
def test_an_interval_lies_among_the_units_and_around_no_nan(units):
    ratios, weights = map(np.array, zip(*units, strict=True))
    interval = bootstrap_ratio(ratios * weights, weights, BootstrapSettings(samples=99))
    room = 1e-9
    assert ratios.min() - room <= interval.low[0] <= interval.high[0] <= ratios.max() + room


def test_the_same_seed_gives_the_same_interval_and_another_one_another():
    drawn = np.random.default_rng(3).normal(size=30)
    first, again, other = (
        bootstrap_ratio(drawn, np.ones(30), BootstrapSettings(samples=99, seed=seed)).low[0]
        for seed in (0, 0, 1)
    )
    assert first == again != other


@pytest.mark.parametrize(
    ("numerators", "denominators", "message"),
    [
        ([1, 2], [1, 2, 3], "do not fit"),
        ([], [], "one or more"),
        ([1, np.nan], [1, 1], "not finite"),
        ([1, 2], [1, 0], "not above 0"),
    ],
)
def test_what_cannot_be_resampled_is_refused(numerators, denominators, message):
    with pytest.raises(ValueError, match=message):
        bootstrap_ratio(numerators, denominators, QUICK)


def test_three_units_that_agree_have_the_exact_p_of_one_in_four():
    # of the 8 sign patterns of 1, 2, 4 only +++ and --- reach a sum of 7
    assert sign_flip_test([1, 2, 4], QUICK) == pytest.approx([2 / 8])
    # |1 - 2 + 4| = 3 is reached by the patterns with |sum| 3, 5 and 7: six of eight
    assert sign_flip_test([1, -2, 4], QUICK) == pytest.approx([6 / 8])


def test_drawn_patterns_agree_with_all_of_them():
    differences = np.random.default_rng(4).normal(0.35, 1, (3, 12))
    exact = sign_flip_test(differences, BootstrapSettings(samples=5_000))  # 2 ** 12 are fewer
    drawn = sign_flip_test(differences, BootstrapSettings(samples=4_000))
    assert drawn == pytest.approx(exact, abs=0.03)
    for row, p in zip(differences, exact, strict=True):
        sums = [abs(np.dot(signs, row)) for signs in itertools.product((-1, 1), repeat=12)]
        assert p == pytest.approx(np.mean(np.array(sums) >= abs(row.sum()) - 1e-9))
    theirs = stats.permutation_test(
        (differences[0], np.zeros(12)), lambda a, b: np.mean(a - b), permutation_type="samples",
        n_resamples=np.inf,
    )  # fmt: skip
    assert exact[0] == pytest.approx(theirs.pvalue)


def test_models_that_are_alike_are_called_different_no_oftener_than_allowed():
    differences = np.random.default_rng(5).standard_t(3, (400, 25))
    found = (sign_flip_test(differences, BootstrapSettings(samples=499)) < 0.05).mean()
    assert 0.02 <= found <= 0.08


def test_equal_models_have_p_one_and_p_is_never_zero():
    assert sign_flip_test(np.zeros(40), QUICK) == [1]
    assert sign_flip_test(np.ones(40), QUICK) == pytest.approx([1 / 1_000])
    assert sign_flip_test([5.0], QUICK) == [1]  # one document says nothing


def test_holm_by_hand():
    # sorted .01 .02 .03 .04 times 4 3 2 1: .04 .06 .06 .04, and never less than the one before
    assert adjust_holm([0.04, 0.01, 0.03, 0.02]) == pytest.approx([0.06, 0.04, 0.06, 0.06])
    assert adjust_holm([0.5, 0.6]) == pytest.approx([1, 1])
    assert adjust_holm([np.nan, 0.02, 0.5]) == pytest.approx([np.nan, 0.04, 0.5], nan_ok=True)
    assert adjust_holm([]).shape == (0,)
    with pytest.raises(ValueError, match="0 to 1"):
        adjust_holm([1.5])


@given(st.lists(st.floats(0, 1), min_size=1, max_size=20))
def test_holm_is_between_no_correction_and_bonferroni_and_keeps_the_order(p_values):
    p, adjusted = np.array(p_values), adjust_holm(p_values)
    assert (adjusted >= p).all() and (adjusted <= np.minimum(1, p * len(p)) + 1e-12).all()
    assert (np.diff(adjusted[np.argsort(p, kind="stable")]) >= 0).all()
