"""gunicorn for the pages: a few processes with threads, since a page mostly waits for PostgreSQL.

Event streams and webhooks are uvicorn's. Slow clients are Caddy's: it reads a form whole before
it asks for a page.
"""

bind = "0.0.0.0:8000"
workers = 2
worker_class = "gthread"
threads = 8
timeout = 30  # seconds without a sign of life from a process
graceful_timeout = 8
keepalive = 20
worker_tmp_dir = "/dev/shm"  # noqa: S108 - the heartbeat file belongs in memory
forwarded_allow_ips = "*"
accesslog = None  # Caddy could write one; nobody needs addresses of phone rentals in a file
