# A server for voices, on a CPU:
#   docker build -t vits .
#   docker run -p 127.0.0.1:8000:8000 -e VITS_API_KEY=something-long vits
# For CUDA add --build-arg TORCH=cu128 (or another of PyTorch's builds) and run with --gpus all.
# The image contains espeak-ng and phonemizer, which are under the GPL, version 3: who passes the
# image on must comply with it.
FROM python:3.12-slim AS build
ARG TORCH=cpu
WORKDIR /build
COPY pyproject.toml constraints.txt README.md LICENSE ./
COPY vits vits
RUN python -m venv /opt/vits \
    && /opt/vits/bin/pip install --no-cache-dir -c constraints.txt \
       --extra-index-url "https://download.pytorch.org/whl/${TORCH}" ".[serve,onnx]"

FROM python:3.12-slim
COPY --from=build /opt/vits /opt/vits
RUN useradd --create-home --uid 10001 vits
ENV PATH=/opt/vits/bin:$PATH NUMBA_CACHE_DIR=/tmp/numba PYTHONUNBUFFERED=1
USER 10001
WORKDIR /home/vits
EXPOSE 8000
HEALTHCHECK --start-period=30s CMD ["python", "-c", \
    "from urllib.request import urlopen; urlopen('http://127.0.0.1:8000/healthz', timeout=3)"]
ENTRYPOINT ["vits"]
CMD ["serve", "--host", "0.0.0.0", "--port", "8000"]
