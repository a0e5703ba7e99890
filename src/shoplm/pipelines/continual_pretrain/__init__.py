"""Continual pre-training on every mixture, compared (EcomGPT-CT, sections 3.1, 3.4 and 4.4)."""

from shoplm.pipelines.continual_pretrain.pipeline import create_pipeline

__all__ = ["create_pipeline"]
