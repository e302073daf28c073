"""The design system's page: every component as the pages use it. Only for who works on it."""
