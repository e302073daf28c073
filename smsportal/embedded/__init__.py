"""PostgreSQL and Valkey out of wheels, run by us for `make run` and `make test`."""
