import pytest
from kedro.io import DataCatalog, DatasetError
from pydantic import ValidationError

from shoplm.datasets import LanguageModelDataset
from shoplm.tasks.synthesis.endpoint import LOCAL_MODEL, Endpoint

GIVEN = {"base_url": "http://127.0.0.1:9/v1", "api_key": "sk-very-secret", "model": "m"}


def test_loads_an_endpoint_from_credentials():
    catalog = DataCatalog.from_config(
        {
            "language_model": {
                "type": "shoplm.datasets.LanguageModelDataset",
                "credentials": "language_model",
            }
        },
        {"language_model": GIVEN},
    )
    endpoint = catalog.load("language_model")
    assert (endpoint.base_url, endpoint.model, endpoint.local) == (GIVEN["base_url"], "m", False)
    assert endpoint.api_key.get_secret_value() == "sk-very-secret"
    assert "secret" not in repr(endpoint) + str(endpoint) + endpoint.model_dump_json()
    assert "secret" not in str(catalog["language_model"])


def test_an_endpoint_does_not_change():
    endpoint = Endpoint(**GIVEN)
    with pytest.raises(ValidationError):
        endpoint.model = "other"
    assert endpoint.fingerprint == Endpoint(**GIVEN | {"api_key": "other"}).fingerprint
    assert endpoint.fingerprint != Endpoint(**GIVEN | {"model": "other"}).fingerprint
    with pytest.raises(ValidationError, match="needs both"):
        Endpoint(model="m", base_url="http://x/v1")


def test_the_local_server_needs_no_credentials():
    assert LanguageModelDataset(local=True).load() == Endpoint(model=LOCAL_MODEL, local=True)


@pytest.mark.parametrize("field", ["base_url", "api_key", "model"])
@pytest.mark.parametrize("value", [None, "", "  "])
def test_a_missing_field_is_named_with_its_file(field, value):
    dataset = LanguageModelDataset(credentials=GIVEN | {field: value})
    with pytest.raises(DatasetError, match=rf"conf/\*/credentials\.yml.*no field `{field}`"):
        dataset.load()
    without = {name: text for name, text in GIVEN.items() if name != field}
    with pytest.raises(DatasetError, match=f"no field `{field}`") as caught:
        LanguageModelDataset(credentials=without).load()
    assert "secret" not in str(caught.value)


def test_an_unknown_field_or_a_strange_address_is_refused():
    with pytest.raises(DatasetError, match="unknown field `key`"):
        LanguageModelDataset(credentials=GIVEN | {"key": "x"}).load()
    with pytest.raises(DatasetError, match="base_url"):
        LanguageModelDataset(credentials=GIVEN | {"base_url": "models.example.com"}).load()


def test_one_of_credentials_and_local_is_given():
    for wrong in ({}, {"credentials": GIVEN, "local": True}):
        with pytest.raises(DatasetError, match="either `credentials`"):
            LanguageModelDataset(**wrong)


def test_nothing_can_be_saved_to_it():
    with pytest.raises(DatasetError):
        LanguageModelDataset(local=True).save(Endpoint(**GIVEN))


def test_what_is_not_required_may_be_left_out():
    assert LanguageModelDataset(required=False).load() is None
    with pytest.raises(DatasetError, match="no field `model`"):
        LanguageModelDataset(required=False, credentials={**GIVEN, "model": ""}).load()
