"""Measures of a text against the right one: pure functions of two strings, 1 the best."""

from __future__ import annotations

import functools
import re
import unicodedata
from collections import Counter
from collections.abc import Sequence
from typing import Any

_ARTICLES = re.compile(r"\b(a|an|the)\b")
_LATIN = re.compile(r"[a-z0-9]")
_SIGN_OF_A_NUMBER = re.compile(r"(?<=\d)[./](?=\d)|(?<!\S)-(?=\d)")
_WORD_OR_SIGN = re.compile(r"[a-z0-9./-]+|\S")


def rouge_l(prediction: str, reference: str) -> float:
    """ROUGE-L F1 of stemmed words, as ShopBench takes it (package rouge-score).

    Words are runs of a-z and 0-9: anything else, accents too, separates words. See `rouge_l_char`
    for languages written without spaces.
    """
    if prediction == reference:  # a gold answer is often held against itself
        return float(_LATIN.search(reference.lower()) is not None)
    from rouge_score.tokenize import tokenize  # its scorer fills a table: slow for long texts

    return _longest_common_f1(*(tokenize(text, _Stemmer) for text in (prediction, reference)))


def rouge_l_char(prediction: str, reference: str) -> float:
    """ROUGE-L F1 by character: every character but white space is a word, lower-cased.

    Published Chinese figures seldom say how they cut text into words; this one is about characters.
    """
    ours, theirs = ("".join(text.lower().split()) for text in (prediction, reference))
    return _longest_common_f1(ours, theirs)


def longest_common_subsequence(first: Sequence[Any], second: Sequence[Any]) -> int:
    """Its length, by the bit-parallel method of Hyyro (2004): one addition an item of `second`."""
    places: dict[Any, int] = {}
    for place, item in enumerate(first):
        places[item] = places.get(item, 0) | 1 << place
    every = (1 << len(first)) - 1
    open_places = every  # a cleared bit is a step of the longest common subsequence so far
    for item in second:
        matched = open_places & places.get(item, 0)
        open_places = ((open_places + matched) | (open_places - matched)) & every
    return len(first) - open_places.bit_count()


def exact_match(prediction: str, reference: str, language: str = "en") -> float:
    """1 if both texts are the same after `normalise`, else 0."""
    return float(normalise(prediction, language) == normalise(reference, language))


def squad_f1(prediction: str, reference: str, language: str = "en") -> float:
    """F1 of the bags of words after `normalise`, as SQuAD 2.0 takes it.

    Where language is written without spaces, a word is one character, or a run of Latin letters and
    digits. With no word on either side: 1 if on neither.
    """
    ours, theirs = (_words(text, language) for text in (prediction, reference))
    if not ours or not theirs:
        return float(ours == theirs)
    common = (Counter(ours) & Counter(theirs)).total()
    return 2 * common / (len(ours) + len(theirs))


def bleu(prediction: str, reference: str, language: str = "en") -> float:
    """BLEU of one sentence as ShopBench takes it: sacrebleu / 100, lower-cased, first line.

    Japanese is cut into words by MeCab, Chinese into characters, all else by the 13a rules. Texts
    below four words score 0 whatever they say, since they have no run of four.

    Raises:
        ModuleNotFoundError: Japanese without MeCab; `pip install "sacrebleu[ja]"` brings it.
    """
    first_line = prediction.strip("\n").split("\n")[0]
    scorer = _bleu(_BLEU_TOKENIZERS.get(language, "13a"))
    return min(scorer.corpus_score([first_line], [[reference]]).score / 100, 1.0)


def normalise(text: str, language: str = "en") -> str:
    """Lower case, no punctuation, single spaces; no articles in English (SQuAD's rule).

    Unlike SQuAD's script, it keeps the signs of 1.5, 3/4 and -2, which would else be 15, 34 and 2.
    Languages written without spaces lose all of them; full-width forms become the plain ones.
    """
    return ("" if language in WITHOUT_SPACES else " ").join(_plain(text, language).split())


WITHOUT_SPACES = frozenset({"zh", "ja", "th"})
"""Languages whose words no space separates."""

_BLEU_TOKENIZERS = {"ja": "ja-mecab", "zh": "zh"}


def _longest_common_f1(ours: Sequence[str], theirs: Sequence[str]) -> float:
    common = longest_common_subsequence(ours, theirs)
    return 2 * common / (len(ours) + len(theirs)) if common else 0.0


def _plain(text: str, language: str) -> str:
    if language in WITHOUT_SPACES:
        text = unicodedata.normalize("NFKC", text)
    text = text.lower()
    kept = {match.start() for match in _SIGN_OF_A_NUMBER.finditer(text)}
    text = "".join(c for i, c in enumerate(text) if i in kept or not _is_punctuation(c))
    return _ARTICLES.sub(" ", text) if language == "en" else text


def _words(text: str, language: str) -> list[str]:
    plain = _plain(text, language)
    return _WORD_OR_SIGN.findall(plain) if language in WITHOUT_SPACES else plain.split()


def _is_punctuation(character: str) -> bool:
    # SQuAD drops ASCII punctuation, of which Unicode calls some a symbol
    return unicodedata.category(character)[0] == "P" or character in "$+<=>^`|~"


class _Stemmer:
    """Porter's, which takes most of the time of ROUGE, with a memory."""

    @staticmethod
    @functools.lru_cache(maxsize=100_000)
    def stem(word: str) -> str:
        return _porter().stem(word)


@functools.cache
def _porter() -> Any:
    from nltk.stem.porter import PorterStemmer

    return PorterStemmer()


@functools.cache
def _bleu(tokenizer: str) -> Any:
    from sacrebleu.metrics import BLEU

    try:
        return BLEU(lowercase=True, tokenize=tokenizer)
    except RuntimeError as error:  # how sacrebleu says that MeCab is missing
        raise ModuleNotFoundError(
            'BLEU of Japanese needs MeCab: pip install "sacrebleu[ja]"'
        ) from error
