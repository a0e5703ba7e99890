"""Measuring models on benchmarks: examples, requests, predictions."""
