import pytest

from shoplm.corpus.sources import parse_text_sources

GOOD = {"file": "a.jsonl", "fields": ["title"], "language": "en"}


def parse_one(**changes):
    return parse_text_sources("root", {"shop": GOOD | changes}).sources["shop"]


def test_shorthands_mean_the_full_form():
    short = parse_one(fields={"title": "product.name"}, keys="id", names="title")
    full = parse_one(
        fields={"title": {"column": "product.name"}},
        keys=["id"],
        names=["title"],
        template="{title}",
    )
    assert short == full


def test_the_default_template_is_each_field_on_its_own_line():
    assert parse_one(fields=["a", "b"]).template == "{a}\n{b}"


def test_plain_text_needs_no_fields():
    source = parse_one(file="a.txt.gz", fields={})
    assert source.resolved_format == "text"
    assert source.template == "{text}"


@pytest.mark.parametrize(
    ("file", "expected"),
    [
        ("a.jsonl", "jsonl"),
        ("a.JSON.gz", "json"),
        ("b/*.csv.gz", "csv"),
        ("a.tsv", "tsv"),
        ("a.parquet", "parquet"),
        ("a.txt", "text"),
    ],
)
def test_the_suffix_tells_the_format(file, expected):
    assert parse_one(file=file).resolved_format == expected


@pytest.mark.parametrize(
    ("changes", "message"),
    [
        ({"kyes": "id"}, "unknown field 'kyes'; did you mean 'keys'"),
        (
            {"fields": {"title": {"column": "t", "pars": "text"}}},
            "'fields.title.pars'; did you mean",
        ),
        ({"fields": {"title": {"column": "t", "parse": "xml"}}}, "'fields.title.parse'.*'xml'"),
        ({"language": {"column": "l", "maps": {}}}, "unknown field.*maps.*did you mean 'map'"),
        ({"fields": {}}, "fields: name at least one column"),
        (
            {"template": "{titel}"},
            "template: 'titel' is not one of the fields; did you mean 'title'",
        ),
        ({"template": "{title"}, "template: expected '}'"),
        ({"template": "{title:>10}"}, "template: .*plain name"),
        ({"template": "hello"}, "template: it names no field"),
        ({"format": "xlsx"}, "'format'.*'xlsx'"),
        ({"file": "a.xlsx"}, "format: the suffix of 'a.xlsx' does not tell"),
        ({"kind": "shops"}, "'kind'.*'shops'"),
        ({"rows": "data"}, "rows: has no meaning in a jsonl file"),
        ({"columns": ["a"]}, "columns: has no meaning in a jsonl file"),
        ({"document": "file"}, "document: has no meaning in a jsonl file"),
        ({"encoding": "utf-16"}, "encoding: 'utf-16'"),
        ({"names": ["title"]}, "names: .*exactly one key"),
        ({"names": ["titel"], "keys": "id"}, "names: 'titel' is not one of the fields"),
        ({"row_key": True, "keys": "id"}, "row_key"),
        ({"limit": 0}, "'limit'"),
    ],
)
def test_a_wrong_field_is_named_with_its_source(changes, message):
    with pytest.raises(ValueError, match=f"source 'shop': .*{message}"):
        parse_one(**changes)


def test_a_source_without_language_says_so():
    with pytest.raises(ValueError, match="source 'shop': field 'language': Field required"):
        parse_text_sources("root", {"shop": {"file": "a.jsonl", "fields": ["a"]}})


@pytest.mark.parametrize("sources", [None, ["a"], {"shop": "a.jsonl"}])
def test_sources_that_are_no_mapping_are_refused(sources):
    with pytest.raises(ValueError, match="expected a mapping"):
        parse_text_sources("root", sources)


def test_files_are_found_by_name_and_by_pattern(tmp_path):
    for name in ("b.jsonl", "a.jsonl", "c.csv"):
        (tmp_path / name).touch()
    (tmp_path / "d.jsonl").mkdir()
    sources = parse_text_sources(
        tmp_path,
        {"one": GOOD, "all": GOOD | {"file": "*.jsonl"}, "none": GOOD | {"file": "x*.jsonl"}},
    )
    assert [file.name for file in sources.files("one")] == ["a.jsonl"]
    assert [file.name for file in sources.files("all")] == ["a.jsonl", "b.jsonl"]
    with pytest.raises(FileNotFoundError, match=r"source 'none': file .*x\*.jsonl does not exist"):
        sources.files("none")


def test_an_absolute_file_leaves_the_root(tmp_path):
    (tmp_path / "a.jsonl").touch()
    sources = parse_text_sources("elsewhere", {"one": GOOD | {"file": str(tmp_path / "a.jsonl")}})
    assert sources.files("one") == [tmp_path / "a.jsonl"]
