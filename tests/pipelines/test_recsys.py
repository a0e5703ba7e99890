"""Recommendation as a pipeline: parameters, plan, tables, and one small run of all of it."""

import json
import re
from pathlib import Path

import numpy as np
import pandas as pd
import pytest
from kedro.config import OmegaConfigLoader
from pydantic import ValidationError

from shoplm.pipelines.recsys import create_pipeline, nodes, plan, tables
from shoplm.pipelines.recsys.params import MODELS, SequentialParams
from shoplm.recsys import launching
from shoplm.recsys.data import RecommendationData
from shoplm.reporting.recommendation_settings import RecommendationStudies

ROOT = Path(__file__).parents[2]
ENVIRONMENTS = ["base", "test", "public", "study", "paper"]
KNN = {"model": "item_knn"}


def make_params(**more) -> SequentialParams:
    values = {
        "seeds": [0, 3],
        "runs": "runs",
        "interactions": {"merging": {"k_core": 1}},
        "interaction_sets": {"all": {}, "without_books": {"splitting": {"zero_shot": ["books"]}}},
        "recommender": {"interactions": "all", "model": {"model": "sasrec", "dimension": 8}},
        "variants": {
            "sasrec": {},
            "wide": {"model": {"dimension": 32}, "training": {"batch_size": 7}},
            "knn": {"model": {**KNN, "window": 2}, "strategy": "user"},
            "single": {"strategy": "single"},
            "titles": {"model": {"model": "frozen_text"}, "backbone": "tuned"},
        },
        "bootstrap": {"samples": 99},
    }  # fmt: skip
    return SequentialParams.model_validate(values | more)


@pytest.fixture(scope="module")
def interactions():
    """Nine users of two domains with six items each: `books` is where two of three events are."""
    rng = np.random.default_rng(0)
    rows = [
        (domain, f"u{user}", f"{domain}-{item}", pos)
        for user in range(9)
        for domain, count in (("books", 6), ("toys", 3))
        for pos, item in enumerate(rng.permutation(6)[:count])
    ]
    return pd.DataFrame(rows, columns=["domain", "user_id", "item_id", "pos"])


@pytest.fixture(scope="module")
def items():
    rows = [(d, f"{d}-{n}", f"{d} number {n}", d) for d in ("toys", "books") for n in range(6)]
    rows.append(("toys", "toys-9", "", "toys"))
    return pd.DataFrame(rows, columns=["domain", "item_id", "title", "category"])


@pytest.fixture(scope="module")
def folders(interactions, items, tmp_path_factory):
    """Data folders by set, as the catalog keeps them."""
    params = make_params(variants=both_sets())
    *merged, rejected, _ = nodes.merge_interactions(interactions, items, params)
    assert rejected.columns[0] == "interactions" and len(rejected) == 0
    lazy = [{name: (lambda part=part: part) for name, part in of.items()} for of in merged]
    root = tmp_path_factory.mktemp("data")
    writers = nodes.split_interactions(*lazy, params)
    return {name: write(root / name) for name, write in writers.items()}


def both_sets():
    return {"knn": {"model": KNN}, "other": {"model": KNN, "interactions": "without_books"}}


@pytest.fixture
def backbones(tmp_path):
    """Where a pre-trained model lies, and what was asked for."""
    for name in ("tuned/seed-0", "tuned/seed-3"):
        (tmp_path / name).mkdir(parents=True)
    return plan.gather_backbones(
        {"unused": lambda: pytest.fail("fetched")},
        {f"tuned/seed-{seed}": tmp_path / f"tuned/seed-{seed}" for seed in (0, 3)},
    )


def plan_of(folders, backbones, params, tuned=None):
    titles = {name: Path(name) for name in plan.plan_titles(backbones, params)}
    return plan.plan_runs(folders, titles, backbones, params, tuned)


def test_overrides_of_the_same_model_change_fields_and_another_model_is_whole():
    variants = make_params().resolved_variants()
    assert variants["wide"].model.dimension == 32 and variants["wide"].model.model == "sasrec"
    assert variants["wide"].training.batch_size == 7
    assert variants["knn"].model.model == "item_knn" and variants["knn"].model.window == 2
    tuned = {"wide": {"model": {"dropout": 0.1}}, "knn": {"model": {"window": 9}}}
    searched = make_params().resolved_variants(tuned)
    assert (searched["wide"].model.dropout, searched["wide"].model.dimension) == (0.1, 32)
    assert searched["knn"].model.window == 9 and searched["sasrec"] == variants["sasrec"]


def test_every_variant_with_every_seed_all_of_a_seed_first(folders, backbones):
    params = make_params()
    runs = [run for run, _ in plan_of(folders, backbones, params)]
    names = ["sasrec", "wide", "knn", "single.domain-0", "single.domain-1", "titles"]
    assert [(run.variant, run.seed) for run in runs] == [(n, s) for s in (0, 3) for n in names]
    by_name = {run.name: run for run in runs}
    assert [by_name[f"single.domain-{n}/seed-0"].domain for n in (0, 1)] == [0, 1]
    assert by_name["single.domain-1/seed-0"].strategy == "domain"
    assert by_name["knn/seed-0"].strategy == "user" and by_name["knn/seed-0"].domain is None
    titles = by_name["titles/seed-3"]  # the backbone of the run's own seed
    assert titles.backbone.name == "seed-3" and titles.text == Path("all/tuned/seed-3")
    assert by_name["sasrec/seed-0"].backbone is None and by_name["sasrec/seed-0"].text is None


def test_what_a_search_found_reaches_the_runs(folders, backbones):
    params = make_params(seeds=[0])
    tuned = {"single": {"model": {"dropout": 0.05}, "training": {"learning_rate": 0.02}}}
    runs = {run.variant: run for run, _ in plan_of(folders, backbones, params, tuned)}
    assert runs["single.domain-1"].model.dropout == 0.05
    assert runs["single.domain-1"].training.learning_rate == 0.02
    assert runs["sasrec"].model.dropout != 0.05


def test_variants_of_a_model_share_its_search(folders, backbones):
    variants = {
        "sasrec": {},
        "single": {"strategy": "single", "tuned_as": "sasrec", "model": {"dimension": 16}},
        "alone": {"strategy": "domain"},
    }
    tuned = {"sasrec": {"model": {"dropout": 0.05}, "training": {"learning_rate": 0.02}}}
    space = {"sasrec": {"model.dropout": {"low": 0, "high": 0.5}}}
    params = make_params(seeds=[0], variants=variants, search={"trials": 2, "spaces": space})
    resolved = params.resolved_variants(tuned)
    assert resolved["single"].model.dropout == resolved["sasrec"].model.dropout == 0.05
    assert resolved["single"].training.learning_rate == 0.02
    assert (resolved["single"].model.dimension, resolved["single"].strategy) == (16, "single")
    assert resolved["alone"] == params.resolved_variants()["alone"]
    searches = plan.plan_searches(folders, {}, backbones, params)
    assert {search.variant for search, _ in searches} == {"sasrec", "alone"}
    rows = nodes.describe_variants(tuned, params).set_index("variant")
    assert rows["searched"].to_dict() == {"sasrec": True, "single": True, "alone": False}


def test_a_zero_shot_domain_has_no_model_of_its_own(folders, backbones):
    variants = {"single": {"strategy": "single", "interactions": "without_books", "model": KNN}}
    params = make_params(variants=variants)
    (run, _), *rest = plan_of(folders, backbones, params)[:1]
    data = RecommendationData.open(folders["without_books"])
    assert not rest and data.domains[run.domain] == "toys"


def test_a_variant_on_a_split_that_cannot_be_has_no_run_and_its_reason_is_there(folders, backbones):
    variants = {"knn": {"model": KNN}, "timed": {"model": KNN, "split": "temporal"}}
    params = make_params(variants=variants)
    assert {run.variant for run, _ in plan_of(folders, backbones, params)} == {"knn"}
    statistics, absent = nodes.summarise_interactions(folders, params)
    assert absent[["interactions", "split"]].to_numpy().tolist() == [["all", "temporal"]]
    assert "without a timestamp" in absent["reason"][0]
    assert set(statistics["interactions"]) == {"all"}
    cases = nodes.list_cases(folders, params)
    assert set(cases["split"]) == {"leave_one_out"} and set(cases["domain"]) == {"books", "toys"}
    assert cases["user_id"].str.startswith("u").all()


def test_searches_take_the_domains_of_a_variant_together(folders, backbones):
    space = {"single": {"model.dropout": {"low": 0, "high": 0.5}}}
    params = make_params(search={"trials": 3, "spaces": space})
    titles = {name: Path(name) for name in plan.plan_titles(backbones, params)}
    ((search, launch),) = plan.plan_searches(folders, titles, backbones, params)
    assert search.variant == "single" and [run.domain for run in search.runs] == [0, 1]
    assert search.trials == 3 and launch.launcher == "python"
    nothing = make_params()
    assert plan.plan_searches(folders, titles, backbones, nothing) == []


def test_a_search_goes_on_when_it_is_given_more(folders, backbones, tmp_path):
    def planned(**budget):
        space = {"sasrec": {"model.dropout": {"low": 0, "high": 0.5}}}
        params = make_params(search={"spaces": space, **budget})
        titles = {name: Path(name) for name in plan.plan_titles(backbones, params)}
        return plan.plan_searches(folders, titles, backbones, params)[0][0]

    file = planned(trials=3, minutes=1.0).write(tmp_path)
    assert not plan.wants_more(planned(trials=2, minutes=0.5), file)
    assert plan.wants_more(planned(trials=4, minutes=1.0), file)
    assert plan.wants_more(planned(trials=3), file)


def test_costs_of_several_models_of_a_variant_add_up():
    costs = pd.DataFrame({
        "variant": ["single.domain-0", "single.domain-1", "sasrec"], "seed": 0,
        "train_hours": [1.0, 3.0, 5.0], "evaluation_seconds": [10.0, 30.0, 5.0],
        "peak_memory_gb": [2.0, 1.5, 3.0], "examples_per_second": [100.0, 20.0, 7.0],
        "users_per_second": [8.0, 4.0, 2.0],
    })  # fmt: skip
    summed = tables.sum_costs(costs, make_params().resolved_variants()).set_index("variant")
    assert summed.loc["single", "train_hours"] == 4 and summed.loc["single", "runs"] == 2
    assert summed.loc["single", "peak_memory_gb"] == 2
    assert summed.loc["single", "examples_per_second"] == pytest.approx((100 + 3 * 20) / 4)
    assert summed.loc["single", "users_per_second"] == pytest.approx((80 + 120) / 40)
    assert summed.loc["sasrec", "train_hours"] == 5 and set(summed["interactions"]) == {"all"}


def test_tables_of_no_run_are_empty_and_have_their_columns(folders):
    # all variants are measured by time, which no event has
    recommender = {"interactions": "all", "split": "temporal", "model": KNN}
    params = make_params(recommender=recommender, variants={"knn": {}})
    cases = nodes.list_cases(folders, params)
    by_position = make_params(recommender=recommender | {"split": "leave_one_out"},
                              variants={"knn": {}})  # fmt: skip
    assert not len(cases) and list(cases) == list(nodes.list_cases(folders, by_position))
    variants = params.resolved_variants()
    ranks = tables.name_sets(launching.read_ranks({}), variants)
    assert not len(tables.sum_costs(launching.read_costs({}), variants))
    _, absent = nodes.summarise_interactions(folders, params)
    assert absent["split"].tolist() == ["temporal"]
    for found in (
        nodes.summarise_ranks(ranks, cases, absent, params),
        nodes.compare_models(ranks, cases, params),
    ):
        assert not len(found) and {"variant", "interactions", "value"} <= set(found)
        assert list(found).index("interactions") == list(found).index("subset") + 1


@pytest.mark.parametrize(
    ("overrides", "words"),
    [
        ({"variants": {}}, "name at least one"),
        ({"variants": {"random": {}}}, "'random' is what chance expects"),
        ({"variants": {"v": {"model": {"dimensoin": 3}}}}, "'v, model'.*'dimensoin'.*'dimension'"),
        ({"variants": {"v": {"modle": KNN}}}, "'v'.*'modle'.*'model'"),
        ({"variants": {"v": {"model": {"model": "item_kn"}}}}, "'v'.*item_kn"),
        ({"variants": {"v": {"interactions": "al"}}}, "'v' has interactions 'al'.*'all'"),
        ({"variants": {"v": {"model": {"model": "llm_rec"}}}}, "'v' is 'llm_rec'.*`backbone`"),
        ({"interaction_sets": {"all": {"mergin": {}}}}, "'all'.*'mergin'.*'merging'"),
        ({"comparisons": [["sasrec", "knm"]]}, "comparisons.*'knm'.*'knn'"),
        ({"variants": both_sets(), "comparisons": [["knn", "other"]]}, "different test cases"),
        ({"search": {"trials": 1, "spaces": {"sasrek": {}}}}, "'sasrek'.*'sasrec'"),
        ({"search": {"trials": 1, "spaces": {"sasrec": {"model.dimensions": [1, 2]}}}},
         "'model.dimensions'.*'dimension'"),
        ({"seeds": [1, 1]}, "names a seed twice"),
        ({"variants": {"sasrec": {}, "v": {"tuned_as": "sasrek"}}}, "'v'.*'sasrek'.*'sasrec'"),
        ({"variants": {"sasrec": {}, "knn": {"model": KNN, "tuned_as": "sasrec"}}},
         "'knn' is tuned_as 'sasrec', which is another model"),
        ({"variants": {"a": {}, "b": {"tuned_as": "a"}, "c": {"tuned_as": "b"}}},
         "'c' is tuned_as 'b', which has no search itself: name 'a'"),
        ({"variants": {"a": {}, "b": {"tuned_as": "a"}}, "search": {"variants": ["b"]}},
         "'b' is tuned_as 'a', and named among"),
    ],
)  # fmt: skip
def test_wrong_parameters_are_refused_by_name(overrides, words):
    with pytest.raises(ValidationError, match=f"(?s){words}"):
        make_params(**overrides)


def test_a_backbone_that_is_not_there_is_refused_with_the_nearest(folders, backbones):
    variants = {"titles": {"model": {"model": "frozen_text"}, "backbone": "tund"}}
    params = make_params(variants=variants)
    with pytest.raises(
        ValueError, match="'titles', backbone: no model 'tund'; did you mean 'tuned"
    ):
        plan_of(folders, backbones, params)
    with pytest.raises(ValueError, match=r"'base/seed-0' has the name of one of text_backbones"):
        plan.gather_backbones({"base": Path}, {"base/seed-0": Path("base")})


@pytest.fixture(scope="module")
def configured():
    """Parameters and studies of every environment."""
    found = {}
    for environment in ENVIRONMENTS:
        loader = OmegaConfigLoader(
            str(ROOT / "conf"), base_env="base", default_run_env=environment,
            merge_strategy={"parameters": "soft"},
            config_patterns={"parameters": ["parameters_recsys*"]},
        )  # fmt: skip
        parameters = loader["parameters"]
        found[environment] = (
            SequentialParams.model_validate(parameters["sequential"]),
            RecommendationStudies.model_validate(parameters["recommendation_studies"]).kept(),
        )
    return found


def test_every_row_of_a_study_is_trained_where_it_is_shown(configured):
    for environment, (params, studies) in configured.items():
        protocol = f"sampled_{params.ranking.n_negatives}"
        variants = params.resolved_variants()
        for name, study in studies.items():
            missing = set(study.variants().values()) - set(variants)
            assert not missing or environment == "test", f"{environment}, {name}"
            assert study.protocol in (protocol, "full"), f"{environment}, {name}"
            trained = [variants[v] for v in study.variants().values() if v in variants]
            assert all(variant.split == study.split for variant in trained), name
            if name == "same_mix_diff":  # those rest on histories of all domains
                assert {variant.strategy for variant in trained} == {"user"}, environment


def test_the_environments_hold_what_they_are_for(configured):
    base, study, paper, public = (configured[n][0] for n in ("base", "study", "paper", "public"))
    assert len(study.seeds) >= 3 and study.search.trials > 0 and base.search.trials == 0
    assert {variant.model.model for variant in base.resolved_variants().values()} == set(MODELS)
    figures = {"strategies", "same_mix_diff", "tuning", "zero_shot", "costs", "time"}
    for name in ("study", "paper"):
        assert set(configured[name][1]) >= figures, name
    baselines = {*MODELS} - {"llm_rec"}
    for name, params in (("study", study), ("public", public)):
        against = {other for one, other in params.comparisons if one == "llm_rec"}
        assert against >= baselines, name
    amazon = public.resolved_sets()["amazon"]
    assert amazon.merging.k_core == 5 and amazon.splitting.unit == "user_domain"
    assert public.ranking.n_negatives == paper.ranking.n_negatives == 1_000
    llm_rec = public.resolved_variants()["llm_rec"]
    assert llm_rec.model.max_length == 10 and llm_rec.strategy == "domain"
    for params in (study, public, paper):  # all that read titles read as many
        chosen = params.resolved_variants().values()
        readers = [getattr(v.model, "text", v.model) for v in chosen if v.reads_titles]
        assert len({model.max_length for model in readers}) == 1


def test_the_public_baselines_keep_their_own_training(configured):
    """What LLM-REC is trained by is common to all variants there."""
    for name, variant in configured["public"][0].resolved_variants().items():
        training = variant.training
        if variant.model.model in ("gru4rec", "sasrec", "lightgcn", "adi", "bitgcf", "mamdr"):
            unit = "steps" if variant.model.model == "mamdr" else "passes"
            assert (training.validation.unit, training.validation.patience) == (unit, 5), name
            assert training.warmup == 0 and training.max_passes == 40, name
        assert variant.launch.threads is None, name


def test_a_study_compares_variants_that_are_tuned_alike(configured):
    params, studies = configured["study"]
    variants = params.resolved_variants()
    tuned = {name: variant.tuned_as or name for name, variant in variants.items()}
    plain = {"popularity", "popularity_temporal", "frozen_last", "frozen_mean"}
    assert {tuned[name] for name in {*variants} - plain} == {*params.search.variants}
    for study, models in (("strategies", {"sasrec", "llm_rec"}), ("pretraining", {"llm_rec"})):
        assert {tuned[variant] for variant in studies[study].variants().values()} == models


def test_the_contract_of_names():
    pipeline = create_pipeline()
    outputs = {"sequential_results", "sequential_models", "interaction_statistics"}
    assert pipeline.all_outputs() >= outputs
    assert {"interaction_split", "sequential"} <= {node.namespace for node in pipeline.nodes}
    assert {"interactions", "items"} <= pipeline.inputs()
    assert all(re.fullmatch(r"[a-z_]+", name.split(":")[0]) for name in pipeline.inputs())


def test_descriptions_say_what_was_searched():
    params = make_params()
    table = nodes.describe_variants({"wide": {"model": {"dropout": 0.1}}}, params)
    rows = table.set_index("variant")
    assert rows["searched"].to_dict() == {n: n == "wide" for n in params.resolved_variants()}
    assert json.loads(rows.loc["wide", "settings"])["dropout"] == 0.1
    assert rows.loc["titles", "backbone"] == "tuned" and pd.isna(rows.loc["knn", "backbone"])
