# The front door: thin targets over the CMake presets. `make help` lists them.
# On a fresh Debian 12 with git and make, every target installs what it lacks (apt.txt), builds and runs.

SHELL := /bin/bash
.DEFAULT_GOAL := help
.PHONY: help deps build run demo test check check-long conformance-repeat bench bench-client sim scoreboard model fuzz asan tsan clang coverage fmt lint man install \
        uninstall dist ci clean build-deps test-deps dev-deps configure configure-tests
.NOTPARALLEL:

JOBS ?= $(shell nproc)
PREFIX ?= /usr/local
# coreutils owns `comm`; installed, the program has another name.
INSTALLED_NAME ?= commsg
VERSION := $(shell sed -n 's/^project.comm VERSION \([0-9.]*\).*/\1/p' CMakeLists.txt)

SEED ?= 1
SCENARIO ?=
NODES ?= $(if $(SCENARIO),,1000)
SECONDS ?= 60
ARGS ?=

# One more than cores: the longest test hardly uses its own.
CTEST = ctest --output-on-failure --output-junit Testing/results.xml -j$(shell expr $(JOBS) + 1) --no-tests=error
UNIT = -R '^(unit_|property|replay_)'

help: ## this list
	@sed -n 's/^\([a-z-]*\):.*## \(.*\)/  make \1\t\2/p' Makefile | expand -t 20

# --- what is missing is installed ------------------------------------------------------------------------
deps: ## install every package of apt.txt (the other targets install only what they need)
	@.ci/deps build test dev
build-deps:
	@.ci/deps build
test-deps:
	@.ci/deps build test
dev-deps:
	@.ci/deps build test dev

# --- building ----------------------------------------------------------------------------------------------
# Without the test packages, a fresh checkout is configured without tests, so that chatting comes first.
configure: build-deps
	@test -f build/build.ninja || cmake --preset release -DCOMM_TESTS=OFF
configure-tests: test-deps
	@grep -qs '^COMM_TESTS:BOOL=ON' build/CMakeCache.txt && test -f build/build.ninja \
	  || cmake --preset release -DCOMM_TESTS=ON

build: configure ## build the program (build/comm) and the simulator (build/comm-sim)
	@cmake --build build -j$(JOBS) --target comm comm-sim

run: configure ## build and open the demo; ARGS="alice 0.0.0.0:6667 host:port" runs the program with these
	@cmake --build build -j$(JOBS) --target comm
	@exec build/comm $(if $(strip $(ARGS)),$(ARGS),demo)

demo: configure ## the same demo, whatever ARGS says
	@cmake --build build -j$(JOBS) --target comm
	@exec build/comm demo

# --- testing -----------------------------------------------------------------------------------------------
test: configure-tests ## build everything and run all tests
	@cmake --build build -j$(JOBS)
	@$(CTEST) --test-dir build

check: configure-tests ## the quick part of `test`: rooms and limits, unit and property tests
	@cmake --build build -j$(JOBS)
	@$(CTEST) --test-dir build -R '^(unit_|property|replay_|tidy)'

sim: configure ## simulator: SEED=1 NODES=1000 SCENARIO=file; its last line is the trace hash
	@cmake --build build -j$(JOBS) --target comm-sim
	@build/comm-sim --seed $(SEED) $(if $(NODES),--nodes $(NODES)) $(if $(SCENARIO),--scenario $(SCENARIO))

scoreboard: configure ## attacks and churn measured beside published figures: tests/sim/SCOREBOARD.md; STEP=name for some steps, STEP=--short
	@cmake --build build -j$(JOBS) --target comm-sim comm-lookups comm-figures
	@tests/sim/scoreboard.py $(STEP)

bench-client: configure ## the chat screen with 100,000 messages: first screen, search, memory, idle cost
	@cmake --build build -j$(JOBS) --target comm
	@tests/bench/client_bench.py

asan: dev-deps ## unit and property tests under AddressSanitizer and UBSan
	@test -f build/asan/build.ninja || cmake --preset asan
	@cmake --build build/asan -j$(JOBS)
	@$(CTEST) --test-dir build/asan $(UNIT)

tsan: dev-deps ## unit and property tests under ThreadSanitizer
	@test -f build/tsan/build.ninja || cmake --preset tsan
	@cmake --build build/tsan -j$(JOBS)
	@$(CTEST) --test-dir build/tsan $(UNIT)

clang: dev-deps ## build everything with clang, warnings as errors, and run unit and property tests
	@test -f build/clang/build.ninja || cmake --preset clang
	@cmake --build build/clang -j$(JOBS)
	@$(CTEST) --test-dir build/clang $(UNIT)

model: dev-deps ## check the Promela model of custody with spin, and that its mutants are refuted
	@spec/model/run build/model

fuzz: dev-deps ## run every fuzz target for SECONDS=60 each; new inputs go to build/fuzz/corpus
	@test -f build/fuzz/build.ninja || cmake --preset fuzz
	@cmake --build build/fuzz -j$(JOBS) \
	  --target $$(ninja -C build/fuzz -t targets all | sed -n 's/^\(fuzz_[a-z_]*\): phony$$/\1/p')
	@.ci/fuzz $(SECONDS)

conformance-repeat: configure-tests ## conformance cases over and over: timing 200 times, others 5; goes on where it stopped
	@cmake --build build -j$(JOBS) --target comm
	@conformance/comm-conformance repeat --iut "build/comm adapter" --state build/conformance-repeat.json --budget $(SECONDS)

coverage: dev-deps ## line coverage of the unit and property tests, by file
	@test -f build/coverage/build.ninja || cmake --preset coverage
	@cmake --build build/coverage -j$(JOBS)
	@$(CTEST) --test-dir build/coverage $(UNIT)
	@gcovr --root . --object-directory build/coverage --filter 'proto/' --filter 'node/' --filter 'relay_store/' \
	  --filter 'client_tui/' --print-summary

check-long: dev-deps ## everything slow, in steps of at most ten minutes that resume where they stopped
	@.ci/check-long

bench: ## measure the relay beside Redis, RabbitMQ, NATS and Mosquitto; STEP=name for one step, FRESH=1 to begin anew
	@.ci/deps build bench
	@test -f build/bench/build.ninja || cmake --preset bench
	@cmake --build build/bench -j$(JOBS) --target comm bench
	@tests/bench/bench.py $(if $(FRESH),--fresh) $(STEP)

lint: dev-deps ## rooms, limits, banned names, shell scripts
	@tests/tidy/tidy.py
	@shellcheck .ci/run .ci/deps .ci/fuzz .ci/check-long spec/model/run
	@echo "lint: ok"

fmt: dev-deps ## format the lines changed since HEAD
	@git clang-format --extensions cc,h || test $$? -eq 1

ci: ## what continuous integration runs
	@.ci/run

# --- giving it away ----------------------------------------------------------------------------------------
man: dev-deps ## the manual page, build/commsg.1
	@mkdir -p build
	@scdoc < .ci/commsg.1.scd > build/$(INSTALLED_NAME).1
	@echo "build/$(INSTALLED_NAME).1"

install: ## install as PREFIX/bin/commsg (not `comm`, which coreutils owns); DESTDIR= is honoured
	@test -x build/comm || { echo "install: nothing is built; run \`make build\` first, as yourself" >&2; exit 1; }
	install -D -m 755 build/comm $(DESTDIR)$(PREFIX)/bin/$(INSTALLED_NAME)
	@if test -f build/$(INSTALLED_NAME).1; then \
	  install -D -m 644 build/$(INSTALLED_NAME).1 $(DESTDIR)$(PREFIX)/share/man/man1/$(INSTALLED_NAME).1; fi

uninstall: ## remove what install installed
	rm -f $(DESTDIR)$(PREFIX)/bin/$(INSTALLED_NAME) $(DESTDIR)$(PREFIX)/share/man/man1/$(INSTALLED_NAME).1

dist: ## build/comm-VERSION.tar.gz of the last commit
	@mkdir -p build
	@git archive --format=tar --prefix=comm-$(VERSION)/ HEAD | gzip -9n > build/comm-$(VERSION).tar.gz
	@echo "build/comm-$(VERSION).tar.gz"

clean: ## remove build/
	rm -rf build
