# SPDX-License-Identifier: BSD-2-Clause-Patent
# The one entrance: `make help` lists what there is. Each target sets up what it needs (ci/setup.sh), and what is
# there already is not fetched or made again.

.DEFAULT_GOAL := help
.PHONY: help setup run build ready release test full quick lint hostile fuzz bench faults format clean distclean
.NOTPARALLEL:

# Variables to set on the command line, described by `make help`.
PARTITIONS ?= partitions/two-debians.yaml
TARGET ?= RELEASE
ARGS ?=
SECONDS ?= 60
JOBS ?= 3
QUICK ?=
MRM_EDK2 ?=
MRM_ACCELERATOR ?=

export MRM_EDK2 MRM_ACCELERATOR
# A plain user's PATH lacks these, where Debian has depmod and sgdisk.
export PATH := $(PATH):/usr/sbin:/sbin
BIN := .venv/bin
# As in an activated virtual environment.
STUART := PATH="$(CURDIR)/$(BIN):$$PATH" VIRTUAL_ENV="$(CURDIR)/.venv"
# Tests of one group share what they boot or compile, in the order of tests/conftest.py; a machine may want 8 GiB.
PYTEST := $(BIN)/python -m pytest --no-loadscope-reorder
PLATFORM := platforms/q35.py
BUILD := stuart_build -c $(PLATFORM) TARGET="$(TARGET)" PARTITIONS="$(PARTITIONS)"

help: ## show this text
	@echo "usage: make TARGET [VARIABLE=value …]"
	@echo
	@sed -n 's/^\([a-z]*\):[^#]*## \(.*\)/  \1\t\2/p' $(firstword $(MAKEFILE_LIST)) | expand -t 14
	@echo
	@echo "variables:"
	@echo "  PARTITIONS  partition file for run and build (now $(PARTITIONS))"
	@echo "  TARGET      RELEASE or DEBUG, for run and build (now $(TARGET))"
	@echo "  ARGS        what run passes to the machine, such as ARGS=--batch; what test, full, quick, fuzz and faults are given"
	@echo "  JOBS        how many groups of tests run at a time, for test and full (now $(JOBS))"
	@echo "  SECONDS     how long fuzz tries each C target (now $(SECONDS))"
	@echo "  MRM_EDK2    path of an EDK2 tree to use, or git to clone it instead of taking Debian's source package"
	@echo "  MRM_ACCELERATOR  QEMU's -accel instead of the machine file's, such as tcg,thread=single, which tests use"

setup: ## install and download everything needed; at once when it is there
	@ci/setup.sh

run: update ## build and boot the partitions: panes on a terminal, a report with ARGS=--batch
	@$(STUART) MRM_RUN_ARGS="$(ARGS)" $(BUILD) --FlashRom

build: update ## build Mrm.efi and the ESP's contents: Build/q35/ESP
	@$(STUART) $(BUILD)

ready: update ## build Mrm.efi for any plan; `python -m generator esp` then makes an ESP in a second
	@$(STUART) stuart_build -c platforms/ready.py TARGET="$(TARGET)"

# Whatever TARGET says: nothing else is released.
release: override TARGET := RELEASE
release: ready ## build what users without this checkout install: Build/release, tried in bare Debian systems
	@$(BIN)/python -m ci.release

.PHONY: update
update: setup
	@$(STUART) stuart_setup -c $(PLATFORM)
	@$(STUART) stuart_update -c $(PLATFORM)

test: setup style ## what CI checks for each change: lint, host tests, boot tests
	@$(PYTEST) --numprocesses $(JOBS) -m "not long" $(ARGS)

full: export MRM_EXAMPLES := all
full: setup style ## all tests: `make test`, machines that vary what it boots, more examples (CONTRIBUTING.md)
	@$(PYTEST) --numprocesses $(JOBS) $(ARGS)

quick: setup style ## lint and the tests that boot nothing
	@$(PYTEST) --numprocesses 2 -m "not boot" $(ARGS)

lint: style ## format, lint and types of the Python code, syntax of the shell code
	@$(BIN)/mypy

# What is soon done of it.  Types take longer, and one processor: tests/ci/test_types.py looks at them beside other tests.
.PHONY: style
style:
	@ci/setup.sh packages python
	@$(BIN)/ruff format --check
	@$(BIN)/ruff check
	@sh -n ci/setup.sh
	@sh -n generator/collect.sh
	@sh -n tools/mrmctl
	@sh -n bench/run.sh
	@sh -n bench/work/tools.sh
	@sh -n bench/work/write-variables.sh

faults: ready ## inject hundreds of faults into partitions, say what their neighbours noticed; ARGS="--seed 7 --count 50"
	@$(BIN)/python -m generator esp partitions/faults.yaml --output Build/faults/build
	@$(BIN)/python -m ci.faults --esp Build/faults/build/ESP --plan Build/faults/build/MrmPlan.json $(ARGS)

hostile: setup ## have hostile systems try from ring 0 what is not theirs, at each isolation level, and say what came of it
	@$(PYTEST) -s -m boot tests/boot/test_hostile.py $(ARGS)

fuzz: setup ## fuzz every parser of foreign bytes; inputs and crashes are kept in Build/fuzz
	@$(BIN)/python -m tests.fuzz --seconds $(SECONDS) $(ARGS)

# Whatever TARGET says: figures are of what users install.
bench: override TARGET := RELEASE
bench: ready ## measure a partition beside the bare machine (docs/performance.md); QUICK=1 takes fewer samples
	@$(BIN)/python -m bench run $(if $(QUICK),--quick) $(ARGS)

format: ## bring the Python code into its one format
	@ci/setup.sh packages python
	@$(BIN)/ruff format
	@$(BIN)/ruff check --fix

clean: ## remove what was built (Build, Conf), keep what was downloaded
	rm -rf Build Conf

distclean: clean ## remove everything git does not know of that make made
	rm -rf .venv .downloads .hypothesis .mypy_cache .pytest_cache .ruff_cache
	find . -name __pycache__ -type d -prune -exec rm -rf {} +
