"""Asking causal language models: likelihoods of given answers, orders, and generated text."""
