"""From raw records to packed training blocks (EcomGPT-CT, sections 3.2 and 3.3)."""
