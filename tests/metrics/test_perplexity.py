import numpy as np
import pandas as pd
import pytest

from shoplm.metrics.perplexity import COLUMNS, compare_models
from shoplm.metrics.settings import BootstrapSettings
from simulated_training import EFFECTS, simulate_training

QUICK = BootstrapSettings(samples=499)
PAIRS = [("mixed", "separate"), ("mixed", "ecom_only")]


def losses(variant="v", seed=0, step=0, split="shop_en", loss=(2.0, 9.0), n_targets=(1, 3)):
    return pd.DataFrame(
        {
            "variant": variant, "seed": seed, "step": step, "tokens": 16 * step, "split": split,
            "document": range(len(loss)), "n_targets": n_targets, "loss": loss,
        }
    )  # fmt: skip


def pick(table, **values):
    for column, value in values.items():
        table = table[table[column].eq(value)]
    assert len(table) == 1, table
    return table.iloc[0]


@pytest.fixture(scope="module")
def simulated():
    document_losses, _ = simulate_training(seeds=(0, 1, 2), n_documents=80)
    return document_losses, compare_models(document_losses, QUICK, PAIRS, 8_000)


def test_by_hand():
    table = compare_models(
        pd.concat(
            [
                losses(), losses(step=5, loss=(8, 8)), losses(step=9, loss=(1.0, 5.0)),
                losses("w"), losses("w", step=9, loss=(2.0, 7.0)),
            ]
        ),
        QUICK,
        [("v", "w")],
        vocabulary_size=50,
    )  # fmt: skip
    assert list(table.columns) == COLUMNS
    both = {"seed": "all", "split": "shop_en"}
    value = {
        name: pick(table, variant=name, metric="perplexity", **both)["value"]
        for name in ("base", "v", "w", "uniform")
    }  # (2 + 9) / 4, (1 + 5) / 4, (2 + 7) / 4; what was measured on the way is not the end
    expected = {"base": np.exp(11 / 4), "v": np.exp(6 / 4), "w": np.exp(9 / 4), "uniform": 50}
    assert value == pytest.approx(expected)
    gain = pick(table, variant="v", against="base", **both)
    assert gain["value"] == pytest.approx(np.exp((6 - 11) / 4))
    assert gain["n"] == 2 and gain["p_value"] == pytest.approx(2 / 4)
    gap = pick(table, variant="v", against="w", **both)
    assert gap["value"] == pytest.approx(value["v"] / value["w"])


def test_several_seeds_by_hand():
    table = compare_models(
        pd.concat(
            [
                losses(seed=3), losses(seed=3, step=9, loss=(1.0, 5.0)),
                losses(seed=4), losses(seed=4, step=9, loss=(3.0, 7.0)),
            ]
        ),
        QUICK,
    )  # fmt: skip
    rows = table[(table["variant"] == "v") & (table["metric"] == "perplexity")].set_index("seed")
    assert rows["value"].to_dict() == pytest.approx(
        {"3": np.exp(6 / 4), "4": np.exp(10 / 4), "all": np.exp(8 / 4)}
    )
    assert rows["value"]["all"] == pytest.approx(np.sqrt(rows["value"]["3"] * rows["value"]["4"]))
    spread = (np.exp(10 / 4) - np.exp(6 / 4)) / np.sqrt(2)
    assert rows["seed_sd"]["all"] == pytest.approx(spread) and np.isnan(rows["seed_sd"]["3"])
    assert rows["n_seeds"].to_dict() == {"3": 1, "4": 1, "all": 2}


def test_planted_effects_are_found_within_their_intervals(simulated):
    _, table = simulated
    inside = 0
    for variant, effects in EFFECTS.items():
        for domain, effect in zip(("general", "shop", "clusters"), effects, strict=True):
            row = pick(table, variant=variant, against="base", split=domain, seed="all")
            assert abs(np.log(row["value"]) - effect) < 0.06
            assert row["p_holm"] < 0.1 or abs(effect) < 0.1
            inside += row["ci_low"] * 0.985 <= np.exp(effect) <= row["ci_high"] * 1.015
    assert inside >= 10  # of 12, 95% each, give or take the luck of a seed
    better = pick(table, variant="mixed", against="separate", split="clusters", seed="all")
    assert better["ci_high"] < 1 and better["p_holm"] < 0.05


def test_pairing_makes_changes_surer_than_perplexities(simulated):
    _, table = simulated
    rows = table[table["seed"] == "all"].assign(
        width=lambda t: np.log(t["ci_high"]) - np.log(t["ci_low"])
    )
    widths = rows.groupby("metric")["width"].mean()
    assert widths["perplexity_ratio"] < 0.5 * widths["perplexity"]


def test_languages_are_pooled_by_summed_losses_and_documents(simulated):
    document_losses, table = simulated
    last = document_losses[
        (document_losses["step"] == 63)
        & (document_losses["variant"] == "mixed")
        & document_losses["split"].isin(["shop_en", "shop_zh"])
    ]
    row = pick(table, variant="mixed", metric="perplexity", split="shop", seed="all")
    assert row["value"] == pytest.approx(np.exp(last["loss"].sum() / last["n_targets"].sum()))
    assert row["n"] == 160
    alone = compare_models(document_losses[document_losses["split"] == "shop_en"], QUICK)
    assert set(alone["split"]) == {"shop_en"}


def test_content_depends_on_no_row_order(simulated):
    document_losses, table = simulated
    shuffled = compare_models(document_losses.sample(frac=1, random_state=0), QUICK, PAIRS, 8_000)
    keys = ["variant", "against", "metric", "split", "seed"]
    ours, theirs = (t.sort_values(keys).reset_index(drop=True) for t in (table, shuffled))
    pd.testing.assert_frame_equal(ours, theirs, rtol=1e-9)


def test_p_values_are_corrected_over_all_splits_of_a_family(simulated):
    _, table = simulated
    tested = table[table["p_value"].notna()]
    assert (tested["seed"] == "all").all() and tested["against"].notna().all()
    for family in (tested[tested["against"] == "base"], tested[tested["against"] != "base"]):
        least = family["p_value"].min()
        expected = min(1, least * len(family))
        assert family["p_holm"].min() == pytest.approx(expected)
    assert len(tested) == (len(EFFECTS) + len(PAIRS)) * 9


def test_documents_of_a_group_are_resampled_as_one():
    rng = np.random.default_rng(0)
    products = np.repeat(np.arange(20), 5)  # five records of each product, equally hard
    sizes = rng.integers(10, 60, 100)
    start = losses(loss=5.0 * sizes, n_targets=sizes)
    gains = rng.normal(-0.3, 0.2, 20)[products]
    end = losses(step=9, loss=(5.0 + gains) * sizes, n_targets=sizes)
    rows = pd.concat([start, end])

    def measure(table):
        row = pick(compare_models(table, QUICK), against="base", seed="all")
        return row["value"], row["ci_high"] - row["ci_low"], row["n"]

    value, width, n = measure(rows)
    grouped_value, grouped_width, groups = measure(rows.assign(group=np.tile(products, 2)))
    assert grouped_value == pytest.approx(value) and (n, groups) == (100, 20)
    assert grouped_width > 1.5 * width
    some = rows.assign(group=np.tile(np.where(products, products, np.nan), 2))
    with pytest.raises(ValueError, match="document 0 of split 'shop_en' has no group"):
        measure(some)


def test_equal_models_differ_by_nothing():
    table = compare_models(pd.concat([losses(), losses(step=9)]), QUICK)
    row = pick(table, against="base", seed="all")
    assert (row["value"], row["ci_low"], row["ci_high"], row["p_value"]) == (1, 1, 1, 1)


def test_one_document_has_a_value_without_interval_and_no_target_no_value():
    one = {"loss": (4.0, 0.0), "n_targets": (2, 0)}
    none = {"split": "shop_zh", "loss": (0.0,), "n_targets": (0,)}
    table = compare_models(
        pd.concat([losses(**one), losses(step=9, **one), losses(**none), losses(step=9, **none)]),
        QUICK,
    )
    row = pick(table, variant="v", metric="perplexity", split="shop_en", seed="all")
    assert row["value"] == pytest.approx(np.exp(2)) and row["n"] == 1
    assert np.isnan(row["ci_low"]) and np.isnan(row["ci_high"])
    empty = table[table["split"] == "shop_zh"]
    assert (empty["n"] == 0).all() and empty["value"].isna().all()


def test_each_base_model_stands_by_itself():
    other = {"loss": (3.0, 12.0)}
    table = compare_models(
        pd.concat(
            [
                losses("small"), losses("small", step=9), losses("again"), losses("again", step=9),
                losses("large", **other), losses("large", step=9, loss=(1.0, 2.0)),
            ]
        ),
        QUICK,
    )  # fmt: skip
    changes = table[(table["metric"] == "perplexity_ratio") & (table["seed"] == "all")]
    assert dict(zip(changes["variant"], changes["against"], strict=True)) == {
        "small": "base of small", "again": "base of small", "large": "base of large",
    }  # fmt: skip
    large = pick(table, variant="base of large", metric="perplexity")
    assert large["value"] == pytest.approx(np.exp(15 / 4))
    assert changes["p_holm"].notna().all()


def test_no_losses_give_no_rows():
    assert list(compare_models(pd.DataFrame(), QUICK).columns) == COLUMNS


BOTH = [losses(), losses(step=9)]


@pytest.mark.parametrize(
    ("rows", "pairs", "message"),
    [
        ([losses().drop(columns="n_targets")], [], "no column 'n_targets'"),
        ([losses(), losses(step=9, loss=(1.0, np.nan))], [], "document 1: the loss is nan"),
        ([losses()], [], "step 0 alone"),
        ([losses(step=9)], [], "variant 'v', seed 0 has no losses at step 0"),
        ([losses(), losses(step=9, loss=(1.0,), n_targets=(1,))], [], "document 1 of split"),
        ([losses(), losses(step=9, n_targets=(1, 4))], [], "not the same targets"),
        (BOTH, [("v", "mixd")], "no variant 'mixd'"),
        ([*BOTH, losses("w", 1), losses("w", 1, 9)], [("v", "w")], "no seed in common"),
        ([losses("base"), losses("base", step=9)], [], "no variant may be named 'base'"),
    ],
)
def test_what_cannot_be_compared_is_refused_in_one_sentence(rows, pairs, message):
    with pytest.raises(ValueError, match=message) as error:
        compare_models(pd.concat(rows), QUICK, pairs)
    assert "\n" not in str(error.value)
