import math

import pytest
from hypothesis import given
from hypothesis import strategies as st

from shoplm.metrics.text import (
    bleu,
    exact_match,
    longest_common_subsequence,
    normalise,
    rouge_l,
    rouge_l_char,
    squad_f1,
)

SHORT_TEXTS = st.text(st.sampled_from("abc 红色,.'é\n"), max_size=20)


def test_rouge_l_is_f1_of_the_longest_common_subsequence_of_words():
    # common: "cat on mat", precision 3/5, recall 3/6
    assert rouge_l("cat sat on red mat", "the cat is on the mat") == pytest.approx(6 / 11)
    assert rouge_l("red cotton shirt", "Red, cotton: SHIRT!") == 1
    assert rouge_l("shirt cotton red", "red cotton shirt") == pytest.approx(1 / 3)


def test_rouge_l_stems_words():
    assert rouge_l("running shoes", "run shoe") == 1
    assert rouge_l("shirt", "trousers") == 0


@given(SHORT_TEXTS, SHORT_TEXTS | st.none())
def test_rouge_l_is_that_of_the_package(prediction, reference):
    reference = prediction if reference is None else reference
    from rouge_score.rouge_scorer import RougeScorer

    scored = RougeScorer(["rougeL"], use_stemmer=True).score(reference, prediction)
    assert rouge_l(prediction, reference) == pytest.approx(scored["rougeL"].fmeasure)


@pytest.mark.parametrize("measure", [rouge_l, rouge_l_char, squad_f1, bleu])
def test_an_empty_prediction_scores_nothing(measure):
    assert measure("", "red shirt for men") == 0


def test_rouge_l_drops_chinese_and_rouge_l_char_does_not():
    assert rouge_l("红色衬衫", "红色衬衫") == 0
    assert rouge_l_char("红色衬衫", "红色衬衫") == 1


def test_rouge_l_char_is_f1_of_characters():
    # common: 红棉质, of 4 and 5 characters
    assert rouge_l_char("红棉质衫", "红色 棉质裤") == pytest.approx(2 * 3 / 9)
    assert rouge_l_char("A1 红", "a1红") == 1
    assert rouge_l_char("", "") == 0


@given(st.text("abc", max_size=12), st.text("abc", max_size=12))
def test_longest_common_subsequence_is_that_of_the_table(first, second):
    row = [0] * (len(second) + 1)
    for a in first:
        above = row.copy()
        for place, b in enumerate(second, start=1):
            row[place] = above[place - 1] + 1 if a == b else max(above[place], row[place - 1])
    assert longest_common_subsequence(first, second) == row[-1]


def test_long_texts_are_compared_in_a_moment():
    """A table of 400 million cells would take minutes."""
    first, second = "红色棉质衬衫" * 3000, "红色衬衫" * 5000
    assert rouge_l_char(first, second) == pytest.approx(2 * 12000 / 38000)


@pytest.mark.parametrize(
    ("text", "language", "plain"),
    [
        ("The  Red-Shirt, an 'A' grade!", "en", "redshirt grade"),
        ("Die rote Bluse — für Sie", "de", "die rote bluse für sie"),
        ("ＡＢＣ，红色 衬衫。", "zh", "abc红色衬衫"),
        ("the", "en", ""),
        ("...", "en", ""),
        ("$1,000.50 - 3/4 x-2 -2.", "en", "1000.50 3/4 x2 -2"),
    ],
)
def test_normalise(text, language, plain):
    assert normalise(text, language) == plain


def test_exact_match():
    assert exact_match("The Red Shirt.", "red shirt") == 1
    assert exact_match("red shirts", "red shirt") == 0
    assert exact_match("红色， 衬衫", "红色衬衫", "zh") == 1


def test_squad_f1_is_of_bags_of_words():
    # red, car in common; of 2 and 3 words
    assert squad_f1("the red car", "a red car cars") == pytest.approx(2 * 2 / 5)
    assert squad_f1("red red", "red car") == pytest.approx(0.5)
    assert squad_f1("the", "an") == 1
    assert squad_f1("blue", "the") == 0


def test_squad_f1_without_spaces_is_by_character_and_latin_run():
    # 红, 衬, 衫, xl of 红 衬 衫 xl and 红 色 衬 衫 xl
    assert squad_f1("红衬衫XL", "红色衬衫 xl", "zh") == pytest.approx(2 * 4 / 9)


def test_bleu_of_one_sentence_by_hand():
    # 1- to 4-grams right: 5/6, 3/5, 2/4, 1/3; as long as the reference
    expected = math.exp(sum(map(math.log, (5 / 6, 3 / 5, 2 / 4, 1 / 3))) / 4)
    reference = "red cotton shirt for tall men"
    assert bleu("Red cotton shirt for small men", reference) == pytest.approx(expected)


def test_bleu_is_shortened_where_the_prediction_is_short():
    # all n-grams right, 4 words of 5
    assert bleu("red cotton shirt for", "red cotton shirt for men") == pytest.approx(
        math.exp(-1 / 4)
    )


def test_bleu_reads_the_first_line_alone():
    reference = "red cotton shirt for men"
    assert bleu(f"\n{reference}\nand more text", reference) == 1
    assert bleu(f"and more text\n{reference}", reference) < 0.1


def test_bleu_of_a_short_text_is_nothing():
    assert bleu("red shirt", "red shirt") == 0


def test_bleu_cuts_chinese_into_characters():
    # 1- to 4-grams right: 5/6, 4/5, 3/4, 2/3
    expected = math.exp(sum(map(math.log, (5 / 6, 4 / 5, 3 / 4, 2 / 3))) / 4)
    assert bleu("红色棉质衬衫", "红色棉质衬衣", "zh") == pytest.approx(expected)
    assert bleu("红色棉质衬衫", "红色棉质衬衣", "en") == 0


def test_bleu_cuts_japanese_into_words():
    pytest.importorskip("MeCab", reason="MeCab is not installed")
    reference = "赤い綿のシャツを買いました"
    assert bleu(reference, reference, "ja") == 1
    assert 0 < bleu("青い綿のシャツを買いました", reference, "ja") < 1


def test_bleu_says_what_japanese_needs(monkeypatch):
    import sys

    from shoplm.metrics.text import _bleu

    _bleu.cache_clear()
    monkeypatch.setitem(sys.modules, "MeCab", None)
    monkeypatch.delitem(sys.modules, "sacrebleu.tokenizers.tokenizer_ja_mecab", raising=False)
    with pytest.raises(ModuleNotFoundError, match=r"pip install \"sacrebleu\[ja\]\""):
        bleu("赤い", "赤い", "ja")


@pytest.mark.parametrize("measure", [rouge_l, rouge_l_char, squad_f1, bleu, exact_match])
@given(prediction=SHORT_TEXTS, reference=SHORT_TEXTS)
def test_a_measure_lies_between_nothing_and_all(measure, prediction, reference):
    assert 0 <= measure(prediction, reference) <= 1
