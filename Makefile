# Tongban: `make demo` shows the main job, `make test` passes the tests. Both set up all they need in .venv.
.DEFAULT_GOAL := help
PYTHON ?= python3
VENV := .venv
BIN := $(VENV)/bin

.PHONY: help demo sandbox test bench verifier lint protos lock clean

help: ## What can be made here
	@awk -F ':.*## ' '/^[a-z]+:.*## /{printf "make %-9s %s\n", $$1, $$2}' $(MAKEFILE_LIST)

# Each set-up is done once and again only when its lock changes.
$(VENV)/run.ready: requirements/run.lock pyproject.toml
	@$(PYTHON) -c 'import sys; sys.exit(sys.version_info < (3, 11))' || { \
		echo "$(PYTHON) is missing or older than 3.11: name a newer one, as in make PYTHON=python3.11 …" >&2; exit 1; }
	@test -x $(BIN)/python || $(PYTHON) -m venv $(VENV) || { rm -rf $(VENV); exit 1; }
	@echo "Installing locked dependencies into $(VENV) (first time only)…"
	@$(BIN)/python -m pip install --quiet --disable-pip-version-check --require-hashes -r requirements/run.lock
	@$(BIN)/python -m pip install --quiet --disable-pip-version-check --no-build-isolation --no-deps -e .
	@touch $@

$(VENV)/dev.ready: requirements/dev.lock $(VENV)/run.ready
	@echo "Installing locked development tools into $(VENV) (first time only)…"
	@$(BIN)/python -m pip install --quiet --disable-pip-version-check --require-hashes -r requirements/dev.lock
	@touch $@

demo: $(VENV)/run.ready ## One case from 岳阳 to 荆州 and back, told as a story (ARGS="--lang en" for English)
	@$(BIN)/tongban sandbox demo $(ARGS)

sandbox: $(VENV)/run.ready ## The same world, staying up until Ctrl-C
	@$(BIN)/tongban sandbox up $(ARGS)

test: $(VENV)/dev.ready ## The whole test suite
	@$(BIN)/python -m pytest -n 2 --dist loadfile $(ARGS)

bench: $(VENV)/dev.ready ## Measure (ONLY=signed_call for one); writes build/bench.json
	@$(BIN)/python -m tests.bench $(if $(ONLY),--only $(ONLY))

verifier: $(VENV)/run.ready ## build/tongban-verify: one file that checks evidence bundles, needing Python and cryptography
	@$(BIN)/python -m verifier.build build/tongban-verify

lint: $(VENV)/dev.ready ## Style, types, import rule, protos
	@$(BIN)/ruff check . && $(BIN)/ruff format --check .
	@$(BIN)/mypy
	@$(BIN)/lint-imports
	@$(BIN)/python -m protos.generate --check

protos: $(VENV)/dev.ready ## Regenerate protos/_python from protos/tongban
	@$(BIN)/python -m protos.generate

lock: ## Re-resolve the locks (needs uv)
	uv pip compile --universal --python-version 3.11 --generate-hashes --no-emit-index-url --no-annotate --no-header --quiet --group build pyproject.toml --output-file requirements/run.lock
	uv pip compile --universal --python-version 3.11 --generate-hashes --no-emit-index-url --no-annotate --no-header --quiet --group dev --constraint requirements/run.lock pyproject.toml --output-file requirements/dev.lock

clean: ## Remove what was built and installed here
	rm -rf $(VENV) build dist .import_linter_cache .mypy_cache .pytest_cache .ruff_cache
