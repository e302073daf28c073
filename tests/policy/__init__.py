"""What a team lets its members rent, and how long it keeps what came."""
