"""The funnel as a sequence, regions as distributions (SEQ+MD, arXiv 2408.13357)."""
