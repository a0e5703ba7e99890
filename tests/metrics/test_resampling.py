import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st
from scipy import stats

from shoplm.metrics.resampling import (
    CELLS_AT_A_TIME,
    bca_interval,
    iter_resamples,
    iter_sign_patterns,
)
from shoplm.metrics.settings import BootstrapSettings


@pytest.mark.parametrize("n_units", [1, 7, CELLS_AT_A_TIME // 60])
def test_a_resample_has_as_many_units_as_there_are(n_units):
    counts = np.concatenate([*iter_resamples(n_units, BootstrapSettings(samples=99))])
    assert counts.shape == (99, n_units)
    assert (counts.sum(axis=1) == n_units).all()
    assert counts.mean() == 1 and (n_units == 1 or counts.std() == pytest.approx(1, abs=0.15))


def test_few_units_have_every_sign_pattern_once_and_many_have_drawn_ones():
    few = np.concatenate([*iter_sign_patterns(3, BootstrapSettings(samples=99))])
    assert len(np.unique(few, axis=0)) == len(few) == 8
    many = np.concatenate([*iter_sign_patterns(50, BootstrapSettings(samples=99))])
    assert many.shape == (99, 50) and set(np.unique(many)) == {-1, 1}
    assert abs(many.mean()) < 0.05


@pytest.mark.parametrize("confidence", [0.8, 0.95])
def test_an_interval_is_that_of_scipy_on_the_same_resamples(confidence):
    """Of skewed values, so that bias and acceleration count."""
    drawn = np.random.default_rng(0).gamma(0.7, 1, (2, 40))
    settings = BootstrapSettings(samples=499, confidence=confidence)
    theirs = stats.bootstrap(
        (drawn,), np.var, axis=-1, vectorized=True, n_resamples=499, method="BCa", rng=0,
        confidence_level=confidence,
    )  # fmt: skip
    without = np.stack([np.delete(drawn, n, axis=1).var(axis=1) for n in range(40)])
    low, high = bca_interval(
        drawn.var(axis=1), theirs.bootstrap_distribution.T, without, settings.confidence
    )
    assert low == pytest.approx(theirs.confidence_interval.low)
    assert high == pytest.approx(theirs.confidence_interval.high)


def test_a_figure_below_all_of_its_resamples_has_percentiles_that_hold_it():
    resampled = np.arange(1.0, 102)[:, np.newaxis]
    low, high = bca_interval(np.array([0.5]), resampled, np.array([[0.0], [1], [5]]), 0.9)
    assert (low[0], high[0]) == (0.5, 96)


@given(
    st.lists(st.floats(-3, 3), min_size=2, max_size=20),
    st.lists(st.floats(-3, 3), min_size=2, max_size=8),
    st.floats(-3, 3),
)
def test_an_interval_holds_the_figure_and_is_finite(resampled, left_out, value):
    low, high = bca_interval(
        np.array([value]), np.array(resampled)[:, np.newaxis], np.array(left_out)[:, np.newaxis],
        0.95,
    )  # fmt: skip
    assert np.isfinite([low, high]).all() and low <= value <= high
    assert low >= min([value, *resampled]) and high <= max([value, *resampled])
