"""Named variants of one typed parameter object, and work directories keyed by content."""

from __future__ import annotations

import difflib
import hashlib
import json
from collections.abc import Collection, Iterable, Mapping
from pathlib import Path
from typing import Any, TypeVar

from pydantic import BaseModel, ConfigDict, ValidationError

CARD = "README.md"
"""What is written about a directory, in it; no part of its content."""


class Settings(BaseModel):
    """Base of every parameter object: immutable, and an unknown field is an error."""

    model_config = ConfigDict(frozen=True, extra="forbid", use_attribute_docstrings=True)


SettingsT = TypeVar("SettingsT", bound=BaseModel)


def resolve_variant(
    base: SettingsT, name: str, overrides: Mapping[str, Any], kind: str = "variant"
) -> SettingsT:
    """The parameters of variant `name`: `base` with `overrides` laid over it.

    An override of a nested parameter object may name some of its fields; any other value, a plain
    mapping too, is replaced whole.

    Raises:
        ValueError: an override names a field that `base` has not, or holds a value that the field
            refuses; the message names the variant and the field.
    """
    values = base.model_dump()
    _overlay(values, overrides, type(base), f"{kind} {name!r}")
    try:
        return type(base).model_validate(values)
    except ValidationError as error:
        raise ValueError(f"{kind} {name!r}: {first_problem(error)}") from None


def resolve_variants(
    base: SettingsT, variants: Mapping[str, Mapping[str, Any] | None], kind: str = "variant"
) -> dict[str, SettingsT]:
    """`resolve_variant` for each named set of overrides, in the order given.

    A variant that is null is left out, so that an environment can drop one of another.
    """
    return {
        name: resolve_variant(base, name, overrides, kind)
        for name, overrides in variants.items()
        if overrides is not None
    }


def first_problem(error: ValidationError) -> str:
    """The first thing that pydantic found wrong: field, what was expected, and what was there.

    Of a check of several fields together, only what it says.
    """
    first = error.errors()[0]
    told = first["msg"].removeprefix("Value error, ")
    if first["type"] == "json_invalid":
        return told
    field = ".".join(map(str, first["loc"]))
    several = first["type"] == "value_error" and isinstance(first["input"], Mapping)
    got = "" if several or first["type"] == "missing" else f", got {first['input']!r}"
    return f"field {field!r}: {told}{got}" if field else f"{told}{got}"


def suggest(name: str, known: Iterable[str]) -> str:
    """What to say to an unknown name: the nearest one that there is, or all of them."""
    names = sorted(set(known))
    near = difflib.get_close_matches(name, names, n=1)
    return f"did you mean {near[0]!r}?" if near else f"there are {', '.join(names)}"


def check_comparisons(pairs: Iterable[tuple[str, str]], variants: Iterable[str]) -> None:
    """Refuse a pair of `comparisons` that names what is none of the variants.

    Raises:
        ValueError: the message names the pair and the name.
    """
    known = sorted(variants)
    for pair in pairs:
        for name in pair:
            if name not in known:
                raise ValueError(
                    f"comparisons: {list(pair)} names {name!r}, which is none of the variants "
                    f"{known}; {suggest(name, known)}"
                )


def name_model(wanted: str, seed: int, there: Collection[str], where: str) -> str:
    """The model that a variant means: by its whole name, with the run's seed, or the only one.

    Raises:
        ValueError: there is none, or several and none with this seed.
    """
    of_name = [name for name in there if name.startswith(f"{wanted}/")]
    for name in (wanted, f"{wanted}/seed-{seed}", *(of_name if len(of_name) == 1 else [])):
        if name in there:
            return name
    if of_name:
        raise ValueError(
            f"{where}: model {wanted!r} has no seed {seed}, but {', '.join(sorted(of_name))}: "
            "name one of them"
        )
    known = [*there, *(name.partition("/")[0] for name in there)]
    raise ValueError(f"{where}: no model {wanted!r}; {suggest(wanted, known)}")


def _overlay(
    values: dict, overrides: Mapping[str, Any], model: type[BaseModel], where: str
) -> None:
    fields = model.model_fields
    for key, value in overrides.items():
        if key not in fields:
            raise ValueError(f"{where}: unknown field {key!r}; {suggest(key, fields)}")
        nested = fields[key].annotation
        if isinstance(value, Mapping) and hasattr(nested, "model_fields"):
            _overlay(values[key], value, nested, f"{where}, {key!r}")
        else:  # a plain mapping is one value: what is not named is not in it
            values[key] = value


def fingerprint(*parts: Any) -> str:
    """Sixteen hex digits that change when any of `parts` does.

    A part is a pydantic object, anything JSON can hold, or a `Path`: a file counts by its bytes, a
    directory by the relative names and bytes of all files below it, less what is written about
    them (`CARD`).
    """
    digest = hashlib.sha256()
    for part in parts:
        if isinstance(part, Path):
            for name, file in _files(part):
                digest.update(f"\0file {name}\0".encode())
                with file.open("rb") as stream:
                    digest.update(hashlib.file_digest(stream, "sha256").digest())
        else:
            plain = part.model_dump(mode="json") if isinstance(part, BaseModel) else part
            digest.update(b"\0value\0" + json.dumps(plain, sort_keys=True, default=str).encode())
    return digest.hexdigest()[:16]


def work_directory(root: Path, name: str, run: Any, inputs: Iterable[Path] = ()) -> Path:
    """The directory in which run `name` works: made if absent, the same one for the same content.

    Its name ends in a fingerprint of `run` (a parameter object or mapping) and of the bytes of
    `inputs`, so a changed parameter or input starts afresh and an unchanged one resumes.
    """
    directory = Path(root) / f"{name}-{fingerprint(run, *inputs)}"
    directory.mkdir(parents=True, exist_ok=True)
    return directory


def _files(path: Path) -> list[tuple[str, Path]]:
    if not path.exists():
        raise FileNotFoundError(f"{path}: an input of a run is missing")
    if path.is_file():
        return [("", path)]
    return sorted(
        (str(f.relative_to(path)), f) for f in path.rglob("*") if f.is_file() and f.name != CARD
    )
