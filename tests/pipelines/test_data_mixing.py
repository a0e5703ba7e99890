"""Parameters of data_mixing, refused before any node runs."""

import pytest
import yaml
from pydantic import ValidationError

from shoplm.pipelines.data_mixing.params import DataMixingParams


def test_a_typo_in_a_parameter_names_its_field_before_anything_runs(new_project, kedro):
    arguments = ("run", "--env=test", "--pipelines=data_mixing")
    output = kedro(
        new_project(), *arguments, "--params=data_mixing.clusters.max_record=3", fails=True
    )
    assert "max_record" in output and "Extra inputs are not permitted" in output


@pytest.mark.parametrize(
    ("overrides", "words"),
    [
        ({"mixtures": {"m": {"stratgy": "separate"}}}, "'m'.*'stratgy'.*'strategy'"),
        ({"mixtures": {"m": {"ratio": {"shop": -1}}}}, "'m'.*must not be negative"),
        ({"mixtures": {}}, "name at least one"),
        ({"mixtures": {"mixed": None}}, "name at least one"),
        ({"mixtures": {"a/b": {}}}, "a/b.*should match pattern"),
        ({"packing": {"sequence_length": 2}}, "sequence_length"),
        ({"clusters": {"min_records": 9}}, "must not exceed max_records"),
    ],
)
def test_wrong_values_are_refused_by_name(overrides, words):
    with pytest.raises(ValidationError, match=f"(?s){words}"):
        DataMixingParams.model_validate(overrides)


@pytest.mark.parametrize("environment", ["base", "test", "public", "paper", "study"])
def test_the_parameters_of_every_environment_are_valid(new_project, environment):
    conf = new_project() / "conf"
    values = yaml.safe_load((conf / "base/parameters_data_mixing.yml").read_text())["data_mixing"]
    file = conf / environment / "parameters_data_mixing.yml"
    overlay = yaml.safe_load(file.read_text())["data_mixing"]
    for key, value in overlay.items():
        values[key] = values[key] | value if isinstance(value, dict) else value
    assert set(DataMixingParams.model_validate(values).resolved_mixtures()) == {
        "mixed", "separate", "ecom_only", "general_only",
    }  # fmt: skip
