"""Which statement row is which booking: decided here in sets, surest first, written elsewhere.

A pass reads temporary tables and adds pairs to another; nothing of the book is changed. What is
decided depends on the rows' times and ids alone, never on the order in which they came.
"""
