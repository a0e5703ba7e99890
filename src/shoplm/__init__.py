"""Adapt open language models to a shop, and measure what that bought."""

__version__ = "0.1.0"
