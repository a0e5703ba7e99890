"""Causal language models: built, trained and run."""
