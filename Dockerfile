# Afterclose as an image: one for the desk, the scheduler and luigid (compose.yaml has all of them).
#   docker build -t afterclose .
FROM python:3.13-slim AS build
WORKDIR /src
COPY requirements.txt requirements-dev.txt pyproject.toml README.md LICENSE ./
COPY tools/image tools/image
COPY tools/slim tools/slim
COPY core core
COPY luigi_tasks luigi_tasks
COPY dashboard dashboard
COPY afterclose afterclose
ARG EXTRAS=team,notices,observe
RUN bash tools/image /usr/local/afterclose

FROM python:3.13-slim
RUN useradd --uid 10001 --no-create-home --home-dir /tmp --shell /usr/sbin/nologin afterclose \
    && mkdir /desk /data && chown afterclose /desk /data
COPY --from=build /usr/local/afterclose /usr/local/afterclose
ENV PATH=/usr/local/afterclose/bin:/usr/local/bin:/usr/bin:/bin \
    HOME=/tmp \
    LANG=C.UTF-8 \
    PYTHONDONTWRITEBYTECODE=1 \
    AFTERCLOSE_DATA=/data
USER 10001
# luigi.cfg and price files are mounted here, the data root at /data; nothing else is written but /tmp
WORKDIR /desk
VOLUME ["/data"]
EXPOSE 8501
HEALTHCHECK --interval=30s --timeout=5s --start-period=20s \
    CMD ["python", "-c", "import urllib.request as r; r.urlopen('http://127.0.0.1:8501/_stcore/health', timeout=4)"]
ENTRYPOINT ["afterclose"]
CMD ["dashboard", "--no-scheduler"]
