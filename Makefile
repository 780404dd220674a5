# Everything that can be done here. Needs only python3 (3.11 or newer), make and git; `make` alone lists the targets.

PYTHON ?= python3
BIN := .venv/bin
# A pinned file is installed only when every file of it has a known hash.
PIP_INSTALL = -m pip install --quiet --disable-pip-version-check --require-hashes

.DEFAULT_GOAL := help
.DELETE_ON_ERROR:

.PHONY: help
help: ## List the targets
	@grep -hE '^[a-z-]+:.*## ' $(MAKEFILE_LIST) | sed -E 's/^([a-z-]+):.*## (.*)/  make \1	\2/' | expand -t 22

.PHONY: setup
setup: .venv/.ready ## Make .venv with everything pinned

.PHONY: run
run: .venv/.ready ## Serve on 127.0.0.1:4577, kept in groupwall-data/
	$(BIN)/groupwall serve --data groupwall-data

.PHONY: demo
demo: .venv/.ready ## The whole story in a terminal
	$(BIN)/groupwall demo

.PHONY: test
test: .venv/.ready .venv-clients/.ready ## Every test, on all cores
	@tools/programs.sh strace nft:nftables
	$(BIN)/python -m pytest -q -n auto --dist worksteal --junit-xml build/tests.xml $(ARGS)

# Apart from `make test`, because installing these takes 1.3 GB and minutes, and needs npm and go as well.
CLIENTS = clients ansible custodian javascript go
.PHONY: test-clients
test-clients: .venv/.ready $(CLIENTS:%=.venv-%/.ready) ## Real clients against a server; installs them, 1.3 GB; needs npm and go
	$(BIN)/python -m pytest -q tests_clients --ignore tests_clients/test_terraform.py $(ARGS)

# PLUGINS: a folder with hashicorp/aws, as Terraform lays out a mirror; neither it nor terraform can be pinned here.
.PHONY: test-terraform
test-terraform: .venv/.ready ## Real Terraform against a server; needs terraform and PLUGINS=FOLDER
	@test -d "$(PLUGINS)" || { echo "make test-terraform PLUGINS=FOLDER, a mirror with Terraform's provider hashicorp/aws" >&2; exit 2; }
	GROUPWALL_TERRAFORM_PLUGINS="$(PLUGINS)" $(BIN)/python -m pytest -q tests_clients/test_terraform.py $(ARGS)

.PHONY: check
check: .venv/.ready ## Linter, formatter, types, the wire model, the documents
	$(BIN)/ruff check
	$(BIN)/ruff format --check
	$(BIN)/mypy
	$(BIN)/python tools/make_model.py --check
	$(BIN)/python -m pytest -q tests/test_docs.py

.PHONY: format
format: .venv/.ready ## Let the formatter and the linter mend what they can
	$(BIN)/ruff check --fix
	$(BIN)/ruff format

.PHONY: bench
bench: .venv/.ready .venv-bench/.ready ## Measure, side by side with moto; packets too, as root on Linux
	$(BIN)/python -m bench $(ARGS)

.PHONY: soak
soak: .venv/.ready .venv-clients/.ready ## Every test, the properties with a hundred times the examples; up to an hour
	GROUPWALL_SOAK=1 $(BIN)/python -m pytest -q -n auto --dist worksteal $(ARGS)

.PHONY: model
model: .venv/.ready ## Cut groupwall/wire/*.json out of botocore's models again, and write docs/operations.md
	$(BIN)/python tools/make_model.py
	$(BIN)/python tools/make_operations.py

.PHONY: pins
pins: .venv-pin/.ready ## Renew requirements/*.txt
	PATH="$(CURDIR)/.venv-pin/bin:$$PATH" $(PYTHON) tools/pin.py $(ARGS)

.PHONY: clean
clean: ## Remove what the targets above made; groupwall-data/ stays
	rm -rf .venv $(CLIENTS:%=.venv-%) .venv-bench .venv-pin build dist .pytest_cache .mypy_cache .ruff_cache .hypothesis groupwall.egg-info
	find groupwall tests tools bench -name __pycache__ -type d -prune -exec rm -rf {} + 2>/dev/null || true

.venv/.ready: requirements/dev.txt pyproject.toml tools/venv.sh
	@tools/venv.sh .venv "$(PYTHON)"
	$(BIN)/python $(PIP_INSTALL) -r requirements/dev.txt
	$(BIN)/python -m pip install --quiet --disable-pip-version-check --no-deps --no-build-isolation --editable .
	@touch $@

# The programs that groupwall is tried or measured with live apart, so that their pins never bend ours.
.venv-%/.ready: requirements/%.txt tools/venv.sh
	@tools/venv.sh .venv-$* "$(PYTHON)"
	.venv-$*/bin/python $(PIP_INSTALL) -r $<
	@touch $@

.venv-javascript/.ready: requirements/javascript/package-lock.json
	rm -rf .venv-javascript
	cp -r requirements/javascript .venv-javascript
	cd .venv-javascript && npm ci --silent --no-audit --no-fund
	@touch $@

# Built once: the SDK's EC2 package takes a minute and a half, which no test should wait for.
.venv-go/.ready: export GOCACHE = $(CURDIR)/.venv-go/cache
.venv-go/.ready: export GOMODCACHE = $(CURDIR)/.venv-go/modules
.venv-go/.ready: export GOFLAGS = -modcacherw
.venv-go/.ready: requirements/go/go.sum
	rm -rf .venv-go
	cp -r requirements/go .venv-go
	cd .venv-go && go build github.com/aws/aws-sdk-go-v2/config github.com/aws/aws-sdk-go-v2/service/ec2
	@touch $@
