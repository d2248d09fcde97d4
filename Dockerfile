# One image for web, worker, beat, reconciler and migrate; docker-compose.yml says which command each one runs.

FROM python:3.12-slim@sha256:78387bc3881b8273120a12ebe6c1ab22b018ccc2c9adf565ae1ac9b536e184ea AS build
WORKDIR /app
ENV PIP_DISABLE_PIP_VERSION_CHECK=1 PIP_NO_CACHE_DIR=1
COPY requirements.txt requirements-demo.txt ./
RUN python -m venv /venv && /venv/bin/pip install --require-hashes -r requirements.txt
# Babel, which compiles the catalogues, stays in this stage.
RUN python -m venv /tools && awk '/^[^ ]/ {keep = /^babel==/} keep && !/#/' requirements-demo.txt >/tmp/babel.txt \
    && /tools/bin/pip install --require-hashes -r /tmp/babel.txt
COPY . .
RUN for po in aect/locale/*/LC_MESSAGES/django.po; do \
        [ ! -e "$po" ] || /tools/bin/pybabel compile --input-file "$po" --output-file "${po%.po}.mo"; \
    done
RUN SECRET_KEY=unused DATABASE_URL=postgres://unused REDIS_URL=redis://unused \
    /venv/bin/python manage.py collectstatic --noinput --verbosity 0 && mkdir -p var/media

FROM python:3.12-slim@sha256:78387bc3881b8273120a12ebe6c1ab22b018ccc2c9adf565ae1ac9b536e184ea
# pg_dump and pg_restore, for backups; of the server's version or later.
RUN apt-get update && apt-get install --yes --no-install-recommends postgresql-client && rm -rf /var/lib/apt/lists/*
RUN useradd --system --uid 10001 --no-create-home aect
WORKDIR /app
ENV PATH=/venv/bin:$PATH PYTHONUNBUFFERED=1 PYTHONDONTWRITEBYTECODE=1
COPY --from=build /venv /venv
COPY --from=build /app /app
RUN chown -R aect var/media
USER aect
EXPOSE 8000
CMD ["gunicorn", "--config", "aect/gunicorn.py", "--bind", "0.0.0.0:8000"]
