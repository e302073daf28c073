"""The parts of the supervisor: its children, what they are, and where their lines go."""
