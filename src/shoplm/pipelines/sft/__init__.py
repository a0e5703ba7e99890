"""Instruction tuning of every model on selections of the instructions (arXiv 2504.08002, Table 2;
EcomGPT-CT, section 4.1, EcomSFT)."""

from shoplm.pipelines.sft.pipeline import create_pipeline

__all__ = ["create_pipeline"]
