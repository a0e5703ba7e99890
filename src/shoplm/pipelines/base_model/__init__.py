"""A stand-in for a hub checkpoint, built from general text."""

from shoplm.pipelines.base_model.pipeline import create_pipeline

__all__ = ["create_pipeline"]
