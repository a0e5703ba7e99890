"""Parameters of data_mixing, refused before any node runs."""

from pathlib import Path

import pytest
from kedro.config import OmegaConfigLoader
from pydantic import ValidationError

from shoplm.pipelines.base_model.params import BaseModelParams
from shoplm.pipelines.data_mixing.params import DataMixingParams
from shoplm.settings import CONFIG_LOADER_ARGS


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
def test_the_parameters_of_every_environment_are_valid(environment):
    conf = str(Path(__file__).parents[2] / "conf")
    loaded = OmegaConfigLoader(conf, env=environment, **CONFIG_LOADER_ARGS)
    params = DataMixingParams.model_validate(loaded["parameters"]["data_mixing"])
    assert set(params.resolved_mixtures()) == {"mixed", "separate", "ecom_only", "general_only"}
    base = BaseModelParams.model_validate(loaded["parameters"]["base_model"]).held_out
    assert (base.share, base.seed) == (params.held_out.share, params.held_out.seed)
