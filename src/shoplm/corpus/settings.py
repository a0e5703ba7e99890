"""Settings of the steps from kept records to packed blocks."""

from __future__ import annotations

from typing import Literal

from pydantic import Field, model_validator

from shoplm.variants import Settings

Kind = Literal["general", "shop"]


class ClusterSettings(Settings):
    """How connected clusters are chosen; EcomGPT-CT, section 3.3, leaves these values open."""

    min_records: int = Field(2, ge=1)
    """Smallest cluster. What cannot reach it stays as it is and is counted: a whole component, or
    records whose neighbours cannot spare one or are too long for a common cluster."""
    max_records: int = Field(8, ge=1)
    """A cluster is closed at this many records."""
    max_tokens: int | None = Field(None, ge=1)
    """Token limit of a cluster with its separators and end mark; the default is one block. A
    record longer than the limit stands alone."""

    @model_validator(mode="after")
    def _ordered(self) -> ClusterSettings:
        if self.min_records > self.max_records:
            raise ValueError(
                f"min_records ({self.min_records}) must not exceed max_records ({self.max_records})"
            )
        return self


class MixtureSettings(Settings):
    """One mixture; variants of it are trained against each other on the same token budget."""

    strategy: Literal["clusters", "separate"] = "clusters"
    """`clusters`: a document is a cluster, permuted and concatenated; `separate`: a document is a
    single record (the paper's control)."""
    ratio: dict[Kind, float] = {"general": 2.0, "shop": 1.0}
    """Token ratio of general to shop text."""
    languages: dict[Kind, dict[str, float]] = {"general": {"zh": 1.0, "en": 1.0}}
    """Token ratio of languages inside a kind; a kind that is not named keeps its languages as they
    come. A language that is not named inside a named kind is left out."""
    on_shortage: Literal["stop", "repeat", "shrink"] = "repeat"
    """When a side has fewer tokens than the budget asks: stop with an error; go through it again,
    permuted anew, up to `max_passes` times; or shrink the budget (of every mixture alike) until
    no side is short."""
    max_passes: int = Field(4, ge=1)
    """Passes over a side under `repeat`; a side that is short even so is an error."""

    @model_validator(mode="after")
    def _possible(self) -> MixtureSettings:
        ratios = {f"languages of {kind}": ratio for kind, ratio in self.languages.items()}
        for what, ratio in (ratios | {"ratio": self.ratio}).items():
            if any(part < 0 for part in ratio.values()) or not sum(ratio.values()) > 0:
                raise ValueError(
                    f"{what}: parts must not be negative, and one must be positive: {ratio}"
                )
        return self

    def shares(self) -> dict[tuple[str, str | None], float]:
        """Token share of each (kind, language); language None stands for all of the kind's."""
        shares: dict[tuple[str, str | None], float] = {}
        for kind, part in self.ratio.items():
            inside = self.languages.get(kind) or {None: 1.0}
            for language, weight in inside.items():
                share = part / sum(self.ratio.values()) * weight / sum(inside.values())
                if share > 0:
                    shares[kind, language] = share
        return shares


class PackingSettings(Settings):
    """How documents become blocks."""

    sequence_length: int = Field(512, ge=8)
    """Tokens a block."""
    separator: str = "\n"
    """Text between the records of a document; its tokens count for the document."""


class HeldOutSettings(Settings):
    """Which records are never trained on, so that losses on them can be measured."""

    share: float = Field(0.04, ge=0, lt=1)
    """Share of general texts, and of the shop tokens of each language, that is held out."""
    max_records: int = Field(32, ge=1)
    """Shop records are held out by whole components of the record graph; one of more records than
    this never is."""
    max_tokens: int = Field(16_000, ge=1)
    """Tokens of each split that losses are measured on, at most; the rest of what is held out is
    left alone."""
    seed: int = 0
    """Another seed holds out others."""
