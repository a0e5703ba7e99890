"""The few Kedro datasets that kedro-datasets lacks."""
