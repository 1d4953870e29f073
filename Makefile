# make reproduce   the main job: Figure 2 of the paper, into results/
# make test        the tests, eight to fifteen minutes on two cores (make test-long: those of ten seconds and more; make test-slow: all)
# make lint        what CI also checks
# make fuzz        random input to everything that takes input
# make docs        the site, into build/docs: pages, gallery, API; a few minutes, without network
# make package     the wheel and the source distribution, and the README's example in an environment with the wheel alone
# make lowest      the tests of the core with the oldest versions of the dependencies that pyproject.toml allows
# make evaluate    the advisor against the truth and against baselines, on real tables; resumes
PYTHON ?= python3
VENV := .venv
BIN := $(VENV)/bin
## one process per core with one thread each, as in the library's own workers
PYTEST := OMP_NUM_THREADS=1 OPENBLAS_NUM_THREADS=1 MKL_NUM_THREADS=1 NPROC=1 $(BIN)/python -m pytest -n auto --dist loadscope

.PHONY: install install-benchmarks reproduce test test-long test-slow test-float32 test-benchmarks fuzz evaluate lint install-docs docs package lowest clean
.DEFAULT_GOAL := help

help:
	@sed -n 's/^# //p' Makefile

# Idempotent: the stamp is newer than pyproject.toml once everything is installed.
install: $(VENV)/.installed

$(VENV)/.installed: pyproject.toml
	@$(PYTHON) -c 'import sys; sys.exit(sys.version_info < (3, 11))' || \
	  { echo "sharedtrunk needs Python 3.11 or newer; got $$($(PYTHON) --version 2>&1). Say: make PYTHON=python3.11 install"; exit 2; }
	$(PYTHON) -m venv $(VENV)
	$(BIN)/python -m pip install --quiet --upgrade 'pip>=25.1'
	$(BIN)/python -m pip install --quiet --editable . --group dev
	@touch $@

reproduce: install
	$(BIN)/sharedtrunk reproduce fig2-left fig2-right --out results

test: install
	$(PYTEST)

test-long: install
	$(PYTEST) -m "long and not slow"

test-slow: install
	$(PYTEST) -m "slow or not slow"

test-float32: install
	SHAREDTRUNK_TEST_PRECISION=float32 $(PYTEST)

# PyTorch, with which the advisor is compared, and packages with the tables that it is asked about.
install-benchmarks: $(VENV)/.installed-benchmarks

$(VENV)/.installed-benchmarks: $(VENV)/.installed
	$(BIN)/python -m pip install --quiet --group benchmarks
	@touch $@

test-benchmarks: install-benchmarks
	$(PYTEST) benchmarks/affinity/tests benchmarks/speed/tests

# Each fuzzer runs for FUZZ_SECONDS; a fault prints the seed and the case that repeat it.
FUZZ_SECONDS ?= 15
fuzz: install
	@for script in tests/fuzz/fuzz_*.py; do \
	  echo "$$script"; $(BIN)/python $$script --seconds $(FUZZ_SECONDS) || exit 1; done

evaluate: install-benchmarks
	$(BIN)/python -m benchmarks.affinity

# Sphinx with its extensions. The gallery has one script with PyTorch, which shows no picture where that is not installed.
install-docs: $(VENV)/.installed-docs

$(VENV)/.installed-docs: $(VENV)/.installed
	$(BIN)/python -m pip install --quiet --group docs
	@touch $@

docs: install-docs
	$(BIN)/python -m sphinx -W --keep-going --quiet -b html docs build/docs
	@echo "build/docs/index.html"

# The wheel goes into an environment without anything else, and the README's example runs there, in an empty folder.
package: install
	$(BIN)/python -m pip install --quiet --group package
	rm -rf build/package
	$(BIN)/python -m build --outdir build/package .
	$(PYTHON) -m venv build/package/venv
	build/package/venv/bin/python -m pip install --quiet build/package/*.whl
	build/package/venv/bin/python tests/docs/smoke.py build/package/venv/bin README.md

# uv resolves every direct dependency to its lower bound; what they depend on is as new as that allows.
lowest: install
	$(BIN)/python -m pip install --quiet --group package
	mkdir -p build
	$(BIN)/uv pip compile --quiet --resolution lowest-direct --python-version 3.11 pyproject.toml -o build/lowest.txt
	rm -rf build/lowest
	$(PYTHON) -m venv build/lowest
	build/lowest/bin/python -m pip install --quiet -r build/lowest.txt 'beartype>=0.20' 'pytest>=8.3'
	build/lowest/bin/python -m pip install --quiet --no-deps .
	cd tests && ../build/lowest/bin/python -m pytest -q -c ../pyproject.toml --rootdir .. -W default $(LOWEST)

# A test file or two of every room.
LOWEST ?= gaussian/test_free_energy.py spectra teachers students/test_train.py dynamics/test_aligned.py benefit \
  tables/test_read.py sweeps/test_grid.py sweeps/test_store.py affinity/test_classifier.py cli/test_cli.py

lint: install
	$(BIN)/ruff check .
	$(BIN)/ruff format --check .
	$(BIN)/lint-imports
	$(BIN)/pyright

clean:
	rm -rf $(VENV) results build
