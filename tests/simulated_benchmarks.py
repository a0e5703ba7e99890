"""Made-up benchmark tables: scores that rise with training, with intervals and examples."""

from __future__ import annotations

import hashlib

import pandas as pd

from shoplm.reporting.paper_table_settings import PaperTables
from shoplm.reporting.paper_tables import fill_tables
from shoplm.reporting.report_data import ReportData

BENCHMARKS = {
    "ecom_icl": ["attribute_value_extraction", "entity_typing", "title_generation"],
    "general_icl": ["natural_language_inference", "reading_comprehension_zh"],
    "ecom_sft": ["product_classification", "address_matching"],
    "shopbench": ["category_of_attribute", "query_relation", "numeric_product_question",
                  "title_translation"],
}  # fmt: skip
GROUPS = {
    "ecom_sft": {"held_in": ["product_classification"], "held_out": ["address_matching"]},
    "shopbench": {
        "concepts": ["category_of_attribute"], "behaviour": ["query_relation"],
        "reasoning": ["numeric_product_question"], "multilingual": ["title_translation"],
    },
}  # fmt: skip
WRITTEN = {"attribute_value_extraction", "title_generation", "reading_comprehension_zh",
           "title_translation"}  # fmt: skip
PRETRAINED = {"base": 0.0, "general_only": 0.01, "ecom_only": 0.06, "separate": 0.07, "mixed": 0.1}
TUNED = {f"ladder_{n}": 0.05 * n for n in range(1, 7)}
MODELS = {
    "ecom_icl": PRETRAINED, "general_icl": PRETRAINED,
    "ecom_sft": {f"from_{name}": 0.2 + gain for name, gain in PRETRAINED.items()},
    "shopbench": {"mixed": 0.1, **TUNED},
}  # fmt: skip
BASELINES = {"random": -0.08, "majority": -0.03}


def noise(*parts: object) -> float:
    """Between -0.5 and 0.5."""
    return int(hashlib.md5(repr(parts).encode()).hexdigest()[:8], 16) / 0xFFFFFFFF - 0.5


def row(variant, seed, benchmark, task, level, decoding, value, n, **more):
    width = 0.5 / max(n, 1) ** 0.5
    return {
        "variant": variant, "seed": str(seed), "benchmark": benchmark, "task": task,
        "level": level, "decoding": decoding,
        "metric": "rouge_l" if task in WRITTEN else "accuracy", "value": value,
        "ci_low": max(value - width, 0), "ci_high": min(value + width, 1), "n": n,
        "n_unparsed": round(0.2 * n) if decoding == "free" else 0, "status": "complete",
        "detail": "", "n_seeds": 1, "seed_sd": float("nan"),
    } | more  # fmt: skip


def simulate_results(
    n: int = 16, seeds: tuple[int, ...] = (0,), absent: bool = False
) -> pd.DataFrame:
    """`benchmark_results`."""
    rows = []
    for benchmark, tasks in BENCHMARKS.items():
        for variant, gain in {**BASELINES, **MODELS[benchmark]}.items():
            of = (0,) if variant in BASELINES else seeds
            for seed in ("all", *of):
                scores = {
                    task: 0.3 + gain + 0.05 * noise(variant, task)
                    + (0 if seed == "all" else 0.04 * noise(seed, variant, task))
                    for task in tasks
                }  # fmt: skip
                for task, value in scores.items():
                    ways = ["free"] if task in WRITTEN else ["constrained", "free"]
                    for way in ways:
                        lower = 0.1 if way == "free" and len(ways) > 1 else 0
                        rows.append(row(variant, seed, benchmark, task, "task", way,
                                        max(value - lower, 0.0), n))  # fmt: skip
                means = []
                for group, members in GROUPS.get(benchmark, {}).items():
                    means.append(sum(scores[task] for task in members) / len(members))
                    rows.append(row(variant, seed, benchmark, group, "group", "constrained",
                                    means[-1], n * len(members), metric="mean"))  # fmt: skip
                mean = sum(means or scores.values()) / len(means or scores)
                rows.append(row(variant, seed, benchmark, "all", "benchmark", "constrained", mean,
                                n * len(tasks), metric="mean"))  # fmt: skip
                if benchmark == "general_icl" and absent:
                    lost = (variant, seed, benchmark, "news_classification", "task", None)
                    rows.append(row(*lost, float("nan"), 0, status="absent", detail="no file"))
    return pd.DataFrame(rows)


def simulate_predictions(n: int = 6) -> pd.DataFrame:
    """`benchmark_predictions`."""
    rows = []
    for benchmark, tasks in BENCHMARKS.items():
        for variant in ("random", *MODELS[benchmark]):
            for task in tasks:
                for k in range(n):
                    right = noise(variant, task, k) > 0
                    rows.append({
                        "variant": variant, "seed": 0, "benchmark": benchmark, "task": task,
                        "example_id": f"{task}-{k}",
                        "prompt": f"What is in <b>this</b> title?\n红色 棉质 衬衫 {task} {k}\n",
                        "prediction": "shirt" if right else "", "gold": "shirt", "language": "en",
                        "score": float(right), "decoding": "free", "parsed": True,
                        "n_shots": 2, "n_shots_left": 2, "problem": None,
                    })  # fmt: skip
    return pd.DataFrame(rows)


def simulate_comparison() -> pd.DataFrame:
    """`benchmark_comparison`: mixed picks better than base on ecom_icl, and writes no better."""

    def pair(variant, against, benchmark, value, p, **more):
        return {
            "variant": variant, "against": against, "seed": "all", "benchmark": benchmark,
            "task": "all", "level": "benchmark", "metric": "mean", "decoding": "constrained",
            "value": value, "ci_low": value - 0.04, "ci_high": value + 0.04, "p_value": p / 3,
            "p_holm": p, "n": 48, "status": "complete", "detail": "",
        } | more  # fmt: skip

    return pd.DataFrame([
        pair("mixed", "base", "ecom_icl", 0.1, 0.003),
        pair("mixed", "separate", "ecom_icl", 0.03, 0.4),
        pair("ladder_6", "ladder_1", "shopbench", 0.25, 0.001),
        pair("from_mixed", "from_base", "ecom_sft", -0.02, 0.9),
        pair("mixed", "base", "ecom_icl", 0.01, 0.7, decoding="free"),
        pair("mixed", "base", "general_icl", float("nan"), float("nan"), status="absent",
             detail="no predictions", n=0),
    ])  # fmt: skip


def simulate_curve() -> pd.DataFrame:
    """`checkpoint_curve`: four points a variant and two benchmarks, half of whose tasks are in."""
    rows = []
    for benchmark in ("ecom_icl", "general_icl"):
        for variant, gain in {**BASELINES, **PRETRAINED}.items():
            if variant == "base":
                continue
            for tokens in (0,) if variant in BASELINES else (0, 32_000, 64_000, 128_000):
                value = 0.3 + gain * max(tokens / 128_000, variant in BASELINES)
                value += 0.01 * noise(variant, tokens) * (tokens > 0)
                at = {"tokens": tokens, "status": "partial"}
                for seed in ("all", 0):
                    rows += [
                        row(variant, seed, benchmark, "all", "benchmark", "constrained", value, 16)
                        | at,
                        row(variant, seed, benchmark, "there", "task", "constrained", value, 16)
                        | at,
                        row(variant, seed, benchmark, "lost", "task", None, float("nan"), 0) | at,
                    ]
    return pd.DataFrame(rows)


def simulate_metrics(variants: list[str], tokens: int) -> pd.DataFrame:
    """`pretrain_metrics` or `sft_metrics`."""
    return pd.DataFrame([
        {"variant": variant, "seed": 0, "step": step, "tokens": tokens * step // 20,
         "split": "train", "metric": metric, "value": value}
        for variant in variants
        for step in (1, 10, 20)
        for metric, value in {"loss": 5 - step / 10, "tokens_per_second": 4000.0,
                              "memory_gb": 1.2}.items()
    ])  # fmt: skip


def simulate_report(tables: PaperTables, full: bool = True, **more) -> ReportData:
    """All that a report shows, or the results alone."""
    results = simulate_results(absent=full, **more)
    filled = fill_tables(results, tables.kept())
    if not full:
        return ReportData(results, filled)
    sides = [{"kind": "general", "language": "zh", "achieved_share": 0.33},
             {"kind": "shop", "language": "all", "achieved_share": 0.67}]  # fmt: skip
    return ReportData(
        results, filled, simulate_comparison(), simulate_curve(), simulate_predictions(),
        sources=pd.DataFrame(
            [(b, t, "present", "shop", n, 8, "") for b, ts in BENCHMARKS.items()
             for t, n in zip(ts, (16, 16, 12, 7), strict=False)]
            + [("general_icl", "news_classification", "absent", "nlp/ag_news/test.csv", 0, 0, "")],
            columns=["benchmark", "task", "status", "source", "n_measured", "n_shots", "detail"],
        ),
        rejected=pd.DataFrame({"benchmark": ["general_icl"] * 2, "task": ["snli"] * 2,
                               "reason": ["no_gold"] * 2}),
        problems=pd.DataFrame(
            [("trained_on_held_out", "ecom_sft", "address_matching", "ladder_6", "told"),
             ("not_compared", "ecom_icl", "", "mixed", "not against large: not trained")],
            columns=["kind", "benchmark", "task", "variant", "detail"],
        ),
        unparsed=pd.DataFrame({"variant": ["base"] * 3, "task": ["entity_typing"] * 3,
                               "reason": ["empty", "empty", "unreadable"]}),
        costs=pd.DataFrame({
            "model": ["base", "mixed/seed-0"], "prompt_tokens": [90_000, 90_000],
            "new_tokens": [0, 100], "seconds": [20.0, 31.0], "peak_memory": [1.1, 1.2],
        }),
        corpus_statistics=pd.DataFrame({
            "kind": ["general", "general", "shop"], "source": ["general_text"] * 2 + ["products"],
            "language": ["en", "zh", "en"], "records": [66, 85, 300], "rejected": [1, 2, 9],
            "duplicates": [4, 3, 20], "contaminated": [3, 1, 0], "kept": [58, 79, 271],
            "tokens": [22_390, 25_008, 68_706],
        }),
        mixing_report={"mixtures": {name: {"sides": sides, "tokens": 130_000}
                                    for name in PRETRAINED if name != "base"}},
        pretrain_metrics=simulate_metrics([v for v in PRETRAINED if v != "base"], 130_000),
        instruction_statistics=pd.DataFrame(
            [("concepts", "entity_typing", "open_data", "all", 120, 90),
             ("reasoning", "event_obstruction", "language_model", "all", 40, 30),
             ("concepts", "entity_typing", "open_data", "format", 120, 110)],
            columns=["capability", "task", "source", "gate", "n_in", "n_out"],
        ),
        sft_variants=pd.DataFrame({
            "variant": [*TUNED, *MODELS["ecom_sft"]], "model": ["mixed"] * 6 + [*PRETRAINED],
            "rank": [16.0] * 5 + [32.0] + [None] * 5, "selection": ["all"] * 11,
            "capabilities": [1, 2, 4, 4, 4, 4] + [1] * 5, "tasks": [2, 4, 8, 38, 38, 38] + [4] * 5,
            "examples": [60, 120, 240, 76, 228, 228] + [240] * 5, "most_of_a_task": [30] * 11,
        }),
        sft_metrics=simulate_metrics([*TUNED, *MODELS["ecom_sft"]], 60_000),
        versions={"python": "3.11.2", "torch": "2.13.0"},
    )  # fmt: skip
