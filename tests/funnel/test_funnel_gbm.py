"""Gradient boosting behind one interface."""

from __future__ import annotations

import importlib.util
import pickle
from dataclasses import replace

import numpy as np
import pytest
import torch
from funnel_rows import describe, draw_batch, make, one_row

LIBRARIES = [
    "scikit-learn",
    pytest.param(
        "lightgbm",
        marks=pytest.mark.skipif(
            importlib.util.find_spec("lightgbm") is None, reason="the extra is not installed"
        ),
    ),
]
every_library = pytest.mark.parametrize("library", LIBRARIES)


def boosting(d, **settings):
    return make(d, **{"model": "gbm", "trees": 15, "learning_rate": 0.3, **settings})


def labelled(d, rows=300):
    """Clicked where the rating is positive, bought if of category 2 too."""
    batch = draw_batch(d, rows=rows)
    clicked = (batch.numeric[:, 1] > 0).float()
    bought = clicked * (batch.categorical[:, 0] == 2)
    return replace(batch, labels=torch.stack([clicked, bought], 1))


@every_library
def test_learns_from_all_batches(library):
    d = describe(2)
    first, second = labelled(d), draw_batch(d, rows=50)
    second = replace(second, labels=torch.zeros(50, 2))
    model = boosting(d, library=library)
    assert not model.is_trained
    p = model.fit(iter([first, second])).predict(first)
    assert p.shape == (300, 2)
    assert p.dtype == torch.float32
    assert ((p >= 0) & (p <= 1)).all()
    for t in range(2):
        positive = first.labels[:, t] == 1
        assert p[positive, t].mean() > p[~positive, t].mean() + 0.3
    alone = boosting(d, library=library).fit([first]).predict(first)
    assert alone[:, 0].mean() > p[:, 0].mean()  # the second batch has no click
    again = boosting(d, library=library).fit([first, second]).predict(first)
    assert torch.equal(again, p)
    assert torch.equal(pickle.loads(pickle.dumps(model)).predict(first), p)


@every_library
def test_a_task_of_one_label_is_given_its_value(library):
    d = describe(2)
    batch = labelled(d)
    batch = replace(batch, labels=batch.labels * torch.tensor([1.0, 0.0]))
    p = boosting(d, library=library).fit([batch]).predict(batch)
    assert (p[:, 1] == 0).all()


@every_library
def test_regions_unseen_in_training_are_one_value(library):
    d = describe(2, regions=4)
    batch = replace(draw_batch(d, rows=200, regions=2), labels=labelled(d, 200).labels)
    model = boosting(d, library=library).fit([batch])

    def score(region):
        return model.predict(replace(batch, region=torch.full_like(batch.region, region)))

    assert torch.equal(score(2), score(3))


def test_the_library_is_given_the_columns_of_a_row():
    """Against scikit-learn itself on the same columns, categories as they are."""
    from sklearn.ensemble import HistGradientBoostingClassifier

    d = describe(1, multivalued={}, region_one_hot=True, region_numeric=3)
    batch = labelled(describe(2))
    batch = replace(batch, labels=batch.labels[:, :1], multivalued={})
    x = torch.cat(
        [batch.categorical, batch.region[:, None], batch.platform[:, None], batch.numeric], 1
    ).numpy()
    oracle = HistGradientBoostingClassifier(
        max_iter=15, learning_rate=0.3, early_stopping=False, categorical_features=[0, 1, 2, 3]
    ).fit(x, batch.labels[:, 0].numpy())
    np.testing.assert_allclose(
        boosting(d).fit([batch]).predict(batch)[:, 0].numpy(),
        oracle.predict_proba(x)[:, 1],
        rtol=1e-5,
    )


def test_rare_values_of_a_large_category_are_one():
    d = describe(1, categorical={"category": 1000, "brand": 4})
    batch = labelled(describe(2))
    ids = torch.cat([torch.full((100,), 7), torch.full((100,), 900), torch.arange(100, 200)])
    categorical = torch.stack([ids.int(), batch.categorical[:, 1]], 1)
    batch = replace(batch, labels=batch.labels[:, :1], categorical=categorical)
    model = boosting(d, categories=2).fit([batch])

    def score(value):
        row = one_row(batch, 0)
        return model.predict(replace(row, categorical=torch.tensor([[value, 1]])))

    assert torch.equal(score(100), score(999))
    assert [int(model.codes[0][value]) for value in (7, 900, 100, 999)] == [1, 2, 0, 0]


def test_nothing_to_learn_from_is_refused():
    with pytest.raises(ValueError, match="model gbm: there is no training row"):
        boosting(describe()).fit([])


def test_a_missing_extra_says_what_to_do(monkeypatch):
    monkeypatch.setitem(__import__("sys").modules, "lightgbm", None)
    d = describe(2)
    with pytest.raises(ValueError, match="lightgbm is not installed"):
        boosting(d, library="lightgbm").fit([labelled(d)])
