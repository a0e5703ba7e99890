import json

import numpy as np
import pandas as pd
import pytest
import yaml
from huggingface_hub import ModelCard
from safetensors.numpy import save_file

from shoplm.reporting.card_data import CardData
from shoplm.reporting.model_cards import write_cards
from shoplm.reporting.model_facts import read_model_facts
from shoplm.reporting.paper_table_settings import PaperTables
from simulated_benchmarks import simulate_report, simulate_results

SETTINGS = {
    "continual_pretrain": {
        "pretraining": {"mixture": "mixed", "training": {"batch_tokens": 2048, "precision": "fp32"},
                        "launch": {"launcher": "python"}},
        "variants": {"mixed": {"training": {"precision": "bf16"}}},
    },
    "sft": {"tuning": {"model": "mixed", "selection": "all", "adapter": {"rank": 16, "alpha": 32}},
            "variants": {"ladder_6": {"adapter": {"rank": 32}}}},
}  # fmt: skip
SELECTIONS = pd.DataFrame(
    [("all", 0, "concepts", "entity_typing", 30), ("all", 0, "reasoning", "event_obstruction", 0),
     ("all", 1, "concepts", "entity_typing", 31), ("other", 0, "concepts", "x", 9)],
    columns=["selection", "seed", "capability", "task", "n"],
)  # fmt: skip


@pytest.fixture(scope="module")
def models(tmp_path_factory):
    whole = tmp_path_factory.mktemp("whole")
    (whole / "config.json").write_text(json.dumps({"architectures": ["BloomForCausalLM"]}))
    save_file({"a": np.zeros((7, 5), np.float32)}, whole / "model.safetensors")
    adapter = tmp_path_factory.mktemp("adapter")
    facts = {"r": 32, "base_model_name_or_path": "mixed"}
    (adapter / "adapter_config.json").write_text(json.dumps(facts))
    save_file({"b": np.zeros((2, 3), np.float16)}, adapter / "adapter_model.safetensors")
    return {"mixed/seed-0": whole}, {"ladder_6/seed-0": adapter, "ladder_6-merged/seed-0": whole}


@pytest.fixture(scope="module")
def cards(models):
    data = simulate_report(PaperTables())
    return write_cards(*models, CardData(
        data.results, data.mixing_report, data.pretrain_metrics, data.sft_variants, SELECTIONS,
        data.sft_metrics, data.problems, {"mixed": ["de", "zh"], "ladder_6": ["en"]}, SETTINGS,
    ))  # fmt: skip


def test_a_model_is_described_without_loading_it(models):
    whole = read_model_facts(models[0]["mixed/seed-0"])
    assert (whole.parameters, whole.dtypes, whole.architecture) == (
        35,
        ("F32",),
        "BloomForCausalLM",
    )
    adapter = read_model_facts(models[1]["ladder_6/seed-0"])
    assert adapter.is_adapter and adapter.parameters == 6 and adapter.base == "mixed"


def test_every_model_has_a_card_that_the_hub_can_read(cards):
    assert list(cards) == [
        "pretrained_models/mixed/seed-0", "sft_models/ladder_6/seed-0",
        "sft_models/ladder_6-merged/seed-0",
    ]  # fmt: skip
    pretrained, adapter, merged = (ModelCard(text).data for text in cards.values())
    assert pretrained.base_model == "base" and pretrained.library_name == "transformers"
    assert adapter.base_model == "mixed" and adapter.library_name == "peft"
    assert merged.library_name == "transformers" and "instruction-tuning" in merged.tags
    assert pretrained.license is None
    results = {r.dataset_type: r.metric_value for r in pretrained.eval_results}
    means = simulate_results().query("variant == 'mixed' and level == 'benchmark' and seed == '0'")
    expected = means.set_index("benchmark")["value"]
    assert results == {name: round(100 * value, 2) for name, value in expected.items()}


def test_a_card_names_its_languages_its_means_and_what_it_should_not_have_seen(cards):
    pretrained, _, merged = (ModelCard(text).data for text in cards.values())
    assert pretrained.language == ["de", "zh"] and merged.language == ["en"]
    named = {r.dataset_type: r.metric_name for r in pretrained.eval_results}
    assert named["ecom_icl"] == "mean over tasks"
    assert named["shopbench"] == "mean of the means of groups of tasks"
    said = "trained on tasks that EcomSFT holds out (address_matching)"
    assert [said in text for text in cards.values()] == [False, True, True]


def test_a_card_says_what_the_model_was_trained_on_and_how(cards):
    pretrained, adapter, merged = cards.values()
    assert "The mixture `mixed`: 130,000 tokens." in pretrained
    assert "35 stored (F32), BloomForCausalLM." in pretrained
    settings = yaml.safe_load(pretrained.split("```yaml")[1].split("```")[0])
    assert settings == {"training": {"batch_tokens": 2048, "precision": "bf16"}}
    assert "| concepts | entity_typing | 30 |" in adapter and "event_obstruction" not in adapter
    settings = yaml.safe_load(adapter.split("```yaml")[1].split("```")[0])
    assert settings == {"adapter": {"rank": 32}}  # given whole
    assert "LoRA adapter of rank 32" in adapter
    assert "The selection `all`: 228 instructions." in merged
    for card in cards.values():
        for heading in ("Data", "Parameters", "Training", "Scores", "Limits", "Licence"):
            assert f"\n## {heading}\n" in card


def test_scores_stand_with_intervals_and_baselines(cards):
    pretrained, _, merged = cards.values()
    row = simulate_results().query(
        "variant == 'mixed' and task == 'all' and benchmark == 'shopbench' and seed == '0'"
    )
    value, low, high = (100 * row.iloc[0][key] for key in ("value", "ci_low", "ci_high"))
    assert f"| ShopBench | {value:.1f} ({low:.1f} to {high:.1f}) | 22.0 | 27.3 | 64 |" in pretrained
    assert "This model was not measured." in merged  # results are of the adapter


def test_with_results_alone_the_cards_say_what_is_not_known(models):
    cards = write_cards(*models, CardData(simulate_results()))
    assert "there is no account of it" in cards["pretrained_models/mixed/seed-0"]
    assert "There is no account of the instructions." in cards["sft_models/ladder_6/seed-0"]
    assert ModelCard(cards["sft_models/ladder_6/seed-0"]).data.base_model == "mixed"


def test_a_damaged_model_is_refused(tmp_path):
    (tmp_path / "config.json").write_text("{}")
    (tmp_path / "model.safetensors").write_bytes(b"\x05\0\0\0\0\0\0\0nojso")
    with pytest.raises(ValueError, match=r"model.safetensors: damaged or cut short"):
        read_model_facts(tmp_path)
    with pytest.raises(FileNotFoundError):
        read_model_facts(tmp_path / "nowhere")
