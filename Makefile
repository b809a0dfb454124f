# fakedapr: what a developer types.

PREFIX ?= /usr/local
DESTDIR ?=
RELEASE = .build/release/fakedapr
BUILD_RELEASE = swift build -c release --static-swift-stdlib --product fakedapr

.PHONY: help setup build release serve lint scenarios test sanitize bench guests install clean

help: ## this list
	@awk -F ':.*## ' '/^[a-z-]+:.*## /{printf "  make %-10s %s\n", $$1, $$2}' Makefile

setup: ## installs what is missing
	@docker/setup.sh

build: setup ## debug build
	swift build

release: setup ## release build, the binary that users get
	$(BUILD_RELEASE)

serve: release ## runs a sidecar at http://127.0.0.1:3500, state in SQLite
	$(RELEASE) serve

lint: setup ## format, shell scripts, container files
	swift format lint --strict --recursive Sources Tests Package.swift
	docker/lint.sh

scenarios: build ## every scenario against every store
	.build/debug/fakedapr scenario run Scenarios

test: lint scenarios ## lint, scenarios, tests
	@docker/setup.sh --test
	swift test --disable-xctest

# Without leak detection, which does not see pointers that Swift's enums keep together with a tag.
# A small quarantine of freed memory, since tests of memory bounds measure the process.
sanitize: setup ## the suite under the address and under the thread sanitizer
	@docker/setup.sh --test
	ASAN_OPTIONS=detect_leaks=0:quarantine_size_mb=16 \
		swift test --disable-xctest --sanitize=address --scratch-path .build-asan
	TSAN_OPTIONS="suppressions=$(CURDIR)/Tests/thread-sanitizer.txt" \
		swift test --disable-xctest --sanitize=thread --scratch-path .build-tsan

bench: ## ratios against nginx and webdis, measured in one run
	@docker/setup.sh --bench
	$(BUILD_RELEASE)
	python3 Tests/Bench/bench.py

guests: setup ## rebuilds the guests under Scenarios/guests
	Scenarios/guests/build.sh

install: release ## into PREFIX (default /usr/local)
	install -d $(DESTDIR)$(PREFIX)/bin $(DESTDIR)$(PREFIX)/lib/fakedapr
	install -m 755 -s $(RELEASE) $(DESTDIR)$(PREFIX)/bin/fakedapr
	install -m 644 .wasmtime/libwasmtime.so $(DESTDIR)$(PREFIX)/lib/fakedapr/libwasmtime.so

clean: ## removes what builds made
	rm -rf .build .build-asan .build-tsan
