"""Instruction data made by a language model (arXiv 2504.08002, data generation)."""
