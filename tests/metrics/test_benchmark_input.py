import io

import numpy as np
import pandas as pd
import pytest
from benchmark_rows import QUICK, answers, table_of

from shoplm.metrics.benchmark import summarise_scores


def test_predictions_read_back_from_a_file_say_the_same():
    predictions = table_of(
        answers("mixed", [1, 0, None], problem=[None, None, "endpoint"]),
        answers("mixed", [(1, 1, 2)], "spans"),
    )
    lines = io.StringIO(predictions.to_json(orient="records", lines=True))
    cells = io.StringIO(predictions.assign(problem=["", "", "endpoint", ""]).to_csv(index=False))
    for read in (pd.read_json(lines, lines=True), pd.read_csv(cells), predictions.convert_dtypes()):
        pd.testing.assert_frame_equal(
            summarise_scores(read, {}, QUICK), summarise_scores(predictions, {}, QUICK)
        )


@pytest.mark.parametrize(
    ("predictions", "message"),
    [
        (
            table_of(answers("base", [1, 0]), answers("mixed", [1])),
            "'mixed', seed 0, has no answer to example 'colour-1', which 'base', seed 0, has",
        ),
        (
            table_of(answers("base", [1]), answers("mixed", [1], version="v2")),
            "'base' answered version v1 of the task and 'mixed' version v2",
        ),
        (table_of(answers("base", [1]), answers("base", [0])), "answered 'colour-0' twice"),
        (
            table_of(answers("base", [1]), answers("mixed", [1], group="another")),
            "'colour-0' has two groups",
        ),
        (answers("base", [1, np.inf]), "'colour-1' of 'base'"),
        (answers("base", [1, 1.01]), r"example 'colour-1' of 'base' has \[1.01\] .* from 0 to 1"),
        (answers("base", [-0.1]), "expected a score from 0 to 1"),
        (answers("base", [(-1, 2, 3)]), "not below 0"),
        (answers("base", [(1, 1, 1), (2, 1, 3)]), "'colour-1' .* no more right than predicted"),
        (answers("base", [1]).drop(columns="group"), "no column 'group'"),
        (answers("base", [1]).assign(task=None), "row 0 has no task"),
    ],
)  # fmt: skip
def test_predictions_that_cannot_stand_in_one_table_are_refused(predictions, message):
    with pytest.raises(ValueError, match=message):
        summarise_scores(predictions, {}, QUICK)
