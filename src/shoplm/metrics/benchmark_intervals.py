"""What an interval becomes where the examples do not differ."""

from __future__ import annotations

import numpy as np
from numpy.typing import ArrayLike, NDArray

from shoplm.metrics.resampling import ROUNDING


def replace_flat(
    ends: NDArray[np.float64], values: NDArray[np.float64], heaviest: ArrayLike, confidence: float
) -> NDArray[np.float64]:
    """Intervals, those without width replaced: resampling alike groups says nothing of others.

    Of a mean of scores that are all 0, or all 1, Clopper and Pearson's interval stands instead:
    with n groups of the same weight and tail a = (1 - confidence) / 2 it ends at 1 - a^(1/n), or
    begins at a^(1/n). It holds for any scores from 0 to 1, since the mean is at most the share
    above 0. With unlike weights n is 1 / the heaviest, which makes it wider than need be. All else
    without width, such as F1 and scores that are all 0.5, has no interval: nan.

    Args:
        ends: (2, ..., n_cells), nan where there is no interval.
        values: (..., n_cells).
        heaviest: (n_cells,) or one of all: the largest share of a mean that a group has; nan of
            figures that are no means of scores.
        confidence: coverage.

    Clopper and Pearson, "The use of confidence or fiducial limits illustrated in the case of the
    binomial", Biometrika 1934.
    """
    heaviest = np.asarray(heaviest, dtype=np.float64)
    tail = ((1 - confidence) / 2) ** heaviest
    none = (values <= ROUNDING) & ~np.isnan(heaviest)
    every = (values >= 1 - ROUNDING) & ~np.isnan(heaviest)
    exact = np.stack(
        [
            np.where(none, 0.0, np.where(every, tail, np.nan)),
            np.where(none, 1 - tail, np.where(every, 1.0, np.nan)),
        ]
    )
    return np.where(ends[1] - ends[0] <= ROUNDING, exact, ends)
