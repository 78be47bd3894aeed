# Every target sets up what it needs: a virtual environment in .venv, made once and refreshed when setup.cfg changes.
.DEFAULT_GOAL := help
.DELETE_ON_ERROR:

PYTHON ?= python3
VENV ?= .venv
CONSTRAINTS ?= constraints.txt
PROFILE ?= phantom
BENCHMARK := $(subst _,-,$(notdir $(basename $(wildcard experiments/tables/benchmark_*.py))))
TRANSFUSION := $(subst _,-,$(notdir $(basename $(wildcard experiments/tables/transfusion_*.py))))
BIN := $(VENV)/bin
READY := $(VENV)/ready
MEDTRANSFER := $(BIN)/medtransfer
MAKE_TABLE = $(MEDTRANSFER) table $@ --profile $(PROFILE) $(if $(DATA),--data-root $(DATA)) \
	$(if $(WEIGHTS),--weights $(WEIGHTS)) $(ARGS)

.PHONY: help setup demo test check bench report dashboard benchmark transfusion tables clean docs/initializers.md

help:  ## Show the targets
	@grep -hE '^[a-z%-]+:.*##' $(MAKEFILE_LIST) | sort | awk -F ':.*## ' '{printf "  make %-22s %s\n", $$1, $$2}'
	@echo "A paper's table or figure: make benchmark-table-2, make transfusion-figure-3 [PROFILE=paper DATA=DIR WEIGHTS=DIR]"
	@echo "Any table: make table-NAME, such as make table-real-images DATA=/path/to/datasets"

$(READY): setup.cfg pyproject.toml $(CONSTRAINTS)
	test -x $(BIN)/python || $(PYTHON) -m venv $(VENV)
	$(BIN)/python -m pip install --quiet --editable '.[test,check]' --constraint $(CONSTRAINTS)
	touch $@

setup: $(READY)  ## Make or refresh the virtual environment

demo: $(READY)  ## Pretrain, fine-tune, test and compare five initializations on three synthetic tasks (minutes)
	$(MEDTRANSFER) table initializations --profile phantom
	$(MEDTRANSFER) report tables/initializations.json

test: $(READY)  ## Run the tests
	$(BIN)/python -m pytest

check: $(READY)  ## Lint, check types, the direction of imports and the generated page
	$(BIN)/ruff check .
	$(BIN)/ruff format --check .
	$(BIN)/mypy
	$(BIN)/lint-imports
	$(BIN)/python -m experiments.checks.initializer_page --check

bench: $(READY)  ## Measure the input pipeline, weight loading, scoring, similarity, training and the executor against named peers (minutes)
	$(BIN)/python -m benchmarks.input_pipeline
	$(BIN)/python -m benchmarks.weight_loading
	$(BIN)/python -m benchmarks.scoring
	$(BIN)/python -m benchmarks.similarity
	$(BIN)/python -m benchmarks.train_step
	$(BIN)/python -m benchmarks.executor

docs/initializers.md: $(READY)  ## Write the page of initializers from their cards
	$(BIN)/python -m experiments.checks.initializer_page

# Two rules: a rule with two patterns would hold transfusion-table-1 to be made once benchmark-table-1 is.
benchmark-%: $(READY)
	$(MAKE_TABLE)

transfusion-%: $(READY)
	$(MAKE_TABLE)

report: $(READY)  ## Render the tables under tables/ as one page, report.html
	$(MEDTRANSFER) report $(ARGS)

dashboard: $(READY)  ## Build the wandb workspace of the tables [ARGS="--wandb online --entity NAME"], or print its spec
	$(MEDTRANSFER) dashboard $(ARGS)

benchmark: $(BENCHMARK)  ## Make all tables and figures of the benchmark

transfusion: $(TRANSFUSION)  ## Make all tables and figures of Transfusion

tables: benchmark transfusion  ## Make both, and report.html [PROFILE=paper DATA=DIR WEIGHTS=DIR]
	$(MEDTRANSFER) report

table-%: $(READY)  ## Make the table NAME: make table-NAME [DATA=DIR] [ARGS=...]
	$(MEDTRANSFER) table $* $(if $(DATA),--data-root $(DATA)) $(ARGS)

clean:  ## Remove the virtual environment, rendered tables and the report; runs are kept
	rm -rf $(VENV) build tables report.html *.egg-info
