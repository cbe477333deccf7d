# What can be made here: `make help`. Works from any folder, also one whose path has a space in it.

PYTHON ?= python3
VENV := .venv
RUN := $(VENV)/bin/python
.DEFAULT_GOAL := help
unexport PYTHONDONTWRITEBYTECODE  # the checks start many processes, and each would compile all modules again

.PHONY: help app test lint fast unit cuda browser checkpoints docs benchmarks clean

help:  ## this list
	@sed -n 's/^\([a-z]*\):.*## /\1\t/p' Makefile | expand -t 14

app: $(VENV)/app.stamp  ## start the app; the address is printed
	$(RUN) -m latentlab app

test: lint unit browser  ## every check: lint, types, unit tests, browser tests

lint: $(VENV)/test.stamp  ## ruff and mypy
	$(RUN) -m ruff check .
	$(RUN) -m ruff format --check .
	$(RUN) -m mypy

unit: $(VENV)/test.stamp  ## the tests that need no browser
	$(RUN) -m pytest -m "not browser" -n auto --maxprocesses 4 --dist worksteal

fast: $(VENV)/test.stamp  ## the tests that take no training, no page, no browser and no seconds
	$(RUN) -m pytest -m fast -n auto --maxprocesses 4 --dist worksteal

cuda: $(VENV)/test.stamp  ## the tests that need a GPU (skipped, with the reason, where there is none)
	$(RUN) -m pytest -m cuda -rs

browser: $(VENV)/test.stamp  ## the tests that drive Chromium (skipped, with the reason, where it is missing)
	$(RUN) -m pytest tests/browser -rs -n 2 --dist worksteal

checkpoints: $(VENV)/app.stamp  ## train again what ships (about three hours on one core)
	$(RUN) -m latentlab reproduce

docs: $(VENV)/app.stamp  ## write the tables of models and knobs in docs/
	$(RUN) -m latentlab docs

benchmarks: $(VENV)/benchmarks.stamp  ## our speed against that of peers, in one table each
	$(RUN) -m benchmarks.training
	$(RUN) -m benchmarks.traversal
	$(RUN) -m benchmarks.map
	$(RUN) -m benchmarks.probes
	$(RUN) -m benchmarks.sampling
	$(RUN) -m benchmarks.pixels
	$(RUN) -m benchmarks.curve
	$(RUN) -m benchmarks.walks
	$(RUN) -m benchmarks.score_field
	$(RUN) -m benchmarks.analogies
	$(RUN) -m benchmarks.defaults
	$(RUN) -m benchmarks.visitors
	$(RUN) -m benchmarks.app
	$(RUN) -m benchmarks.own_vectors
	$(RUN) -m benchmarks.gradients

clean:  ## remove the environment and what tools left behind
	rm -rf $(VENV) .mypy_cache .ruff_cache .pytest_cache

$(VENV)/bin/python:
	$(PYTHON) -c 'import sys; sys.exit("LatentLab needs Python 3.11 or newer: make app PYTHON=python3.12" if sys.version_info < (3, 11) else 0)'
	$(PYTHON) -m venv $(VENV)

$(VENV)/app.stamp: requirements.txt | $(VENV)/bin/python
	$(RUN) -m pip install --quiet --disable-pip-version-check -r requirements.txt
	touch $@

$(VENV)/test.stamp: requirements.txt tests/requirements.txt | $(VENV)/bin/python
	$(RUN) -m pip install --quiet --disable-pip-version-check -r tests/requirements.txt
	touch $(VENV)/app.stamp $@

$(VENV)/benchmarks.stamp: benchmarks/requirements.txt $(VENV)/test.stamp
	$(RUN) -m pip install --quiet --disable-pip-version-check -r benchmarks/requirements.txt
	touch $@
