# One image for every program: migrate, ingest, bot, web. PostgreSQL is a service of its own (docker-compose.yml).
FROM python:3.13-slim AS build

WORKDIR /app
ENV PIP_DISABLE_PIP_VERSION_CHECK=1 PIP_NO_CACHE_DIR=1
COPY requirements/build.txt requirements/runtime.txt requirements/
RUN python -m venv /venv \
    && /venv/bin/pip install --require-hashes -r requirements/build.txt \
    && /venv/bin/pip install --require-hashes --no-build-isolation -r requirements/runtime.txt
COPY . .
RUN /venv/bin/pip install --no-deps --no-build-isolation .

FROM python:3.13-slim

# Its own user: a private PostgreSQL, for whoever runs the image without a server, refuses root as well.
RUN useradd --create-home --uid 10001 channelwatch \
    && install -d -o channelwatch -g channelwatch -m 0700 /data
COPY --from=build /venv /venv
COPY LICENSE THIRD_PARTY_LICENSES.md /licenses/
ENV PATH=/venv/bin:$PATH \
    PYTHONUNBUFFERED=1 \
    CHANNELWATCH_HOME=/data \
    XDG_RUNTIME_DIR=/tmp
USER channelwatch
VOLUME /data
ENTRYPOINT ["channelwatch"]
CMD ["run"]
