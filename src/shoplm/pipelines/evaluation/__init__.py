"""Benchmarks of all models, the papers' tables filled with them, and the report (EcomGPT-CT,
sections 4.1 to 4.4; ShopBench)."""

from shoplm.pipelines.evaluation.pipeline import create_pipeline

__all__ = ["create_pipeline"]
