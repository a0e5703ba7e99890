"""Text from outside the shop: encyclopaedia, chronicle, diary, tale and news, in two languages."""

from __future__ import annotations

import random
from collections.abc import Mapping
from typing import Any

import pandas as pd

from shoplm.simulation import chinese, english
from shoplm.simulation.asides import adorn
from shoplm.simulation.grammar import Deck, Grammar
from shoplm.simulation.grammars import (
    general_chinese_asides,
    general_chinese_people,
    general_chinese_words,
    general_chinese_world,
    general_english_asides,
    general_english_people,
    general_english_words,
    general_english_world,
)

Genre = Mapping[str, Any]
GRAMMARS = {
    "en": Grammar(general_english_words.RULES, general_english_asides.WORDS),
    "zh": Grammar(general_chinese_words.RULES, general_chinese_asides.WORDS),
}
_MANNERS = {"en": general_english_asides.MANNERS, "zh": general_chinese_asides.MANNERS}
_MANNER_OF = {"travel": "diary", "seasons": "diary", "tales": "tale"}  # the others are reports
GENRES: dict[str, dict[str, Genre]] = {
    "en": general_english_world.GENRES | general_english_people.GENRES,
    "zh": general_chinese_world.GENRES | general_chinese_people.GENRES,
}


def cast_names(language: str, genre: Genre, rng: random.Random) -> dict[str, Any]:
    """What a document of a genre is about: each name of the genre's cast, bound once."""
    grammar = GRAMMARS[language]
    own: dict[str, Any] = dict(rng.choice(genre.get("variants", [{}])))
    if "facts" in genre:
        own |= zip(genre["fact_names"], rng.choice(genre["facts"]), strict=True)
    for name, options in (genre["cast"] | genre.get("also", {})).items():
        choices = tuple(" ".join(option.split()) for option in options.split("|"))
        own[name] = grammar.write(rng.choice(choices), own, rng)
        own[f"{name}2"] = choices
    if "animal" in own and language == "en":
        own["animals"] = english.pluralise(own["animal"])
    return own


def write_document(
    language: str, topic: str, genre: Genre, sentences: int, rng: random.Random
) -> tuple[str, str, dict[str, Any]]:
    """Title, text and cast of one document with `sentences` sentences in its body."""
    grammar = GRAMMARS[language]
    tidy = chinese.tidy if language == "zh" else english.tidy
    joint = "" if language == "zh" else " "
    own = cast_names(language, genre, rng)
    body = Deck(genre["body"])
    slots = [rng.choice(genre["open"])]
    slots += [body.draw(rng.random) for _ in range(sentences)]
    if rng.random() < 0.8:
        slots.append(rng.choice(genre["end"]))
    manner = _MANNERS[language][_MANNER_OF.get(topic, "report")]
    written = [grammar.write(adorn(slot, language, manner, rng), own, rng) for slot in slots]
    if len(written) > 6:  # a long text has two paragraphs
        half = len(written) // 2
        text = tidy(joint.join(written[:half])) + "\n" + tidy(joint.join(written[half:]))
    else:
        text = tidy(joint.join(written))
    return tidy(grammar.write(rng.choice(genre["title"]), own, rng)), text, own


def write_general_text(english_count: int, chinese_count: int, seed: int) -> pd.DataFrame:
    """The general table: doc_id, language, topic, title, text; topics come up equally often."""
    rng = random.Random(f"{seed}:general")
    rows = []
    for language, count in (("en", english_count), ("zh", chinese_count)):
        topics = tuple(GENRES[language])
        for _ in range(count):
            topic = rng.choice(topics)
            sentences = rng.choice((3, 4, 5, 6, 7, 8, 9, 11))
            title, text, _cast = write_document(
                language, topic, GENRES[language][topic], sentences, rng
            )
            rows.append((language, topic, title, text))
    rng.shuffle(rows)
    frame = pd.DataFrame(rows, columns=["language", "topic", "title", "text"])
    frame.insert(0, "doc_id", [f"G{i:07d}" for i in range(len(rows))])
    return frame
