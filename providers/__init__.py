"""The two wires, in pure Python: typed calls, typed values, typed errors. Knows no Django."""
