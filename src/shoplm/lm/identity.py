"""Which model a directory holds, and which one an adapter was trained on; imports no torch."""

from __future__ import annotations

import json
import re
from collections.abc import Callable, Mapping
from pathlib import Path

from shoplm.variants import fingerprint

BASE = "base_model.json"
"""File of an adapter: name and fingerprint of the model that it was trained on."""


def base_fingerprint(directory: Path) -> str:
    """Sixteen hex digits of a model directory's configuration and weights.

    Raises:
        FileNotFoundError: it has no config.json.
    """
    files = [directory / "config.json", *sorted(directory.glob("*.safetensors"))]
    return fingerprint(*(part for file in files for part in (file.name, file)))


def base_name(directory: Path) -> str:
    """A model's name on the hub, or that of its last folder; a seed's follows its variant's."""
    directory = directory.resolve()
    cached = re.search(r"/models--([^/]+)--([^/]+)/snapshots/", f"{directory}/")
    if cached:
        return "/".join(cached.groups())
    parts = 2 if re.fullmatch(r"seed-\d+", directory.name) else 1
    return "/".join(directory.parts[-parts:])


def is_adapter(directory: Path) -> bool:
    """Does a model directory hold an adapter, which needs its base to run?"""
    return (directory / BASE).is_file()


def find_base(
    adapter: Path, there: Mapping[str, Callable[[], Path]], known: dict[Path, str] | None = None
) -> Path:
    """The model that an adapter was trained on, by its weights; one of the same name comes first.

    Args:
        adapter: directory of an adapter.
        there: by name, a function that gives a model's directory; called only as far as needed.
        known: fingerprints by directory, kept between calls.

    Raises:
        ValueError: none of the models is it, or the adapter does not say which it is.
    """
    known = {} if known is None else known
    try:
        made_for = json.loads((adapter / BASE).read_text("utf-8"))
        name, wanted = made_for["name"], made_for["fingerprint"]
    except (OSError, ValueError, KeyError, TypeError) as error:
        raise ValueError(f"{adapter / BASE}: does not name the adapter's base: {error}") from None
    for model in sorted(there, key=lambda model: model != name):
        directory = there[model]()
        if is_adapter(directory):
            continue
        if directory not in known:
            known[directory] = base_fingerprint(directory)
        if known[directory] == wanted:
            return directory
    raise ValueError(
        f"{adapter}: an adapter for the base model {name!r} with fingerprint {wanted}, which is "
        f"none of the models here: {', '.join(sorted(there)) or 'there are none'}"
    )
