from hypothesis import given
from hypothesis import strategies as st
from synthetic_shop import DIFFICULTIES, QUESTION, SENTIMENT

from shoplm.tasks.synthesis.quota import Quota
from shoplm.tasks.task import Example


def example(language="en"):
    return Example("x", "product_question", language, 0)


@given(st.integers(0, 200), st.integers(0, 5))
def test_cells_share_the_samples_evenly(samples, seed):
    quota = Quota(QUESTION, samples, seed)
    assert len(quota.wanted) == 2 * 4
    assert quota.total == samples
    assert max(quota.wanted.values()) - min(quota.wanted.values()) <= 1
    assert quota.wanted == Quota(QUESTION, samples, seed).wanted


def test_the_seed_draws_who_gets_the_odd_sample():
    odd = {
        next(cell for cell, n in Quota(QUESTION, 1, seed).wanted.items() if n) for seed in range(30)
    }
    assert len(odd) > 3


def test_cells_are_of_language_and_every_field_with_values():
    cells = {cell for _, cell in Quota(SENTIMENT, 4, 0).wanted}
    assert cells == {
        (("tone", tone), ("answer", label))
        for tone in ("calm", "angry")
        for label in ("pos", "neg")
    }
    assert {language for language, _ in Quota(QUESTION, 4, 0).wanted} == {"en", "zh"}


def test_a_sample_counts_where_it_says_it_belongs():
    quota = Quota(QUESTION, 16, 0)  # two a cell
    hard, easy = (("en", (("difficulty", value),)) for value in ("Hard", "Easy"))
    assert quota.take(example(), {"difficulty": "Hard", "question": "?"})
    assert (quota.short(hard), quota.short(easy)) == (1, 2)
    assert quota.take(example(), {"difficulty": "Hard"})
    assert not quota.take(example(), {"difficulty": "Hard"})
    assert quota.take(example("zh"), {"difficulty": "Hard"})
    assert quota.short(hard) == 0
    assert sum(map(quota.short, quota.wanted)) == 13
    assert {dict(cell)["difficulty"] for _, cell in quota.wanted} == set(DIFFICULTIES)
