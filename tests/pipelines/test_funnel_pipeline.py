"""The funnel as a pipeline: parameters of every environment, plan, and tables."""

import re
from datetime import date
from pathlib import Path

import numpy as np
import pandas as pd
import pytest
from kedro.config import OmegaConfigLoader
from kedro.io import AbstractDataset
from pydantic import ValidationError

from shoplm.datasets import SearchLogsDataset
from shoplm.funnel.log.folder import FunnelLog
from shoplm.funnel.models import MODELS
from shoplm.pipelines.demo_shop import create_pipeline as create_demo_shop
from shoplm.pipelines.recsys import create_pipeline, funnel_nodes, funnel_plan
from shoplm.pipelines.recsys.funnel_params import ORDERS, FunnelParams
from shoplm.pipelines.recsys.funnel_plan import plan_pairs
from shoplm.reporting.funnel_settings import FunnelStudies

ROOT = Path(__file__).parents[2]
ENVIRONMENTS = ["base", "test", "public", "study", "paper"]
SMALL = {"model": "seq", "bottom": [4], "hidden": 4}
VARIANTS = {
    "seq_md": {},
    "seq": {"model": {"md": False}},
    "two": {"tasks": ["click", "cart"]},
    "third": {"initial": "two", "frozen": True},
    "wide": {"log": "other", "feature_split": {"threshold": 2.0, "dependent": ["taste"]}},
    "trees": {"model": {"model": "gbm", "trees": 3}},
}


def make_params(**more) -> FunnelParams:
    values = {
        "seeds": [0, 3],
        "runs": "runs",
        "log": {
            "tasks": ["click", "cart", "purchase"], "numeric": ["price", "taste", "empty"],
            "item": None, "platform": None, "user": None,
        },
        "logs": {"shop": {}, "other": {"validation_from": 0.6}, "unused": {"numeric": []}},
        "variant": {"log": "shop", "model": SMALL},
        "variants": VARIANTS,
    }  # fmt: skip
    return FunnelParams.model_validate(values | more)


def make_predictions(funnel_data, params) -> pd.DataFrame:
    """Random ones, of one seed."""
    rng, tables = np.random.default_rng(1), []
    for name, chosen in params.resolved_variants().items():
        rows = FunnelLog.open(funnel_data[chosen.log]).rows("test")
        p = np.sort(rng.random((rows.stop - rows.start, 3)), axis=1)[:, ::-1].astype("f4")
        table = pd.DataFrame(p, columns=["p_1", "p_2", "p_3"])
        tables.append(table.assign(variant=name, seed=0, row=np.arange(rows.start, rows.stop)))
    return pd.concat(tables, ignore_index=True)


def make_loader(environment) -> OmegaConfigLoader:
    return OmegaConfigLoader(
        str(ROOT / "conf"), base_env="base", default_run_env=environment,
        merge_strategy={"parameters": "soft"},
        config_patterns={n: [f"{n}_recsys_funnel*"] for n in ("parameters", "catalog")},
    )  # fmt: skip


@pytest.fixture(scope="module")
def search_logs(tmp_path_factory):
    """Lists of five over ten days in two regions, whose prices differ by a factor of 100."""
    folder = tmp_path_factory.mktemp("raw")
    rng, rows = np.random.default_rng(0), 800
    of = np.arange(rows) // 5
    happened = rng.random((rows, 3)) < 0.6
    labels = np.logical_and.accumulate(happened, axis=1).astype("int8")
    frame = pd.DataFrame(
        {
            "list_id": of, "region": np.where(of % 2, "NA", "nan"), "timestamp": of * 5_400,
            "position": np.arange(rows) % 5, "price": rng.uniform(1, 2, rows) * 100.0 ** (of % 2),
            "taste": rng.normal(size=rows), "empty": np.nan,
            **{task: labels[:, n] for n, task in enumerate(("click", "cart", "purchase"))},
        }
    )  # fmt: skip
    frame.to_parquet(folder / "log.parquet")
    logs = {n: {"format": "table", "files": "log.parquet"} for n in ("shop", "other")}
    return SearchLogsDataset(path=str(folder), logs=logs).load()


@pytest.fixture(scope="module")
def funnel_data(search_logs, tmp_path_factory):
    params, root = make_params(), tmp_path_factory.mktemp("data")
    features = funnel_nodes.build_features(search_logs, params)
    writers = funnel_nodes.split_log(features, params)
    assert set(writers) == {"shop", "other"}  # no variant uses the third
    return {name: write(root / name) for name, write in writers.items()}


@pytest.fixture(scope="module")
def measured(funnel_data):
    return funnel_nodes.measure_regions(funnel_data, make_params())


def test_every_variant_with_every_seed_those_with_an_initial_model_afterwards(
    funnel_data, measured
):
    params = make_params()
    first = [run for run, _ in funnel_plan.plan_runs(funnel_data, measured[0], params)]
    names = ["seq_md", "seq", "two", "wide", "trees"]
    assert [(run.variant, run.seed) for run in first] == [(n, s) for s in (0, 3) for n in names]
    models = {f"two/seed-{seed}": Path(f"two-{seed}") for seed in (0, 3)}
    later = [run for run, _ in funnel_plan.plan_runs(funnel_data, measured[0], params, models)]
    assert [(run.variant, run.seed, run.initial) for run in later] == [
        ("third", seed, Path(f"two-{seed}")) for seed in (0, 3)
    ]
    by_name = {run.name: run for run in [*first, *later]}
    assert by_name["third/seed-0"].frozen and by_name["third/seed-0"].tasks == ()
    assert by_name["two/seed-3"].tasks == ("click", "cart")
    assert by_name["wide/seed-0"].data == funnel_data["other"]


def test_md_is_given_what_depends_on_the_region_for_that_variant(funnel_data, measured):
    dependent = funnel_plan.dependent_features(funnel_data, measured[0], make_params())
    assert dependent == {
        "seq_md": ["price"], "two": ["price"], "third": ["price"], "wide": ["taste"],
        "seq": [], "trees": [],
    }  # fmt: skip


def test_tables_of_the_logs_have_them_in_front(funnel_data, measured):
    distances, split = measured
    assert list(distances)[:2] == list(split)[:2] == ["log", "feature"]
    found = split.set_index(["log", "feature"])["dependent"]
    assert found["shop", "price"] and not found["shop", "taste"]
    assert set(distances["distance"]) == {"js", "wasserstein"}
    statistics, rejected = funnel_nodes.summarise_logs(funnel_data, make_params())
    assert rejected[["log", "feature", "reason"]].to_numpy().tolist() == [
        [log, "empty", "all_null"] for log in ("shop", "other")
    ]
    figures = statistics.set_index(["log", "side", "figure"])["value"]
    log = FunnelLog.open(funnel_data["other"])
    side = log.rows("validation")
    assert figures["other", "validation", "rows"] == side.stop - side.start
    assert figures["other", "validation", "cart"] == log.labels[side, 1].sum()
    assert figures["shop", "train", "rows"] != figures["other", "train", "rows"]
    assert figures.xs("rows", level="figure").groupby("log").sum().eq(800).all()


def test_variants_are_described_with_what_md_maps(funnel_data, measured):
    table = funnel_nodes.describe_variants(funnel_data, measured[0], make_params())
    rows = table.set_index("variant")
    assert rows["n_dependent"].to_dict() == {
        "seq_md": 1, "seq": 0, "two": 1, "third": 1, "wide": 1, "trees": 0,
    }  # fmt: skip
    assert rows["md"].to_dict() == {name: name not in ("seq", "trees") for name in VARIANTS}
    assert rows.loc["third", ["initial", "frozen", "tasks"]].tolist() == [
        "two", True, "click cart purchase",
    ]  # fmt: skip
    assert rows.loc["wide", ["log", "threshold", "distance"]].tolist() == ["other", 2.0, "js"]


def test_overrides_by_hand_are_of_the_logs_of_their_variants(funnel_data, measured):
    split = measured[1].set_index(["log", "feature"])
    assert split["overridden"].to_dict() == {
        ("shop", "price"): False, ("shop", "taste"): False,
        ("other", "price"): False, ("other", "taste"): True,
    }  # fmt: skip
    variants = {"seq_md": {}, "wide": {"log": "other", "feature_split": {"dependent": ["tasty"]}}}
    with pytest.raises(ValueError, match=r"^log 'other': .*dependent: 'tasty'.* mean 'taste'"):
        funnel_nodes.measure_regions(funnel_data, make_params(variants=variants))
    variants |= {"plain": {"log": "other"}}
    wrong = make_params(variants={k: variants[k] for k in ("plain", "wide")})
    with pytest.raises(ValueError, match=r"^variant 'wide', log 'other': feature_split.dependent"):
        funnel_plan.dependent_features(funnel_data, measured[0], wrong)


def test_every_model_with_md_is_tested_against_itself_without():
    variants = VARIANTS | {
        "mapped": {"model": {"md_module": {"widths": [3]}}},
        "off": {"feature_split": {"threshold": 0.9}},
        "off_too": {"feature_split": {"threshold": 0.9}, "model": {"md": False}},
        "hidden": {"model": {"hidden": 5}},
        "tuned": {"initial": "two"},
        "far": {"log": "other", "model": {"md": False}},
    }
    params = make_params(variants=variants, comparisons=[["seq_md", "trees"], ["wide", "random"]])
    resolved = params.resolved_variants().items()
    dependent = {name: ["price"] if of.has_md else [] for name, of in resolved} | {"off": []}
    assert funnel_plan.plan_pairs("shop", dependent, params) == [
        ("seq_md", "trees"), ("seq_md", "seq"), ("mapped", "seq"),
    ]  # fmt: skip
    assert funnel_plan.plan_pairs("other", dependent, params) == [("wide", "random")]


def test_results_and_pairs_are_of_each_log(funnel_data, measured):
    pairs = [["wide", "popular_first"], ["random", "seq"]]
    params = make_params(seeds=[0], variants={k: VARIANTS[k] for k in ("seq_md", "seq", "wide")},
                         comparisons=pairs)  # fmt: skip
    predictions = make_predictions(funnel_data, params)
    results = funnel_nodes.summarise_funnel(funnel_data, predictions, params)
    assert results.columns[0] == "log"
    named = results.groupby("log")["variant"].agg(set).to_dict()
    orders = {"popular_first", "random"}
    assert named == {"shop": {"seq_md", "seq"} | orders, "other": {"wide"} | orders}
    compared = funnel_nodes.compare_funnel_models(funnel_data, measured[0], predictions, params)
    found = set(zip(compared["log"], compared["variant"], compared["against"], strict=True))
    assert found == {
        ("other", "wide", "popular_first"), ("shop", "seq_md", "seq"), ("shop", "random", "seq"),
    }  # fmt: skip


def test_regions_called_na_are_read_back_as_they_were_written(funnel_data, measured, tmp_path):
    params = make_params(seeds=[0], variants={k: VARIANTS[k] for k in ("seq_md", "seq")})
    predictions = make_predictions(funnel_data, params)
    written = {
        "feature_split": measured[1],
        "funnel_results": funnel_nodes.summarise_funnel(funnel_data, predictions, params),
        "funnel_comparison": funnel_nodes.compare_funnel_models(
            funnel_data, measured[0], predictions, params
        ),
        "region_masks": pd.DataFrame({"region": ["NA", "nan"], "mask": [1.5, np.nan]}),
    }
    entries = make_loader("base")["catalog"]
    for name, table in written.items():
        entry = entries[name] | {"filepath": str(tmp_path / f"{name}.csv")}
        dataset = AbstractDataset.from_config(name, entry)
        dataset.save(table)
        table["seed"] = table.get("seed", "mean")
        found = dataset.load().assign(seed=table["seed"])  # seeds and their mean are one column
        assert {"NA", "nan"} <= set(found.filter(like="region").stack()), name
        pd.testing.assert_frame_equal(found, table, check_dtype=False)


def test_a_log_that_the_catalog_has_not_is_named(search_logs):
    params = make_params(logs={"shopp": {}, "other": {}}, variant={"log": "shopp", "model": SMALL})
    with pytest.raises(ValueError, match="no log 'shopp'; did you mean 'shop'"):
        funnel_nodes.build_features(search_logs, params)


@pytest.mark.parametrize(
    ("overrides", "words"),
    [
        ({"variants": {}}, "name at least one"),
        ({"variants": {"random": {}}}, "'random' is an order that every table has"),
        ({"variants": {"v": {"log": "shopp"}}}, "'v' has log 'shopp'.*did you mean 'shop'"),
        ({"variants": {"v": {"modle": {}}}}, "'v'.*'modle'.*'model'"),
        ({"variants": {"v": {"model": {"hiden": 3}}}}, "'v, model'.*'hiden'.*'hidden'"),
        ({"variants": {"v": {"tasks": ["clik"]}}}, "'v': no task 'clik'; did you mean 'click'"),
        ({"variants": {"v": {"tasks": ["cart", "click"]}}}, r"'v': tasks .* are no order of"),
        ({"variants": {"v": {"feature_split": {"bins": 7}}}}, "feature_split.bins is 7.*with 20"),
        ({"variants": {"v": {"frozen": True}}}, "'v' is frozen, but has no `initial`"),
        ({"variants": {"v": {"initial": "w"}, "wv": {}}}, "'v' has initial 'w', which is none"),
        ({"variants": {**VARIANTS, "v": {"initial": "third"}}}, "'third', which has an `initial`"),
        ({"variants": {**VARIANTS, "v": {"initial": "wide"}}}, "another log: 'other', not 'shop'"),
        ({"variants": {**VARIANTS, "v": {"initial": "trees"}}}, "another model: 'gbm', not 'seq'"),
        ({"variants": {**VARIANTS, "v": {"initial": "seq"}}}, "expected fewer tasks, the first of"),
        ({"variants": {"a": {"tasks": ["cart"]}, "v": {"initial": "a"}}}, "learns cart; expected"),
        ({"seeds": [1, 1]}, "names a seed twice"),
        ({"logs": {"shop": {"numerics": []}, "other": {}}}, "log 'shop'.*'numerics'.*'numeric'"),
        ({"comparisons": [["seq_md", "seqq"]]}, "comparisons.*'seqq'.*'seq'"),
        ({"comparisons": [["seq_md", "wide"]]}, "of different logs"),
        ({"comparisons": [["random", "popular_first"]]}, "names no variant"),
    ],
)
def test_wrong_parameters_are_refused_by_name(overrides, words):
    with pytest.raises(ValidationError, match=f"(?s){words}"):
        make_params(**overrides)


@pytest.fixture(scope="module")
def configured():
    """Parameters, and names of the catalog's logs, of every environment."""
    found = {}
    for environment in ENVIRONMENTS:
        loader = make_loader(environment)
        params = FunnelParams.model_validate(loader["parameters"]["funnel"])
        entry = {k: v for k, v in loader["catalog"]["search_logs"].items() if k != "type"}
        studies = FunnelStudies.model_validate(loader["parameters"]["funnel_studies"]).kept()
        found[environment] = params, set(SearchLogsDataset(**entry).load()), studies
    return found


def test_every_row_of_a_study_is_trained_where_it_is_shown(configured):
    for environment, (params, _, studies) in configured.items():
        there = {*params.resolved_variants(), *ORDERS}
        for name, study in studies.items():
            missing = set(study.variants().values()) - there
            assert not missing or environment == "test", f"{environment}, {name}"


def test_the_environments_hold_what_they_are_for(configured):
    for params, logs, _ in configured.values():
        assert set(params.used_logs()) == set(params.resolved_logs()) <= logs
    base, study, paper, public = (configured[n][0] for n in ("base", "study", "paper", "public"))
    assert {v.model.model for v in base.resolved_variants().values()} == set(MODELS)
    assert len(study.seeds) == len(public.seeds) == len(paper.seeds) == 3
    variants = study.resolved_variants()
    for name in (*MODELS, *(f"{model}_md" for model in MODELS)):
        if name != "gbm_md":  # trees have no gradients to give it
            assert variants[name].has_md == name.endswith("_md"), name
    assert {v.log for v in variants.values()} == {"shop", "small_regions", "watch"}
    transfer = variants["seq_md_third_frozen"], variants["seq_md_third_tuned"]
    assert [(v.initial, v.frozen) for v in transfer] == [
        ("seq_md_two", True),
        ("seq_md_two", False),
    ]
    for params in (study, paper, public):
        md = {name: ["price"] * of.has_md for name, of in params.resolved_variants().items()}
        pairs = {pair for log in params.used_logs() for pair in plan_pairs(log, md, params)}
        models = {m: f"{m}_md" for m in MODELS if m != "gbm"}
        assert {(with_md, plain) for plain, with_md in models.items()} <= pairs
    ga4 = public.used_logs()["ga4"]
    assert ga4.tasks == ["checkout", "purchase"] and ga4.test_from == date(2021, 1, 17)
    assert len(paper.used_logs()["aliexpress"].numeric) == 63


def test_the_contract_of_names():
    pipeline = create_pipeline()
    assert pipeline.all_outputs() >= {
        "funnel_features", "funnel_data", "feature_distances", "feature_split", "funnel_models",
        "funnel_metrics", "funnel_costs", "funnel_predictions", "region_masks", "funnel_variants",
        "funnel_results", "funnel_comparison", "funnel_studies_table", "funnel_figures",
        "funnel_page", "log_statistics", "rejected_features",
    }  # fmt: skip
    assert {"search_log_split", "funnel"} <= {node.namespace for node in pipeline.nodes}
    assert "search_logs" in pipeline.inputs() & create_demo_shop().all_outputs()
    assert all(re.fullmatch(r"[a-z_]+", name.split(":")[0]) for name in pipeline.inputs())
