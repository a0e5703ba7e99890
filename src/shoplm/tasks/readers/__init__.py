"""Readers: examples of tasks out of published files, configured by a task's YAML."""

from shoplm.tasks.readers.reading import READERS, REJECTED, read_examples

__all__ = ["READERS", "REJECTED", "read_examples"]
