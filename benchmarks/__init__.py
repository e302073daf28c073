"""Figures that matter, measured on the real thing: `make bench` prints a line for each."""
