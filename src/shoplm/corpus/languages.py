"""Which script, and which little words, show what language a text is in."""

from __future__ import annotations

from functools import cache

import numpy as np
import pyarrow as pa

from shoplm.corpus.characters import Characters
from shoplm.corpus.shingling import hash_words

_LANGUAGES_OF_SCRIPTS = {
    ("latin",): "en de fr es it pt nl sv da no nb nn fi et lv lt pl cs sk sl hr ro hu tr id ms tl "
    "vi sw af ca gl eu is ga",
    ("cyrillic",): "ru uk be bg mk kk mn", ("arabic",): "ar fa ur ps",
    ("devanagari",): "hi mr ne", ("han",): "zh", ("kana", "han"): "ja", ("hangul", "han"): "ko",
    ("greek",): "el", ("hebrew",): "he", ("thai",): "th", ("lao",): "lo", ("khmer",): "km",
    ("myanmar",): "my", ("tibetan",): "bo",
}  # fmt: skip
SCRIPTS_OF_LANGUAGE = {
    language: scripts
    for scripts, languages in _LANGUAGES_OF_SCRIPTS.items()
    for language in languages.split()
}
FUNCTION_WORDS = {
    language: tuple(words.split())
    for language, words in {
        "en": "the and of to in is it for with that this you on are was be have not as at from "
        "or they we my your will can an has but i if so all one very would were when "
        "there which what",
        "de": "der die das und ist nicht ein eine einen dem den des mit für auf von zu im sich "
        "auch es ich sie wir aber oder wie wenn nach bei aus sehr nur noch werden wird "
        "sind haben kann",
        "fr": "le la les et des du un une est dans pour que qui sur avec pas ne ce cette sont "
        "plus par au aux je vous nous il elle mais ou très ses être avoir fait sans leur "
        "tout ont",
        "es": "el la los las y de que en un una es por con para se del al lo su como más "
        "pero este esta muy también son ha sin sobre todo me te mi sus hay fue porque "
        "cuando desde",
        "it": "il lo la gli le e di che un una è per con non si del della dei al sono ma come "
        "più anche questo questa molto nel alla delle da ho mi ci suo ha hanno quando "
        "tutto essere",
        "pt": "o os as e de que um uma é para com não se do da dos das na em por mais como "
        "mas muito também são foi ao pelo pela seu sua este esta isso ou ser tem quando "
        "eu você",
        "nl": "de het een en van is niet dat op te in voor met zijn ik je aan ook er maar om "
        "bij als naar wel dit deze heeft worden uit nog heel wordt kan geen hebben over "
        "wat zeer",
        "sv": "och att det som en ett är på för av med den inte till har jag om så men var de "
        "från vid kan eller när mycket också detta denna bra vara hade mina sin alla blir "
        "ska",
        "pl": "i w na z się nie do to że jest jak o za od po ale przez dla są tak czy bardzo "
        "już tylko być może który która można tym był tego jego oraz bez ten jednak mnie "
        "ich",
        "tr": "ve bir bu için ile çok da de ne ama gibi daha olarak var kadar olan ben sen biz "
        "en değil her ya veya sonra iyi göre diye olduğu oldu şey hiç ise mi tüm",
    }.items()
}
"""Short lists suffice: in running text every third word or so is one of them."""
LANGUAGES = tuple(FUNCTION_WORDS)


@cache
def function_word_table() -> tuple[np.ndarray, np.ndarray]:
    """Sorted hashes (f,) uint64 of function words, and (f, languages) whether each has them."""
    words = sorted({word for words in FUNCTION_WORDS.values() for word in words})
    hashes = hash_words(Characters.folded(pa.array(words, pa.large_string()))).hash
    has = np.array([[word in FUNCTION_WORDS[language] for language in LANGUAGES] for word in words])
    order = np.argsort(hashes)
    return hashes[order], has[order]
