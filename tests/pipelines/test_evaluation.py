"""Which models answer which benchmarks, and the points of the checkpoint curve."""

import json
from pathlib import Path

import pandas as pd
import pytest
from kedro.framework.session import KedroSession
from kedro.framework.startup import bootstrap_project
from pydantic import ValidationError

from shoplm.lm.identity import base_fingerprint
from shoplm.pipelines.evaluation import answering, comparing, curve, plan
from shoplm.pipelines.evaluation.params import EvaluationParams

ROOT = Path(__file__).parents[2]
ENVIRONMENTS = ["local", "test", "public", "study", "paper"]


def make_params(**more) -> EvaluationParams:
    values = {
        "runs": "runs",
        "examples": {},
        "benchmarks": {"ecom_icl": {}, "shopbench": {"shots": 0}},
        "evaluations": {
            "icl": {"models": ["base", "pretrained"], "benchmarks": ["ecom_icl"]},
            "ladder": {"models": ["mixed/seed-0", "ladder_*"], "benchmarks": ["shopbench"]},
        },
        "curve": {"benchmarks": ["ecom_icl"]},
    }
    return EvaluationParams.model_validate(values | more)


def write_model(directory: Path, weights: str, base: Path | None = None) -> Path:
    """Files by which a model, or an adapter on `base`, is known; none is read as one."""
    directory.mkdir(parents=True)
    if base is None:
        (directory / "config.json").write_text("{}")
        (directory / "model.safetensors").write_text(weights)
    else:
        facts = {"name": base.name, "fingerprint": base_fingerprint(base)}
        (directory / "base_model.json").write_text(json.dumps(facts))
    return directory


@pytest.fixture
def places(tmp_path):
    """A base model, two seeds of a pre-trained one, an adapter, its merged copy, a tuned model."""
    base = write_model(tmp_path / "base_model", "base")
    pretrained = {
        name: write_model(tmp_path / "pretrained" / name, name)
        for name in ("mixed/seed-0", "mixed/seed-1", "separate/seed-0")
    }
    adapter = write_model(tmp_path / "sft/ladder_1/seed-0", "", base=pretrained["mixed/seed-0"])
    tuned = {
        "ladder_1/seed-0": adapter,
        "ladder_1-merged/seed-0": write_model(tmp_path / "sft/ladder_1-merged/seed-0", "merged"),
        "from_base/seed-0": write_model(tmp_path / "sft/from_base/seed-0", "tuned"),
    }
    return {"base_model": base, "pretrained": pretrained, "tuned": tuned}


def make_models(places, others=None, endpoint=False) -> plan.Models:
    return plan.Models(**places, other_base_models=others or {}, endpoint=endpoint)


def test_every_model_is_asked_once_with_all_its_benchmarks(places):
    planned = {m.name: m for m in plan.plan_models(make_models(places), make_params())}
    asked = {name: model.benchmarks for name, model in planned.items()}
    assert asked == {
        "base": ["ecom_icl"],
        "mixed/seed-0": ["ecom_icl", "shopbench"],
        "mixed/seed-1": ["ecom_icl"],
        "separate/seed-0": ["ecom_icl"],
        "ladder_1/seed-0": ["shopbench"],
    }
    assert (planned["mixed/seed-1"].variant, planned["mixed/seed-1"].seed) == ("mixed", 1)
    adapter = planned["ladder_1/seed-0"]
    assert adapter.adapter == places["tuned"]["ladder_1/seed-0"]
    assert adapter.base == places["pretrained"]["mixed/seed-0"]


@pytest.mark.parametrize(
    ("wanted", "names"),
    [
        ("base", ["base"]),
        ("pretrained", ["mixed/seed-0", "mixed/seed-1", "separate/seed-0"]),
        ("tuned", ["ladder_1/seed-0", "from_base/seed-0"]),  # not the copy of an adapter
        ("mixed", ["mixed/seed-0", "mixed/seed-1"]),
        ("mixed/seed-1", ["mixed/seed-1"]),
        ("from_*", ["from_base/seed-0"]),
        ("ladder_*", ["ladder_1/seed-0"]),
        ("*", ["base", "bloom_7b1", "mixed/seed-0", "mixed/seed-1", "separate/seed-0",
               "ladder_1/seed-0", "from_base/seed-0", "endpoint"]),
        ("ladder_1-merged", ["ladder_1-merged/seed-0"]),
        ("ladder_1-merged/seed-0", ["ladder_1-merged/seed-0"]),
        ("*-merged", ["ladder_1-merged/seed-0"]),
        ("bloom_7b1", ["bloom_7b1"]),
        ("endpoint", ["endpoint"]),
    ],
)  # fmt: skip
def test_what_a_word_a_name_and_a_pattern_mean(places, wanted, names):
    models = make_models(places, {"bloom_7b1": lambda: pytest.fail("fetched")}, endpoint=True)
    assert models.expand(wanted, "icl") == names


@pytest.mark.parametrize(
    ("wanted", "words"),
    [
        ("mixd", "evaluations, 'icl': no model 'mixd'; did you mean 'mixed'?"),
        ("mixed/seed-7", "no model 'mixed/seed-7'"),
        ("lader_*", "no model 'lader_*'"),
        ("endpoint", "`evaluated_endpoint` has no credentials"),
    ],
)
def test_a_model_that_is_not_there_is_refused(places, wanted, words):
    evaluations = {"icl": {"models": [wanted], "benchmarks": ["ecom_icl"]}}
    with pytest.raises(ValueError) as error:
        plan.plan_models(make_models(places), make_params(evaluations=evaluations))
    assert words in str(error.value)


def test_a_variant_that_is_configured_and_not_trained_is_left_out_and_named(places, caplog):
    models = plan.Models(
        **places, other_base_models={}, endpoint=False, configured=["full", "ext_1"]
    )
    evaluations = {
        "sft": {"models": ["full", "mixed", "ext_*"], "benchmarks": ["ecom_icl", "shopbench"]}
    }
    params = make_params(evaluations=evaluations, comparisons=[["full", "mixed", "shopbench"]])
    planned = plan.plan_models(models, params)
    assert [model.name for model in planned] == ["mixed/seed-0", "mixed/seed-1"]
    assert "evaluations, 'sft': full is not trained yet" in caplog.text
    asked = pd.concat([predictions("mixed", 0), predictions("mixed", 0, benchmark="shopbench")])
    possible, _ = comparing.part_pairs(
        [*params.comparisons, ("mixed", "mixed", "ecom_icl"), ("a", "b", "absent")], asked
    )
    assert possible == [("mixed", "mixed", "ecom_icl"), ("a", "b", "absent")]
    (row,) = comparing.list_untested(params.comparisons, asked).to_dict("records")
    assert (row["kind"], row["benchmark"], row["variant"]) == ("not_compared", "shopbench", "full")
    with pytest.raises(ValueError, match="none of the models that they name is there"):
        only = {"sft": {"models": ["full"], "benchmarks": ["shopbench"]}}
        plan.plan_models(models, make_params(evaluations=only))


def test_a_name_that_means_two_models_is_refused(places):
    for kind, name in [("tuned", "mixed/seed-0"), ("pretrained", "base/seed-0")]:
        twice = places | {kind: places[kind] | {name: places["base_model"]}}
        with pytest.raises(ValueError, match="give the variant another name"):
            make_models(twice)
    with pytest.raises(ValueError, match="'tuned' is the name of a model, and a word"):
        make_models(places, {"tuned": lambda: places["base_model"]})


def test_an_adapter_whose_base_is_missing_is_refused(places):
    gone = places | {"pretrained": {"mixed/seed-1": places["pretrained"]["mixed/seed-1"]}}
    with pytest.raises(ValueError) as error:
        make_models(gone).place("ladder_1/seed-0")
    assert "adapter for the base model 'seed-0'" in str(error.value)
    assert "none of the models here: base, mixed/seed-1" in str(error.value)


def test_a_comparison_of_what_is_not_evaluated_is_refused(places):
    params = make_params(comparisons=[["ladder_1", "mixed", "shopbench"]])
    plan.plan_models(make_models(places), params)
    params = make_params(comparisons=[["ladder_1", "mixed", "ecom_icl"]])
    with pytest.raises(ValueError, match="names 'ladder_1', which no evaluation asks ecom_icl"):
        plan.plan_models(make_models(places), params)


@pytest.mark.parametrize(
    ("changes", "words"),
    [
        ({"curve": {"benchmarks": ["ecom_ict"]}}, "curve: benchmark 'ecom_ict'.*mean 'ecom_icl'"),
        ({"benchmarks": {"ecom_icl": {}, "shopbench": None}}, "evaluations, 'ladder'.*'shopbench'"),
        ({"comparisons": [["a", "b", "shopbech"]]}, "comparisons.*did you mean 'shopbench'"),
        ({"comparisons": [["a", "a", "shopbench"]]}, "compares with itself"),
        ({"evaluations": {"icl": None}}, "name at least one"),
    ],
)
def test_wrong_parameters_name_what_is_wrong(changes, words):
    with pytest.raises(ValidationError, match=words):
        make_params(**changes)


def test_checkpoints_of_the_curves_variants_alone(places):
    checkpoints = {
        f"{name}/tokens-{n}": Path(name)
        for n in (2_000, 1_000)
        for name in ("mixed/seed-1", "mixed/seed-0", "other/seed-0")
    }
    found = plan.plan_checkpoints(make_models(places), checkpoints, make_params())
    assert [(m.variant, m.seed, m.tokens) for m in found] == [
        ("mixed", 0, 1_000), ("mixed", 0, 2_000), ("mixed", 1, 1_000), ("mixed", 1, 2_000),
    ]  # fmt: skip
    assert plan.plan_checkpoints(make_models(places), checkpoints, make_params(curve=None)) == []


@pytest.mark.parametrize("environment", ENVIRONMENTS)
def test_every_environment_names_models_that_its_training_makes(environment, tmp_path):
    bootstrap_project(ROOT)
    with KedroSession.create(ROOT, env=environment) as session:
        context = session.load_context()
    params = context.params
    base = write_model(tmp_path / "base", "base")
    made = {
        pipeline: {
            f"{variant}/seed-{seed}": base
            for variant in params[pipeline].resolved_variants()
            for seed in params[pipeline].seeds
        }
        for pipeline in ("continual_pretrain", "sft")
    }
    others = context.config_loader["catalog"]["other_base_models"]["models"]
    models = plan.Models(
        base, {name: lambda: base for name in others}, made["continual_pretrain"], made["sft"],
        endpoint=False,
    )  # fmt: skip
    evaluation = params["evaluation"]
    planned = plan.plan_models(models, evaluation)
    asked = {benchmark for model in planned for benchmark in model.benchmarks}
    assert asked == set(evaluation.used_benchmarks())
    template = params["sft"].prompting.model_dump(exclude={"too_long"})
    assert evaluation.prompting.model_dump(exclude={"too_long"}) == template


def predictions(variant, seed, tokens=None, decoding="constrained", benchmark="ecom_icl"):
    row = {"variant": variant, "seed": seed, "benchmark": benchmark, "decoding": decoding}
    return pd.DataFrame([row if tokens is None else row | {"tokens": tokens}])


def test_the_curve_runs_from_its_start_over_checkpoints_to_the_end():
    final = pd.concat(
        [
            predictions("base", 0),
            predictions("base", 0, decoding="free"),
            predictions("base", 0, benchmark="shopbench"),
            predictions("bloom", 0),
            predictions("mixed", 1),
            predictions("large", 0),
            predictions("majority", 0),
        ]
    )
    checkpoints = pd.concat([predictions("mixed", 1, 500), predictions("large", 0, 700)])
    metrics = pd.DataFrame(
        {"variant": ["mixed", "mixed", "large"], "seed": [1, 1, 0], "tokens": [400, 1_000, 1_400]}
    )
    pretraining = {
        "pretraining": {"base_model": None},
        "variants": {"mixed": {}, "large": {"base_model": "bloom"}},
    }
    points = curve.collect_points(checkpoints, final, metrics, make_params(), pretraining)
    points = points.astype({"tokens": int}).sort_values(["variant", "tokens"])
    assert points[["variant", "seed", "tokens"]].to_numpy().tolist() == [
        ["large", 0, 0], ["large", 0, 700], ["large", 0, 1_400],
        ["mixed", 1, 0], ["mixed", 1, 500], ["mixed", 1, 1_000],
    ]  # fmt: skip
    free = make_params(curve={"benchmarks": ["ecom_icl"], "free": True})
    assert len(curve.collect_points(checkpoints, final, metrics, free, pretraining)) == 7
    none = curve.collect_points(checkpoints.iloc[:0], final, metrics, make_params())
    assert none.empty and "tokens" in none


def test_seeds_that_saw_nearly_as_many_tokens_share_a_point():
    tokens = pd.Series([0, 500, 505, 507, 1_000, 1_016, 700, 500])
    joined = curve.join_near(tokens).tolist()
    assert joined == [0, 504, 504, 504, 1_008, 1_008, 700, 504]


def test_answers_go_back_to_their_models():
    planned = [
        plan.Evaluated("base", "base", 0, benchmarks=["a", "b"]),
        plan.Evaluated("mixed/seed-1/tokens-5", "mixed", 1, 5, benchmarks=["a"]),
    ]
    models = answering.list_models(planned)
    answers = pd.DataFrame({"model": ["mixed/seed-1/tokens-5", "base"], "request_id": ["y", "x"]})
    first, second = answering.split_answers(answers, models)
    assert (first.variant, first.seed, first.tokens) == ("base", 0, None)
    assert first.benchmarks == ["a", "b"] and second.benchmarks == ["a"]
    assert (second.variant, second.seed, second.tokens) == ("mixed", 1, 5)
    assert first.answers["request_id"].tolist() == ["x"]
    assert second.answers["request_id"].tolist() == ["y"]
