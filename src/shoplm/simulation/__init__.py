"""The simulated shop and the truth planted in it."""
