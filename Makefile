# A fresh machine needs `make demo` and `make test`; both set themselves up.
PYTHON ?= python3
BIN := .venv/bin

.PHONY: help demo test lint format bench screenshots lock clean

help: ## list the targets
	@grep -E '^[a-z]+:.*##' $(MAKEFILE_LIST) | sed -E 's/:[^#]*## /\t/' | expand -t 13

demo: .venv/demo ## set up, send the demonstration issue, then serve the pages (Ctrl-C ends it)
	$(BIN)/newsletter demo

test: .venv/test browser ## set up and run every test
	$(BIN)/python -m pytest -n 2 --dist loadfile --no-loadscope-reorder

lint: .venv/test ## types, style, and who may import whom
	$(BIN)/ruff check .
	$(BIN)/ruff format --check .
	$(BIN)/mypy
	$(BIN)/lint-imports --no-cache

format: .venv/test ## put the code into its one style
	$(BIN)/ruff check --fix .
	$(BIN)/ruff format .

bench: .venv/test ## measure; the figures go to docs/performance.md
	$(BIN)/python -m benchmarks
	$(BIN)/python -m benchmarks.crash --kills 500
	$(BIN)/python -m benchmarks.crash --kills 200 --on postgres --workers 2

screenshots: .venv/test browser ## make the pictures of the README anew, from the demonstration
	$(BIN)/python docs/screenshots.py

lock: .venv/test ## pin every dependency again, with hashes
	$(BIN)/uv pip compile -q --universal --generate-hashes --no-emit-index-url --no-header --extra postgres --extra install pyproject.toml -o requirements.lock
	$(BIN)/uv pip compile -q --universal --generate-hashes --no-emit-index-url --no-header --extra dev pyproject.toml -c requirements.lock -o requirements-dev.lock

clean: ## remove what the other targets made
	rm -rf .venv build dist demo-home .mypy_cache .ruff_cache .pytest_cache .import_linter_cache .hypothesis

# uv is used where it is; plain pip does the same, slower.
INSTALL = if command -v uv >/dev/null; then uv pip install -q --python $(BIN)/python $(1); else $(BIN)/python -m pip install -q --disable-pip-version-check $(1); fi

.venv/bin/python:
	$(PYTHON) -m venv .venv

.venv/demo: requirements.lock pyproject.toml | .venv/bin/python
	$(call INSTALL,--require-hashes -r requirements.lock)
	$(call INSTALL,--no-deps --no-build-isolation -e .)
	@touch $@

.venv/test: requirements-dev.lock pyproject.toml | .venv/bin/python
	$(call INSTALL,--require-hashes -r requirements-dev.lock)
	$(call INSTALL,--no-deps --no-build-isolation -e .)
	@touch $@ .venv/demo

# The headless shell paints the same pages for a third of the work; any Chromium will do. Without one, the browser tests
# say aloud that they were skipped.
APT = test "$$(id -u)" = 0 && DEBIAN_FRONTEND=noninteractive apt-get
.PHONY: browser
browser:
	@command -v chromium-headless-shell >/dev/null \
	  || { $(APT) install -y -qq chromium-headless-shell fonts-noto-core; } >/dev/null 2>&1 \
	  || command -v chromium >/dev/null || command -v google-chrome >/dev/null \
	  || { $(APT) update -qq && $(APT) install -y -qq chromium-headless-shell fonts-noto-core; } >/dev/null 2>&1 \
	  || { $(APT) install -y -qq chromium fonts-noto-core; } >/dev/null 2>&1 \
	  || echo "No Chromium here and no right to install it: the browser tests will be skipped."
