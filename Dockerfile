# LatentLab on a CPU. What is trained and uploaded is kept in the volume /runs.
#
#   docker build -t latentlab .
#   docker run --rm --init -p 127.0.0.1:8501:8501 -v latentlab-runs:/runs latentlab
#   docker run --rm --init -p 8501:8501 -v latentlab-runs:/runs latentlab --read-only      # for a class
FROM python:3.11-slim

ENV PIP_NO_CACHE_DIR=1 \
    PIP_DISABLE_PIP_VERSION_CHECK=1 \
    PYTHONUNBUFFERED=1 \
    STREAMLIT_SERVER_ADDRESS=0.0.0.0 \
    LATENTLAB_RUNS=/runs

RUN useradd --create-home --uid 1000 latentlab && install --directory --owner latentlab /runs
WORKDIR /src

# First what changes seldom, torch from its index without CUDA: gigabytes less.
COPY requirements.txt ./
RUN pip install --index-url https://download.pytorch.org/whl/cpu "$(grep '^torch==' requirements.txt)" \
    && pip install -r requirements.txt

COPY pyproject.toml README.md app.py ./
COPY .streamlit .streamlit/
COPY latentlab latentlab/
COPY pages pages/
COPY checkpoints checkpoints/
RUN pip install --no-deps .

USER latentlab
WORKDIR /home/latentlab
VOLUME /runs
EXPOSE 8501
HEALTHCHECK --interval=30s --timeout=10s --start-period=60s \
    CMD ["python", "-c", "import urllib.request; urllib.request.urlopen('http://127.0.0.1:8501/_stcore/health', timeout=5)"]
ENTRYPOINT ["latentlab", "app", "--port", "8501"]
