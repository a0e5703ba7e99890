"""Parameters of the simulated shop."""

from __future__ import annotations

from typing import Annotated

from pydantic import Field

from shoplm.variants import Settings

Share = Annotated[float, Field(ge=0, le=1)]
Count = Annotated[int, Field(ge=0)]


class CatalogueSize(Settings):
    """How many products, texts and queries the shop has."""

    products: Annotated[int, Field(ge=20)] = 1200
    """Listings, spread over seven departments and two languages."""
    chinese_share: Share = 0.5
    """Share of products, and with them of shop texts, in Chinese; the rest is English."""
    twin_share: Share = 0.05
    """Share of products that are another product's listing in the other language."""
    translated_share: Share = 0.4
    """Share of products that are listed in the other language as well, in a table of its own."""
    successor_share: Share = 0.08
    """Share of products that are a new version of another, whose name starts with the other's."""
    reviews: Count = 3500
    """Reviews before duplicates, boilerplate and garbage are planted."""
    unreviewed_share: Share = 0.12
    """Share of products without a single review."""
    articles: Count = 500
    """Articles that name one to four products."""
    article_keys_share: Share = 0.2
    """Share of articles that come with product ids; the others name products only in their text."""
    queries: Count = 300
    """Search queries with graded relevance."""
    judgements: Annotated[int, Field(ge=4)] = 10
    """Judged products a query."""


class GeneralTextSize(Settings):
    """How much text from outside the shop there is."""

    english: Count = 1100
    """English documents."""
    chinese: Count = 2000
    """Chinese documents."""
    benchmark_passages: Annotated[int, Field(ge=8)] = 120
    """Passages with a question and an answer, from kinds of text that occur nowhere else."""
    leaks: Count = 24
    """Benchmark passages that also stand in general text, descriptions or reviews."""


class BenchmarkSize(Settings):
    """Small tables that only benchmark tasks ask about; category notes and event questions are as
    many as there are kinds of products and events."""

    news: Count = 160
    """News items, half of them Chinese headlines."""
    premises: Count = 60
    """Sentences with three hypotheses each: one that follows, one ruled out, one open."""
    addresses: Count = 120
    """Pairs of Chinese addresses."""


class DefectRates(Settings):
    """What goes wrong in raw data, as shares of the rows of a source."""

    exact_duplicates: Share = 0.02
    """Rows repeated under another id (reviews, general text)."""
    near_duplicates: Share = 0.03
    """Rows repeated with a few words changed (reviews, descriptions, general text)."""
    boilerplate: Share = 0.04
    """Default reviews ("the customer left no comment"), the same words for many products."""
    markup: Share = 0.06
    """Texts with HTML tags and entities."""
    mojibake: Share = 0.02
    """UTF-8 read as Latin-1 or Windows-1252."""
    control_characters: Share = 0.01
    """Texts with control and invisible characters."""
    garbage: Share = 0.03
    """Rows without use: symbols, digits, nothing, another language, no key."""


class BehaviourSize(Settings):
    """Who buys, how often, and what the search log shows."""

    users: Annotated[int, Field(ge=10)] = 1500
    """Users with interactions."""
    events: Annotated[float, Field(ge=4)] = 14
    """Mean number of interactions a user; the shortest sequence has three."""
    cross_domain_share: Share = 0.65
    """Share of users with a taste for more than one department."""
    days: Annotated[int, Field(ge=30)] = 720
    """Time that interactions and reviews span."""
    search_rows: Annotated[int, Field(ge=1)] = 50_000
    """Rows of the search log: shown products."""
    regions: Annotated[int, Field(ge=2, le=10)] = 10
    """Regions that the search log covers."""


class WatchSize(Settings):
    """A log from outside the shop: short videos shown in the tabs of an app."""

    rows: Annotated[int, Field(ge=1)] = 20_000
    """Rows of the watch log: shown videos."""
    users: Annotated[int, Field(ge=10)] = 500
    """Users of the app."""
    videos: Annotated[int, Field(ge=100)] = 1_000
    """Videos that are shown."""
    tabs: Annotated[int, Field(ge=2, le=10)] = 5
    """Tabs of the app, each with scales of its own."""


class ShopSettings(Settings):
    """The simulated shop: everything in it follows from these numbers."""

    seed: int = 7
    """Another seed makes another shop."""
    catalogue: CatalogueSize = CatalogueSize()
    """Products and their texts."""
    general: GeneralTextSize = GeneralTextSize()
    """Text from outside the shop, and the benchmark."""
    benchmarks: BenchmarkSize = BenchmarkSize()
    """What benchmark tasks are asked about beside passages; it changes no other table."""
    defects: DefectRates = DefectRates()
    """What is planted for cleaning and deduplication to find."""
    behaviour: BehaviourSize = BehaviourSize()
    """Interactions and the search log."""
    watching: WatchSize = WatchSize()
    """The watch log; it changes no other table."""
