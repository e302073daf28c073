"""How provider accounts are doing, now and over time."""
