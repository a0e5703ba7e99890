"""Measures and their uncertainty: pure functions of arrays and tables."""
