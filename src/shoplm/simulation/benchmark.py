"""A held-out benchmark of passages and questions, and where it leaked into the raw data."""

from __future__ import annotations

import random

import pandas as pd

from shoplm.simulation import chinese, english
from shoplm.simulation.general_text import GRAMMARS, cast_names
from shoplm.simulation.grammars.benchmark_passages import PASSAGES

LEAKY_SOURCES = ("general_text", "descriptions", "reviews")


def write_benchmark(count: int, seed: int) -> pd.DataFrame:
    """The benchmark table: example_id, language, passage, question, answer; half Chinese."""
    rng = random.Random(f"{seed}:benchmark")
    rows = []
    for number in range(count):
        language = "zh" if number % 2 else "en"
        genre = rng.choice(tuple(PASSAGES[language].values()))
        grammar, own = GRAMMARS[language], cast_names(language, genre, rng)
        tidy = chinese.tidy if language == "zh" else english.tidy
        joint = "" if language == "zh" else " "
        passage = tidy(joint.join(grammar.write(s, own, rng) for s in genre["sentences"]))
        question, answer = rng.choice(genre["questions"])
        rows.append(
            (f"X{number:05d}", language, passage, grammar.write(question, own, rng), own[answer])
        )
    return pd.DataFrame(rows, columns=["example_id", "language", "passage", "question", "answer"])


def leak_passages(
    benchmark: pd.DataFrame, tables: dict[str, tuple[pd.DataFrame, str, str]], leaks: int, seed: int
) -> tuple[dict[str, pd.DataFrame], dict[str, dict[str, str]]]:
    """Copies of the tables into which passages were pasted, and which stand where.

    Args:
        benchmark: as `write_benchmark` returns it.
        tables: by source (`LEAKY_SOURCES`): the table, its id column, its text column.
        leaks: passages that leak, at most as many as there are; half of them into general text.
        seed: decides which.

    Returns:
        the tables by source, and by source the example_id that a record's id contains.
    """
    rng = random.Random(f"{seed}:leaks")
    truth: dict[str, dict[str, str]] = {source: {} for source in tables}
    texts = {source: table[column].tolist() for source, (table, _, column) in tables.items()}
    open_rows: dict[tuple[str, str], list[int]] = {}
    for source, (table, _, _) in tables.items():
        for row, language in enumerate(table["language"].tolist()):
            open_rows.setdefault((source, language), []).append(row)
    for number, index in enumerate(rng.sample(range(len(benchmark)), min(leaks, len(benchmark)))):
        example = benchmark.iloc[index]
        source = LEAKY_SOURCES[0 if number % 2 else 1 + number // 2 % 2]
        rows = open_rows.get((source, example["language"]))
        if not rows:
            continue
        row = rows.pop(rng.randrange(len(rows)))  # no record takes in two passages
        joint = "" if example["language"] == "zh" else " "
        texts[source][row] = f"{texts[source][row]}{joint}{example['passage']}"
        table, key, _ = tables[source]
        truth[source][table[key].iloc[row]] = example["example_id"]
    leaky = {
        source: table.assign(**{column: texts[source]})
        for source, (table, _, column) in tables.items()
    }
    return leaky, truth
