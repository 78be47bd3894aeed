# Every target sets up what it needs: a virtual environment in .venv, made once and refreshed when setup.cfg changes.
.DEFAULT_GOAL := help
.DELETE_ON_ERROR:

PYTHON ?= python3
VENV ?= .venv
CONSTRAINTS ?= constraints.txt
BIN := $(VENV)/bin
READY := $(VENV)/ready
MEDTRANSFER := $(BIN)/medtransfer

# A paper is a folder of experiments/studies with tables or figures in it; the registry finds them as the program does,
# and needs nothing but Python itself. Each is PAPER.FILE here and the target PAPER-FILE.
STUDIES := experiments/studies
FIND_TABLES := from pathlib import Path; from specs.registry import tables_of_studies as find; \
	print(*(found.module for found in find(Path("$(STUDIES)"), "studies")))
FOUND := $(shell $(firstword $(wildcard $(BIN)/python) $(PYTHON)) -c '$(FIND_TABLES)')
OF_PAPERS := $(foreach found,$(FOUND:studies.%=%),$(if $(findstring .,$(found)),$(found)))
PAPERS := $(sort $(basename $(OF_PAPERS)))
target = $(subst .,-,$(subst _,-,$(1)))
targets = $(call target,$(filter $(1).%,$(OF_PAPERS)))

MAKE_TABLE = $(MEDTRANSFER) table $@ $(if $(PROFILE),--profile $(PROFILE)) $(if $(DATA),--data-root $(DATA)) \
	$(if $(WEIGHTS),--weights $(WEIGHTS)) $(ARGS)

PLAIN := help setup demo real test test-slow lint check bench pages docs notebooks report claims dashboard tables clean
.PHONY: $(PLAIN) docs/initializers.md docs/entries.md

help:  ## Show the targets
	@awk -F ':.*## ' '/^##@ / { print "\n" substr($$0, 5) } /^[a-z%-]+:.*## / { printf "  make %-22s %s\n", $$1, $$2 }' Makefile
	@echo; echo "Papers"
	@$(foreach paper,$(filter-out $(PLAIN),$(PAPERS)),$(call SHOW_PAPER,$(paper));)
	@echo "Any table: make table-NAME, such as make table-initializations"

$(READY): setup.cfg pyproject.toml $(CONSTRAINTS)
	test -x $(BIN)/python || $(PYTHON) -m venv $(VENV)
	$(BIN)/python -m pip install --quiet --editable '.[weights,test,check,docs]' --constraint $(CONSTRAINTS)
	touch $@

##@ Start

setup: $(READY)  ## Make or refresh the virtual environment

demo: $(READY)  ## Pretrain and fine-tune in four drawn worlds whose right answer is known, and say what is found (minutes)
	$(MEDTRANSFER) demo

real: $(READY)  ## Real ImageNet weights on real images: PneumoniaMNIST, and DRIVE where DATA has it (half an hour) [DATA=DIR]
	$(if $(DATA),,$(MEDTRANSFER) fetch 'medmnist("pneumoniamnist")')
	$(MEDTRANSFER) table $(call targets,real_images) --bootstrap 1000 $(if $(DATA),--data-root $(DATA))
	$(MEDTRANSFER) report $(patsubst %,tables/%.json,$(call targets,real_images)) --title "medtransfer: ImageNet weights on real images" --output real.html

# A rule for each paper: a rule with the patterns of two would hold the table 1 of one to be made once the other's is.
define PAPER_RULE
$(call target,$(1))-%: $$(READY)
	$$(MAKE_TABLE)
endef
define ALL_OF_PAPER
.PHONY: $(call target,$(1))
$(call target,$(1)): $(call targets,$(1))
endef
$(foreach paper,$(PAPERS),$(eval $(call PAPER_RULE,$(paper))))
# A paper whose name is another target's, such as demo, has no target for all of it.
$(foreach paper,$(filter-out $(PLAIN),$(PAPERS)),$(eval $(call ALL_OF_PAPER,$(paper))))

# Two lines of help: the paper as the first line of its folder's docstring names it, and its tables and figures.
define SHOW_PAPER
printf '  make %-22s Make all tables and figures of: %s\n' $(call target,$(1)) \
	"$$(sed -n '1s/^"""\(.*\)"""$$/\1/p' $(STUDIES)/$(1)/__init__.py)"; \
printf '  make %-22s One of them [PROFILE=paper DATA=DIR WEIGHTS=DIR], NAME is:\n' $(call target,$(1))-NAME; \
printf '%-30s%s\n' '' '$(patsubst $(call target,$(1))-%,%,$(call targets,$(1)))'
endef

##@ Results

report: $(READY)  ## Render the tables under tables/: report.html leads to a page for each
	$(MEDTRANSFER) report $(ARGS)

claims: $(READY)  ## Judge the claims of both papers by printed numbers and the tables under tables/: claims.html
	$(MEDTRANSFER) claims --report claims.html $(ARGS)

dashboard: $(READY)  ## Build the wandb workspaces and reports of the tables [ARGS="--wandb online --entity NAME"], or print their specs
	$(MEDTRANSFER) dashboard $(ARGS)

# A study with printed numbers is a paper.
PRINTED := $(foreach paper,$(PAPERS),$(if $(wildcard $(STUDIES)/$(paper)/printed),$(paper)))
tables: $(foreach paper,$(PRINTED),$(call targets,$(paper)))  ## Make all of every paper, and report.html [PROFILE=paper DATA=DIR WEIGHTS=DIR]
	$(MEDTRANSFER) report

table-%: $(READY)  ## Make the table NAME: make table-NAME [DATA=DIR] [ARGS=...]
	$(MEDTRANSFER) table $* $(if $(DATA),--data-root $(DATA)) $(ARGS)

##@ Work on it

test: $(READY)  ## Run the tests
	$(BIN)/python -m pytest

test-slow: $(READY)  ## Run the tests that take minutes each, which `make test` leaves out
	$(BIN)/python -m pytest -m slow

lint: $(READY)  ## Lint, check types and the direction of imports
	$(BIN)/ruff check .
	$(BIN)/ruff format --check .
	$(BIN)/mypy
	$(BIN)/lint-imports

check: lint docs  ## Lint, build the site, and check the sources of recipes, the generated pages, and that the built package works
	$(BIN)/python -m pytest -n 0 tests/docs/test_built_site.py
	$(BIN)/python -m experiments.checks.sources
	$(BIN)/python -m experiments.checks.pages --check
	VENV=$(VENV) .ci/package

bench: $(READY)  ## Measure the input pipeline, weight loading, scoring, similarity, training, the executor and volumes against named peers (minutes)
	$(BIN)/python -m benchmarks.input_pipeline
	$(BIN)/python -m benchmarks.weight_loading
	$(BIN)/python -m benchmarks.scoring
	$(BIN)/python -m benchmarks.similarity
	$(BIN)/python -m benchmarks.train_step
	$(BIN)/python -m benchmarks.executor
	$(BIN)/python -m benchmarks.volumes

pages: $(READY)  ## Write the pages of docs that are made from the code: initializers.md, entries.md and fidelity/
	$(BIN)/python -m experiments.checks.pages

docs/initializers.md docs/entries.md: pages

notebooks: $(READY)  ## Execute the notebooks of docs and write their outputs (minutes)
	$(BIN)/python -m experiments.checks.notebooks

SITE := build/docs
docs: $(READY)  ## Build the site of these docs: build/docs/html/index.html (a minute)
	$(BIN)/python -m sphinx --fail-on-warning --keep-going --fresh-env --write-all --quiet \
		--doctree-dir $(SITE)/doctrees docs $(SITE)/html
	@echo "the site: $(SITE)/html/index.html"

clean:  ## Remove the virtual environment, rendered tables and the report; runs are kept
	rm -rf $(VENV) build tables report.html *.egg-info
