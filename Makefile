# Hearth: the commands of a day. `make help` lists them.

SWIFT   ?= swift
PREFIX  ?= /usr
DESTDIR ?=
FLAGS   ?=

RELEASE  = $(SWIFT) build -c release --static-swift-stdlib $(FLAGS)
FORMATTED = Sources Tests Package.swift

.DEFAULT_GOAL := help
.PHONY: help run build test bench verify-long lint format golden fixture pictures install uninstall clean

help: ## this list
	@awk -F ':.*## ' '/^[a-z-]+:.*## / { printf "  make %-12s %s\n", $$1, $$2 }' $(MAKEFILE_LIST)

run: build ## installs what is missing, builds, starts hearthd in the foreground
	@scripts/run

build: ## installs what building needs, builds hearthd and hearth for release
	@scripts/bootstrap build
	$(RELEASE)

test: ## installs what the tests need, builds, runs every test
	@scripts/bootstrap test
	@scripts/test

bench: ## runs the benchmarks and compares their counts with the thresholds
	@scripts/bootstrap test
	@scripts/bench

verify-long: ## what takes hours: fuzzing and more, in shards that are resumed; SHARDS='fuzz/unwind-*' for some
	@scripts/bootstrap test
	@scripts/verify-long $(SHARDS)

lint: ## format, arrows, unsafe code, sizes, shell scripts
	@scripts/bootstrap lint
	@scripts/lint

format: ## formats every Swift file in place
	$(SWIFT) format format --in-place --recursive --parallel $(FORMATTED)

golden: ## rewrites the expected files of the tests; review the diff
	@scripts/bootstrap test
	HEARTH_GOLDEN=rewrite scripts/test --filter ExporterTests

fixture: ## records the stack of a thread for the tests: PID= NAME= [THREAD=] (gdb, root)
	@scripts/bootstrap test
	$(SWIFT) build --product hearth-fixture $(FLAGS)
	@scripts/record-fixture "$(NAME)" --pid "$(PID)" $(if $(THREAD),--thread "$(THREAD)")

pictures: ## takes the pictures of the documentation: daemon, programs, browser (root, some minutes)
	@scripts/bootstrap test
	@scripts/pictures

install: build ## installs both programs, the units and the configuration (PREFIX, DESTDIR)
	@scripts/install install "$(DESTDIR)" "$(PREFIX)"

uninstall: ## removes what install put there; keeps configuration and state
	@scripts/install uninstall "$(DESTDIR)" "$(PREFIX)"

clean: ## removes everything that was built
	rm -rf .build
