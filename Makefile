# Needs python3 (≥ 3.11) with venv and pip, and make. Nothing is installed outside .venv, nothing written outside var.

PYTHON ?= python3
PORT ?= 8000
RESET ?=
ARGS ?=
BIN := .venv/bin
PIP := $(BIN)/python -m pip install --disable-pip-version-check --quiet --require-hashes -r
LOCAL := $(BIN)/python -m aect.local --end-with-caller
# What settings ask for before they do anything; these commands touch neither service.
OFFLINE := SECRET_KEY=unused DATABASE_URL=postgres://unused REDIS_URL=redis://unused

CATALOGUES := $(patsubst %.po,%.mo,$(wildcard aect/locale/*/LC_MESSAGES/django.po))
STATIC_SOURCES := $(shell find static -type f 2>/dev/null)

.PHONY: help demo test check check-style check-types check-templates check-locks check-security check-django bench faults
.DELETE_ON_ERROR:

help: ## cette aide
	@sed -n 's/^\([a-z]*\):.*## \(.*\)/  make \1\t\2/p' Makefile

demo: .venv/demo.stamp var/static.stamp $(CATALOGUES) ## installe, charge et sert tout sur http://127.0.0.1:8000/ (PORT=… ; RESET=1 repart de zéro)
	@exec $(LOCAL) demo --port $(PORT) $(if $(filter-out 0,$(RESET)),--reset)

test: .venv/dev.stamp var/static.stamp $(CATALOGUES) ## toute la suite de tests (ARGS="tests/x -k y")
	@exec $(LOCAL) run -- $(BIN)/pytest --numprocesses=auto --maxprocesses=2 --dist=loadfile $(ARGS)

check: check-style check-types check-templates check-locks check-security check-django ## style, types, gabarits, verrous, failles connues, migrations (-k : tout, même après un échec)

check-style: .venv/dev.stamp
	$(BIN)/ruff check --quiet .
	$(BIN)/ruff format --check --quiet .

check-types: .venv/dev.stamp
	$(OFFLINE) $(BIN)/mypy

check-templates: .venv/dev.stamp
	$(BIN)/djlint --check --lint templates

check-locks: .venv/dev.stamp
	.ci/check-locks $(BIN)/uv

check-security: .venv/dev.stamp
	$(BIN)/bandit --quiet --configfile pyproject.toml --recursive aect partnerships funding
	.ci/audit $(BIN)/pip-audit

check-django: .venv/dev.stamp $(CATALOGUES)
	$(LOCAL) run -- $(BIN)/python manage.py check --fail-level WARNING
	$(LOCAL) run -- $(BIN)/python manage.py makemigrations --check --dry-run

bench: .venv/dev.stamp var/static.stamp $(CATALOGUES) ## les mesures comparées, écrites dans bench/results/
	@exec $(LOCAL) run -- $(BIN)/python -m bench $(ARGS)

faults: .venv/dev.stamp var/static.stamp $(CATALOGUES) ## pannes et concurrences, chacune avec son témoin
	@exec $(LOCAL) run -- $(BIN)/pytest tests/faults -m "" $(ARGS)

.venv/venv.stamp:
	@$(PYTHON) -c 'import sys; sys.exit(sys.version_info < (3, 11))' || { echo "Python ≥ 3.11 est nécessaire (PYTHON=… en choisit un autre)."; exit 1; }
	@$(PYTHON) -m venv --clear .venv
	@touch $@

# One environment for both: dev holds all that demo does, so that after `make test` a `make demo` has nothing to do.
.venv/demo.stamp: requirements-demo.txt .venv/venv.stamp
	@if test -f .venv/dev.stamp && ! test requirements-demo.txt -nt .venv/dev.stamp; then :; else echo "Installation des dépendances…"; $(PIP) requirements-demo.txt; fi
	@touch $@

.venv/dev.stamp: requirements-dev.txt .venv/venv.stamp
	@echo "Installation des dépendances de développement…"
	@$(PIP) requirements-dev.txt
	@touch $@

var/static.stamp: $(STATIC_SOURCES) aect/finders.py requirements.txt | $(if $(filter demo,$(MAKECMDGOALS)),.venv/demo.stamp,.venv/dev.stamp)
	@mkdir -p var
	@echo "Préparation des fichiers statiques…"
	@$(OFFLINE) $(BIN)/python manage.py collectstatic --noinput --verbosity 0
	@touch $@

%.mo: %.po | $(if $(filter demo,$(MAKECMDGOALS)),.venv/demo.stamp,.venv/dev.stamp)
	@$(BIN)/pybabel --quiet compile --input-file $< --output-file $@
