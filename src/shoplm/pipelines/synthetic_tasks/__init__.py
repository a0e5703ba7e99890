"""Instruction data by two roads: from open data, and from a language model."""

from shoplm.pipelines.synthetic_tasks.pipeline import create_pipeline

__all__ = ["create_pipeline"]
