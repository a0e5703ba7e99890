"""Small tables with truth by construction, for benchmark tasks that the shop's own tables lack.

Each is drawn from a random stream of its own, so that its size changes no other table.
"""

from __future__ import annotations

import random
from collections.abc import Callable
from typing import Any

import pandas as pd

from shoplm.simulation import chinese, english
from shoplm.simulation.addresses import write_address_pair
from shoplm.simulation.grammar import Deck, Grammar
from shoplm.simulation.grammars import everyday_events, inference_scenes, news_items
from shoplm.simulation.lexicon import KINDS
from shoplm.simulation.lexicon.materials import MATERIALS
from shoplm.simulation.lexicon.notation import LANGUAGES, Kind
from shoplm.simulation.settings import BenchmarkSize

TRIES = 50
"""Draws for a text that is not there yet."""


def write_benchmark_tables(size: BenchmarkSize, seed: int) -> dict[str, pd.DataFrame]:
    """Tables by name: news, sentence_pairs, addresses, category_notes, event_questions.

    Raises:
        ValueError: more rows are asked for than there are different texts.
    """
    return {
        "news": write_news(size.news, seed),
        "sentence_pairs": write_sentence_pairs(size.premises, seed),
        "addresses": write_addresses(size.addresses, seed),
        "category_notes": write_category_notes(seed),
        "event_questions": write_event_questions(seed),
    }


def write_news(count: int, seed: int) -> pd.DataFrame:
    """news_id, language, topic, text: each topic of a language as often as any other.

    Languages take turns. An English text is a headline and a story, a Chinese one a headline.
    """
    rng = random.Random(f"{seed}:news")
    grammars = {language: Grammar(words) for language, words in news_items.WORDS.items()}
    turns = {language: _in_turn(tuple(news_items.TOPICS[language]), rng) for language in LANGUAGES}
    rows, seen = [], set()
    for number in range(count):
        language = LANGUAGES[number % len(LANGUAGES)]
        topic = next(turns[language])
        patterns = news_items.TOPICS[language][topic]

        def draw(language: str = language, patterns: list[str] = patterns) -> str:
            words = news_items.WORDS[language]  # no name or number twice in a text
            own = {name: Deck(texts) for name, texts in words.items() if len(texts) > 1}
            text = grammars[language].write(rng.choice(patterns), own, rng)
            tidy = chinese.tidy if language == "zh" else english.tidy
            return "\n".join(map(tidy, text.split("\n")))

        rows.append((f"W{number:05d}", language, topic, _new(draw, seen, "news")))
    return pd.DataFrame(rows, columns=["news_id", "language", "topic", "text"])


def write_sentence_pairs(count: int, seed: int) -> pd.DataFrame:
    """premise_id, pair_id, language, premise, hypothesis, relation: three pairs a premise.

    One hypothesis follows from the premise, one contradicts it, and one does neither: `entailment`,
    `contradiction`, `neutral`. Languages take turns; `count` is the number of premises.
    """
    rng = random.Random(f"{seed}:sentence_pairs")
    rows, seen = [], set()
    for number in range(count):
        language = LANGUAGES[number % len(LANGUAGES)]
        drawn: list[Any] = []

        def draw(language: str = language, drawn: list[Any] = drawn) -> str:
            scenes = inference_scenes
            drawn[:] = [rng.choice(part[language])
                        for part in (scenes.WHO, scenes.PLACES, scenes.DOING)]  # fmt: skip
            (who, _, _, plural), (where, _, _), (doing, *_) = drawn
            return _sentence(language, who, plural, doing, where)

        premise = _new(draw, seen, "sentence_pairs")
        for relation, hypothesis in _hypotheses(language, *drawn, rng).items():
            pair_id = f"H{number:05d}-{relation[0]}"
            rows.append((f"H{number:05d}", pair_id, language, premise, hypothesis, relation))
    columns = ["premise_id", "pair_id", "language", "premise", "hypothesis", "relation"]
    return pd.DataFrame(rows, columns=columns)


def _hypotheses(
    language: str,
    who: tuple[str, str, str, bool],
    where: tuple[str, str, str],
    doing: tuple[str, str, str, str],
    rng: random.Random,
) -> dict[str, str]:
    """A hypothesis by its relation to the premise that these parts make."""
    _, the_one, anybody, plural = who
    _, inside, elsewhere = where
    follows, impossible, possible = (rng.choice(texts.split("|")) for texts in doing[1:])

    def said(subject: str, state: str) -> str:
        return _sentence(language, subject, plural, state, "")

    at = (lambda place: place.removeprefix("在")) if language == "zh" else str
    return {
        "entailment": said(*rng.choice([(anybody, follows), (the_one, at(inside))])),
        "contradiction": said(the_one, rng.choice([impossible, at(elsewhere)])),
        "neutral": said(the_one, possible),
    }


def _sentence(language: str, who: str, plural: bool, state: str, where: str) -> str:
    if language == "zh":
        return chinese.tidy(f"{who}{where or '在'}{state}。")
    return english.tidy(f"{who} {'are' if plural else 'is'} {state} {where}.")


def write_addresses(count: int, seed: int) -> pd.DataFrame:
    """pair_id, language, first, second, match (no, partial, yes): each degree equally often."""
    rng = random.Random(f"{seed}:addresses")
    degrees = _in_turn(("yes", "partial", "no"), rng)
    rows, seen = [], set()
    for number in range(count):
        degree, pair = next(degrees), ["", ""]

        def draw(degree: str = degree, pair: list[str] = pair) -> str:
            pair[:] = write_address_pair(degree, rng)
            return pair[0]

        _new(draw, seen, "addresses")
        rows.append((f"D{number:05d}", "zh", *pair, degree))
    return pd.DataFrame(rows, columns=["pair_id", "language", "first", "second", "match"])


def write_category_notes(seed: int) -> pd.DataFrame:
    """category_id, language, category, explanation: what each kind of product is, in a sentence."""
    rng = random.Random(f"{seed}:category_notes")
    rows = [
        (key, language, f"{kind.group[language]} > {kind.names(language)[0]}",
         _explain(kind, language, rng))
        for key, kind in KINDS.items()
        for language in LANGUAGES
    ]  # fmt: skip
    return pd.DataFrame(rows, columns=["category_id", "language", "category", "explanation"])


def _explain(kind: Kind, language: str, rng: random.Random) -> str:
    name, *others = kind.names(language)
    uses = [use[language] for use in rng.sample(kind.uses, 2)]
    stuffs = [MATERIALS[key].name[language] for key in rng.sample(kind.materials, 2)]
    parts = [part[language] for part in rng.sample(kind.parts, 2)]
    if language == "zh":
        also = f"，也叫{others[0]}" if others else ""
        return chinese.tidy(
            f"{name}{also}，属于{kind.group.zh}，常用{stuffs[0]}或{stuffs[1]}制成，"
            f"带有{parts[0]}和{parts[1]}，适合{uses[0]}、{uses[1]}。"
        )
    also = f", also called {others[0]}," if others else ""
    it, is_, has, suits = ("they", "are", "have", "suit") if kind.plural else (
        "it", "is", "has", "suits")  # fmt: skip
    subject = name if kind.plural else f"a {name}"
    return english.tidy(
        f"{subject}{also} {is_} listed under {kind.group.en}. {it} {is_} made of {stuffs[0]} or "
        f"{stuffs[1]}, {has} parts such as {parts[0]} and {parts[1]}, and {suits} {uses[0]} and "
        f"{uses[1]}."
    )


def write_event_questions(seed: int) -> pd.DataFrame:
    """event_id, language, frame, relation, question, answer: three questions an event.

    The answers of an event belong to its three relations (obstacle, need, effect) alone, so that
    each is wrong where another is asked for.
    """
    rng = random.Random(f"{seed}:event_questions")
    rows = []
    for language in LANGUAGES:
        for frame, spec in everyday_events.FRAMES[language].items():
            for number, pair in enumerate(spec["pairs"]):
                own = dict(zip("ab", pair.split("|"), strict=True))
                event = spec["event"].format(**own)
                for relation, wordings in everyday_events.ASKED[language].items():
                    who = rng.choice(everyday_events.WHO[language])
                    question = rng.choice(wordings).format(who=who, event=event)
                    answer = spec[relation].format(**own)
                    if language == "en":
                        question, answer = question[0].upper() + question[1:], english.tidy(answer)
                    rows.append((f"{frame}-{number}", language, frame, relation, question, answer))
    columns = ["event_id", "language", "frame", "relation", "question", "answer"]
    return pd.DataFrame(rows, columns=columns)


def _in_turn(names: tuple[str, ...], rng: random.Random):
    """The names in random order, over and over."""
    while True:
        yield from rng.sample(names, len(names))


def _new(draw: Callable[[], str], seen: set[str], table: str) -> str:
    for _ in range(TRIES):
        text = draw()
        if text not in seen:
            seen.add(text)
            return text
    raise ValueError(f"demo_shop: benchmarks.{table}: no more different texts after {len(seen)}")
