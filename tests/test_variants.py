import pytest
from pydantic import Field, model_validator

from shoplm.variants import (
    Settings,
    check_comparisons,
    fingerprint,
    name_model,
    resolve_variant,
    resolve_variants,
    suggest,
    work_directory,
)


class Optimiser(Settings):
    rate: float = 0.1
    betas: tuple[float, float] = (0.9, 0.95)


class Training(Settings):
    steps: int = Field(10, ge=1)
    optimiser: Optimiser = Optimiser()
    weights: dict[str, float] = {"a": 1.0}
    note: str | None = None

    @model_validator(mode="after")
    def _weighs_something(self):
        if not self.weights:
            raise ValueError("weights: name at least one")
        return self


def test_overrides_are_laid_over_nested_fields():
    varied = resolve_variant(Training(steps=5), "small", {"optimiser": {"rate": 0.5}})
    assert varied == Training(steps=5, optimiser=Optimiser(rate=0.5))


def test_a_plain_mapping_is_replaced_whole():
    assert resolve_variant(Training(), "v", {"weights": {"b": 2.0}}).weights == {"b": 2.0}


def test_base_stays_as_it_was_and_empty_overrides_change_nothing():
    base = Training()
    variants = resolve_variants(base, {"dropped": None, "long": {"steps": 99}, "empty": {}})
    assert list(variants) == ["long", "empty"]
    assert variants["empty"] == base == Training()


@pytest.mark.parametrize(
    ("overrides", "words"),
    [
        ({"stepps": 3}, ["'wrong'", "'stepps'", "'steps'"]),
        ({"optimiser": {"rat": 3}}, ["'wrong'", "'optimiser'", "'rat'", "'rate'"]),
        ({"zzz": 3}, ["'zzz'", "optimiser", "steps"]),
        ({"steps": 0}, ["'wrong'", "'steps'", "greater than or equal to 1", "0"]),
        ({"optimiser": {"rate": "fast"}}, ["'optimiser.rate'", "'fast'"]),
        ({"optimiser": 3}, ["'optimiser'", "3"]),
    ],
)
def test_a_wrong_override_names_its_field(overrides, words):
    with pytest.raises(ValueError) as error:
        resolve_variant(Training(), "wrong", overrides)
    assert all(word in str(error.value) for word in words), str(error.value)


def test_of_a_check_of_all_fields_only_the_sentence_is_told():
    with pytest.raises(ValueError, match=r"^variant 'v': weights: name at least one$"):
        resolve_variant(Training(), "v", {"weights": {}})


def test_work_directory_follows_content(tmp_path):
    data = tmp_path / "blocks"
    data.mkdir()
    (data / "a.bin").write_bytes(b"one")

    def directory(settings=None, inputs=(data,)):
        return work_directory(tmp_path / "work", "mixed", settings or Training(), inputs)

    first = directory()
    (first / "checkpoint").write_text("step 3")
    assert (directory() / "checkpoint").read_text() == "step 3"  # unchanged: resumes
    assert directory(Training(steps=11)) != first  # changed parameter
    (data / "a.bin").write_bytes(b"two")
    assert directory() != first  # changed input, same size
    (data / "a.bin").write_bytes(b"one")
    assert directory() == first
    (data / "a.bin").rename(data / "b.bin")
    assert directory() != first  # same bytes under another name


def test_fingerprint_tells_values_from_files_and_misses_nothing(tmp_path):
    file = tmp_path / "x"
    file.write_text("1")
    prints = [fingerprint(file), fingerprint("1"), fingerprint(1), fingerprint([1]), fingerprint()]
    assert len(set(prints)) == len(prints)
    assert fingerprint({"a": 1, "b": 2}) == fingerprint({"b": 2, "a": 1})
    with pytest.raises(FileNotFoundError, match="absent"):
        fingerprint(tmp_path / "absent")


def test_an_unknown_name_is_told_the_nearest_or_all():
    assert suggest("mixd", ["separate", "mixed"]) == "did you mean 'mixed'?"
    assert suggest("zz", ["separate", "mixed"]) == "there are mixed, separate"


def test_compared_variants_are_there():
    check_comparisons([("mixed", "separate")], {"mixed": 1, "separate": 2})
    with pytest.raises(ValueError, match=r"\['mixed', 'x'\] names 'x'.*there are mixed"):
        check_comparisons([("mixed", "x")], ["mixed"])


@pytest.mark.parametrize(
    ("model", "expected"),
    [("base", "base"), ("mixed", "mixed/seed-3"), ("mixed/seed-0", "mixed/seed-0"),
     ("alone", "alone/seed-7")],
)  # fmt: skip
def test_a_model_without_a_seed_is_that_of_the_run_or_the_only_one(model, expected):
    there = ["base", "mixed/seed-0", "mixed/seed-3", "alone/seed-7"]
    assert name_model(model, 3, there, "v") == expected


@pytest.mark.parametrize(
    ("model", "words"),
    [
        ("mixd", "v: no model 'mixd'; did you mean 'mixed'"),
        ("zz", "v: no model 'zz'; there are base, mixed, mixed/seed-0, mixed/seed-3"),
        ("mixed", "v: model 'mixed' has no seed 5, but mixed/seed-0, mixed/seed-3"),
    ],
)
def test_a_model_that_is_not_there_is_refused(model, words):
    with pytest.raises(ValueError, match=words):
        name_model(model, 5, ["base", "mixed/seed-0", "mixed/seed-3"], "v")
