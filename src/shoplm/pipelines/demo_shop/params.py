"""Typed parameters of `demo_shop`."""

from shoplm.simulation.settings import ShopSettings


class DemoShopParams(ShopSettings):
    """Seed and sizes of the simulated shop."""
