"""What may be spent: periods, what was used of a budget, and how it is told.

Read by the operation that rents (rentals/operations/keeping_within.py) and by pages alike, so
that a page never says another figure than the one that stops.
"""
