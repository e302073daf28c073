"""Decides which rental to ask for, and when: pure functions, without a clock or a database.

The poll task and the simulation in `benchmarks/` call the same ones.
"""
