"""What rentals cost, for a whole team at once: read from totals that are always true.

`facts` says what a rental costs, `reading` adds it up for the pages, `spent` for budgets, `proof`
compares the totals with the rentals and the book. The totals are written by
`rentals.operations.folding_spend`.
"""
