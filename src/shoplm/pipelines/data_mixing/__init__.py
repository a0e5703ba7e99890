"""From raw sources to packed blocks (EcomGPT-CT, sections 3.2 and 3.3)."""

from shoplm.pipelines.data_mixing.pipeline import create_pipeline

__all__ = ["create_pipeline"]
