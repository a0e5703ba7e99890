"""What a text source is: which file, how a row of it becomes a text, and which products it names.

Light on purpose: specifications only, nothing is read here.
"""

from __future__ import annotations

import difflib
import string
from collections.abc import Collection, Mapping
from pathlib import Path
from typing import Any, Literal

from pydantic import Field, ValidationError, field_validator, model_validator

from shoplm.variants import Settings

Format = Literal["jsonl", "json", "csv", "tsv", "parquet", "text"]
Parse = Literal["text", "properties", "list"]
PropertyShape = Literal["auto", "hash_semicolon", "hash_star", "literal", "lines"]

SUFFIXES: dict[str, Format] = {
    ".jsonl": "jsonl", ".ndjson": "jsonl", ".json": "json", ".csv": "csv", ".tsv": "tsv",
    ".parquet": "parquet", ".pq": "parquet", ".txt": "text",
}  # fmt: skip


class SourceField(Settings):
    """One value of a row, by the name that the template uses."""

    column: str = Field(min_length=1)
    """Where it stands: a column, or a path into nested data (`details.brand`). A path through a
    list gives one value per element. With `each`, `item` is the element at hand."""
    parse: Parse = "text"
    """`text`: as it is; `properties`: key-value properties, rendered as lines `Material: Cotton`;
    `list`: a list, also one written as text (`['a', 'b']`)."""
    shape: PropertyShape = "auto"
    """How properties are written, where the guess from the value itself is wrong."""
    join: str = "\n"
    """Stands between several values."""
    optional: bool = False
    """The column may be absent from the whole file; else that is an error."""


class LanguageField(Settings):
    """A language that each row states itself."""

    column: str = Field(min_length=1)
    """Where the language stands, as in a field."""
    map: dict[str, str] = {}
    """From the file's words to language codes, as in `{english: en}`; others stay, lower-cased."""
    default: str | None = None
    """For a row that states none; without it such a row is unreadable."""


class TextSource(Settings):
    """One source of texts. Several sources may read the same file."""

    file: str = Field(min_length=1)
    """Relative to the root of the sources; a glob pattern reads all matching files as one."""
    format: Format | None = None
    """By default told by the suffix, `.gz` apart; `.json` holding JSON lines is recognised."""
    encoding: str = "utf-8"
    """Of a text format; one in which a line feed is a single byte."""
    rows: str | None = None
    """Of a JSON file: path of the list of rows; lists on the way are walked through, as in
    `data.paragraphs`."""
    document: Literal["line", "paragraph", "file"] = "line"
    """Of plain text: what one document is; its field is `text`."""
    columns: list[str] | None = None
    """Of a CSV or TSV file without a header line: the names of its columns."""
    delimiter: str | None = Field(None, min_length=1, max_length=1)
    """Of a CSV or TSV file; by default a comma or a tab."""
    quote: str | None = Field(None, max_length=1)
    """Quoting character of a CSV or TSV file, an empty string for none; by default `"` in CSV and
    none in TSV."""
    limit: int | None = Field(None, ge=1)
    """Reads only this many rows of each file."""

    each: str | None = None
    """Path of a list: every element becomes a record of its own and is called `item`."""
    fields: dict[str, SourceField] = {}
    """Name to column, `{title: product_name}`, or to a whole field specification."""
    template: str = ""
    """The text, `{name}` for a field. A line vanishes when all its fields are empty, a part in
    double square brackets, `[[ ({brand})]]`, when one of its fields is. By default each field on
    its own line."""
    keys: list[str] = []
    """Columns (paths) that name the products a record is about; each may hold a list."""
    key_prefix: str = ""
    """Put before each key, so that the ids of two shops do not meet."""
    keys_optional: bool = False
    """Keeps records whose key is empty; else they are listed as unreadable."""
    row_key: bool = False
    """Every row is a product of its own: its key is a hash of its content, which sources that read
    the same file share."""
    language: str | LanguageField
    """A code, or where each row states it."""
    identifies_product: bool = False
    """Says what a product is, as titles and properties do. Two products may be described alike, so
    a record is only a duplicate of one with the same words and the same keys."""
    kind: Literal["shop", "general"] = "shop"
    """Shop text, or general text that is mixed in."""
    names: list[str] = []
    """Fields that hold a name of the record's product, for linking mentions."""
    link_mentions: bool = False
    """Links each record to the products whose names its text mentions; keys become optional."""

    @field_validator("fields", mode="before")
    @classmethod
    def _short_fields(cls, value: Any) -> Any:
        if isinstance(value, str):
            value = [value]
        if isinstance(value, list | tuple):
            value = {str(column): column for column in value}
        if isinstance(value, Mapping):
            value = {k: {"column": v} if isinstance(v, str) else v for k, v in value.items()}
        return value

    @field_validator("keys", "names", "columns", mode="before")
    @classmethod
    def _short_list(cls, value: Any) -> Any:
        return [value] if isinstance(value, str) else value

    @model_validator(mode="after")
    def _fits_together(self) -> TextSource:
        kind = self.resolved_format
        plain = kind == "text"
        if not self.fields:
            if not plain:
                raise ValueError("fields: name at least one column to take text from")
            object.__setattr__(self, "fields", {"text": SourceField(column="text")})
        if not self.template:
            object.__setattr__(self, "template", "\n".join(f"{{{name}}}" for name in self.fields))
        used = template_fields(self.template)
        if not used:
            raise ValueError("template: it names no field, so every text would be the same")
        _only_known("template", used, self.fields)
        _only_known("names", self.names, self.fields)
        if self.names and not (len(self.keys) == 1 or self.row_key):
            raise ValueError("names: a name belongs to one product, so exactly one key is needed")
        if self.row_key and self.keys:
            raise ValueError("row_key: it stands instead of keys; drop one of them")
        for field, fits in {
            "rows": kind == "json", "columns": kind in ("csv", "tsv"),
            "delimiter": kind in ("csv", "tsv"), "quote": kind in ("csv", "tsv"),
        }.items():  # fmt: skip
            if getattr(self, field) is not None and not fits:
                raise ValueError(f"{field}: has no meaning in a {kind} file")
        if self.document != "line" and not plain:
            raise ValueError(f"document: has no meaning in a {kind} file")
        try:
            narrow = "\n".encode(self.encoding) == b"\n"
        except LookupError:
            narrow = False
        if not narrow:
            raise ValueError(f"encoding: {self.encoding!r} is unknown or not one byte a line feed")
        return self

    @property
    def resolved_format(self) -> Format:
        """`format`, or what the suffix of `file` says.

        Raises:
            ValueError: neither tells.
        """
        if self.format:
            return self.format
        suffix = Path(self.file.removesuffix(".gz")).suffix.lower()
        if suffix not in SUFFIXES:
            raise ValueError(
                f"format: the suffix of {self.file!r} does not tell it; state one of "
                f"{', '.join(sorted(set(SUFFIXES.values())))}"
            )
        return SUFFIXES[suffix]

    def paths(self, *, optional: bool = True) -> list[str]:
        """All columns that are read, without the optional ones if so asked."""
        fields = [f.column for f in self.fields.values() if optional or not f.optional]
        language = [] if isinstance(self.language, str) else [self.language.column]
        each = [self.each] if self.each else []
        return list(dict.fromkeys(each + fields + self.keys + language))

    def row_paths(self, *, optional: bool = True) -> list[str]:
        """`paths` that start at the row and not at an element of `each`."""
        paths = self.paths(optional=optional)
        return [path for path in paths if not (self.each and path.split(".")[0] == "item")]

    @property
    def key_needed(self) -> bool:
        """Whether a record without a key is listed as unreadable."""
        return bool(self.keys) and not (self.keys_optional or self.link_mentions)


class TextSources(Settings):
    """All sources of a corpus, by name."""

    root: Path
    """The folder that every `file` is relative to."""
    sources: dict[str, TextSource]
    """Name to specification; none at all is fine for benchmarks."""

    def files(self, name: str) -> list[Path]:
        """The files of a source, sorted.

        Raises:
            FileNotFoundError: there is none; names source and file.
        """
        path = self.root / self.sources[name].file
        base = Path(path.anchor)
        matches = [path] if path.is_file() else base.glob(str(path.relative_to(base)))
        found = sorted(file for file in matches if file.is_file())
        if not found:
            raise FileNotFoundError(f"source {name!r}: file {path} does not exist")
        return found

    def without(self, files: Collection[Path]) -> TextSources:
        """The same without some files, or all below some folders; a source that loses one has its
        others by name.

        Raises:
            FileNotFoundError: a source has no file.
        """
        left = {}
        for name, source in self.sources.items():
            found = self.files(name)
            kept = [file for file in found if not {file, *file.parents} & set(files)]
            if len(kept) == len(found):
                left[name] = source
                continue
            for number, file in enumerate(kept, 1):
                path = str(file.relative_to(self.root))
                left[f"{name}_{number}"] = source.model_copy(update={"file": path})
        return TextSources(root=self.root, sources=left)


class ReadingSettings(Settings):
    """Limits of reading; what exceeds them is listed, never cut silently."""

    max_record_bytes: int = Field(8 * 2**20, ge=1)
    """A longer row, or text, is unreadable; it is skipped without being held in memory."""
    max_json_bytes: int = Field(2**30, ge=1)
    """A JSON file is one value and is loaded whole: a larger one is an error (use JSON lines)."""
    max_unreadable_share: float = Field(0.5, ge=0, le=1)
    """More unreadable rows than this in one file are an error: it is probably another format."""
    batch_rows: int = Field(20_000, ge=1)
    """Rows handed to the engine at a time."""


class LinkingSettings(Settings):
    """Which product names count when texts are searched for them."""

    min_name_length: int = Field(8, ge=1)
    """Shorter names are ignored; a character of a script without spaces counts twice."""
    max_products_per_name: int = Field(3, ge=1)
    """A name that more products share says nothing and is ignored."""


def template_fields(template: str) -> list[str]:
    """Names of the fields that a template uses, in order.

    Raises:
        ValueError: the braces do not match, or a placeholder is not a plain name.
    """
    names = []
    try:
        for _, name, spec, conversion in string.Formatter().parse(template):
            if name is None:
                continue
            if not name.isidentifier() or spec or conversion:
                raise ValueError(f"{{{name}}} is not a plain name")
            names.append(name)
    except ValueError as error:
        raise ValueError(f"template: {error}") from None
    return names


def parse_text_sources(root: str | Path, sources: Mapping[str, Any]) -> TextSources:
    """`TextSources` from plain data as YAML holds it.

    Raises:
        ValueError: the first wrong field, with the name of its source.
    """
    if not isinstance(sources, Mapping):
        raise ValueError("sources: expected a mapping of source names to specifications")
    parsed = {}
    for name, spec in sources.items():
        if not isinstance(spec, Mapping):
            raise ValueError(f"source {name!r}: expected a mapping with file, fields, language")
        try:
            parsed[str(name)] = TextSource.model_validate(dict(spec))
        except ValidationError as error:
            raise ValueError(f"source {name!r}: {_first_error(error)}") from None
    return TextSources(root=Path(root), sources=parsed)


def _first_error(error: ValidationError) -> str:
    errors = error.errors()  # of a union every branch complains; an unknown name says most
    first = next((one for one in errors if one["type"] == "extra_forbidden"), errors[0])
    place = [str(part) for part in first["loc"] if part not in ("str", "LanguageField")]
    if first["type"] == "extra_forbidden":
        owners = {"fields": SourceField, "language": LanguageField}
        known = owners.get(place[0], TextSource) if len(place) > 1 else TextSource
        return f"unknown field {'.'.join(place)!r}{_near(place[-1], known.model_fields)}"
    message = first["msg"].removeprefix("Value error, ")
    if not place:
        return message
    given = "" if first["type"] == "missing" else f", got {first['input']!r}"
    return f"field {'.'.join(place)!r}: {message}{given}"


def _only_known(where: str, names: list[str], fields: Mapping[str, Any]) -> None:
    for name in names:
        if name not in fields:
            raise ValueError(f"{where}: {name!r} is not one of the fields{_near(name, fields)}")


def _near(name: str, known: Mapping[str, Any]) -> str:
    near = difflib.get_close_matches(name, known, n=1)
    return f"; did you mean {near[0]!r}?" if near else f"; there are {', '.join(known)}"
