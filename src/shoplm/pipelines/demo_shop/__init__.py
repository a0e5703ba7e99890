"""The raw layer of a simulated shop, and the truth behind it."""

from shoplm.pipelines.demo_shop.pipeline import create_pipeline

__all__ = ["create_pipeline"]
