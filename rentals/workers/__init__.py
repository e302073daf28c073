"""What runs beside the workers' tasks: conversations with providers, polls, the standby."""
