"""Settings of the steps that decide which records are kept."""

from __future__ import annotations

import re
from typing import Literal

from pydantic import Field, field_validator, model_validator

from shoplm.variants import Settings


class RuleLimits(Settings):
    """Limits of the filter rules for a language or a source; what is not given is inherited."""

    min_characters: int | None = Field(None, ge=1)
    """Shorter texts are `too_short` (Unicode characters, after repair)."""
    max_characters: int | None = Field(None, ge=1)
    """Longer texts are `too_long`."""
    max_symbol_share: float | None = Field(None, ge=0, le=1)
    """Symbols and punctuation among the characters that are not white space; a run of the same
    symbol counts as one."""
    max_digit_share: float | None = Field(None, ge=0, le=1)
    """Digits among the characters that are not white space."""
    max_run_share: float | None = Field(None, ge=0, le=1)
    """The longest run of one character among all characters (runs below 8 do not count)."""
    max_line_repetition: float | None = Field(None, ge=0, le=1)
    """Words in lines that already appeared in the text, among all words."""
    max_phrase_repetition: float | None = Field(None, ge=0, le=1)
    """Phrases (5 words, or 10 characters in scripts without spaces) that already appeared in the
    text, among all of its phrases; texts with fewer than 10 phrases are not judged."""
    boilerplate_keys: int | None = Field(None, ge=2)
    """A normalised text that stands under at least so many different keys is `boilerplate`."""
    min_script_share: float | None = Field(None, ge=0, le=1)
    """Words (characters in scripts without spaces) in a script of the declared language, among all
    words; below it the text is in the `wrong_language`."""


class FilterSettings(RuleLimits):
    """The filter rules. Null turns a rule off; for one source, its extreme does (a share of 1)."""

    min_characters: int | None = Field(10, ge=1)
    """As in `RuleLimits`."""
    max_characters: int | None = Field(1_000_000, ge=1)
    """As in `RuleLimits`."""
    max_symbol_share: float | None = Field(0.5, ge=0, le=1)
    """As in `RuleLimits`."""
    max_digit_share: float | None = Field(0.7, ge=0, le=1)
    """As in `RuleLimits`."""
    max_run_share: float | None = Field(0.5, ge=0, le=1)
    """As in `RuleLimits`."""
    max_line_repetition: float | None = Field(0.5, ge=0, le=1)
    """As in `RuleLimits`."""
    max_phrase_repetition: float | None = Field(0.5, ge=0, le=1)
    """As in `RuleLimits`."""
    boilerplate_keys: int | None = Field(20, ge=2)
    """As in `RuleLimits`."""
    min_script_share: float | None = Field(0.2, ge=0, le=1)
    """As in `RuleLimits`."""
    boilerplate_patterns: tuple[str, ...] = (
        r"(系统)?默认(好评|评价).{0,10}",
        r"(此|该)?用户(没有|未)(填写|及时填写)?(评价|评论|内容).{0,12}",
        r"(this )?(product|item) has no (description|reviews?)( yet)?\W*",
        r"lorem ipsum.*",
    )
    """Regular expressions (RE2) without case; a text that one matches as a whole is
    `boilerplate`."""
    min_language_words: int = Field(5, ge=1)
    """Texts with fewer words are not judged by script."""
    min_function_words: int = Field(4, ge=1)
    """A text in Latin script is in the `wrong_language` when it has at least so many different
    function words (the, de, und, ...) of another language, and more than three times as many as of
    its own. Only languages in `languages.FUNCTION_WORDS` are judged so."""
    languages: dict[str, RuleLimits] = {"zh": RuleLimits(min_characters=4)}
    """Limits for a language."""
    sources: dict[str, RuleLimits] = {}
    """Limits for a source; they come before the language's."""

    @field_validator("boilerplate_patterns")
    @classmethod
    def _patterns_compile(cls, patterns: tuple[str, ...]) -> tuple[str, ...]:
        for pattern in patterns:
            try:
                re.compile(pattern)
            except re.error as error:
                raise ValueError(f"{pattern!r} is not a regular expression: {error}") from None
        return patterns


class CleaningSettings(Settings):
    """How text is repaired, and then judged."""

    repair_encoding: bool = True
    """Undo mojibake (UTF-8 read in another encoding), with ftfy."""
    strip_html: bool = True
    """Drop tags and comments, keep their text, and decode entities."""
    filters: FilterSettings = FilterSettings()
    """Which repaired texts are kept."""


class DeduplicationSettings(Settings):
    """Exact duplicates by normalised text, near duplicates by MinHash.

    Two records are near duplicates when the Jaccard similarity of their shingle sets is at least
    `threshold`. Candidates come from banded MinHash signatures; each is verified on the shingles
    themselves, so what is reported is exact and only recall is a matter of probability.
    """

    threshold: float = Field(0.8, gt=0, le=1)
    """Jaccard similarity of shingle sets from which on two records are near duplicates."""
    permutations: int = Field(128, ge=16, le=1024)
    """Length of a MinHash signature."""
    bands: int | None = Field(None, ge=1)
    """Bands that a signature is cut into, of `permutations // bands` rows; the default is derived
    from the threshold (`lsh_bands`)."""
    word_shingle: int = Field(2, ge=1)
    """Words a shingle, in scripts with spaces."""
    character_shingle: int = Field(4, ge=1)
    """Characters a shingle, in scripts without."""
    min_shingles: int = Field(16, ge=1)
    """Texts with fewer shingles are only compared exactly: in a title of eight words, one other
    word is another product."""
    within: Literal["source", "all"] = "source"
    """Near duplicates are sought inside a source, or across all: a description that repeats its
    product's title or properties is how shops write, and one cluster should show both."""
    linkage: Literal["direct", "component"] = "direct"
    """`direct`: a record is removed only if it is similar to its survivor itself; `component`:
    everything that a chain of similar pairs connects leaves one survivor."""
    seed: int = Field(0, ge=0, lt=2**32)
    """Seed of the permutations."""

    @model_validator(mode="after")
    def _bands_fit(self) -> DeduplicationSettings:
        if self.bands is not None and self.bands > self.permutations:
            raise ValueError(
                f"bands ({self.bands}) must not exceed permutations ({self.permutations})"
            )
        return self


class ContaminationSettings(Settings):
    """Which records share text with a benchmark."""

    word_ngram: int = Field(13, ge=1)
    """Words a shared n-gram, in scripts with spaces."""
    character_ngram: int = Field(30, ge=1)
    """Characters a shared n-gram, in scripts without, and in windows that mix both."""
    min_words: int = Field(8, ge=1)
    """A benchmark text shorter than an n-gram counts as a whole, from so many words on."""
    min_characters: int = Field(16, ge=1)
    """The same, in scripts without spaces and in mixed texts."""
