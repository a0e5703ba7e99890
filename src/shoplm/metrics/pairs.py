"""Pairs of variants that settings name for comparison."""

from __future__ import annotations

from collections.abc import Mapping, Sequence


def check_pairs(pairs: Sequence[tuple[str, str]], seeds: Mapping[str, set[int]]) -> None:
    """Refuse a pair that cannot be compared.

    Args:
        pairs: (variant, against).
        seeds: of each variant that is there.

    Raises:
        ValueError: a pair names what is not there, or has no seed in common.
    """
    for pair in pairs:
        for name in pair:
            if name not in seeds:
                raise ValueError(f"pairs: no variant {name!r} to compare; there are {list(seeds)}")
        if not seeds[pair[0]] & seeds[pair[1]]:
            raise ValueError(f"pairs: {pair[0]!r} and {pair[1]!r} have no seed in common")
