# Two commands do everything on a machine with a Swift toolchain: `make demo` and `make test`.

PREFIX ?= /usr/local
DESTDIR ?=
SWIFT_BUILD = swift build -c release --static-swift-stdlib
BUILD = $(SWIFT_BUILD) --product descord
BINARY = .build/release/descord

BIN = $(DESTDIR)$(PREFIX)/bin
MAN = $(DESTDIR)$(PREFIX)/share/man/man1
BASH_COMPLETION = $(DESTDIR)$(PREFIX)/share/bash-completion/completions
ZSH_COMPLETION = $(DESTDIR)$(PREFIX)/share/zsh/site-functions
FISH_COMPLETION = $(DESTDIR)$(PREFIX)/share/fish/vendor_completions.d

.DEFAULT_GOAL := help
.PHONY: help demo test test-long bench mutants build install lint format docs proto proto-check powerloss
.PHONY: clean

help: ## show this list
	@sed -nE 's/^([a-z-]+):[^#]*## (.*)/  make \1\t\2/p' $(MAKEFILE_LIST) | expand -t 22

demo: ## install what is missing, build, and show three people talking
	@Scripts/setup build
	@$(BUILD)
	@Scripts/demo $(BINARY)

test: ## install what is missing, build once, and run every test
	@Scripts/run-tests

test-long: ## the same with the randomised suites a hundred times as long
	@SCALE=100 Scripts/run-tests

mutants: ## apply each mutant of Tests/Mutants, and check that tests fail for it
	@Scripts/mutants

# For the build before it too: the manifest is the same then, and nothing is built twice.
bench: export DESCORD_BENCHMARKS = 1
bench: build ## measure the release binary, and the foreign peers beside it, medians of five runs
	@$(SWIFT_BUILD) --product InProcessBenchmark
	@Scripts/interop-setup || true
	@python=.interop/venv/bin/python; [ -x $$python ] || python=python3; \
	    $$python Benchmarks/run.py $(BINARY)

build: ## build the release binary, .build/release/descord
	@Scripts/setup build
	@$(BUILD)

install: build ## install the binary, manual pages and completions under PREFIX (default /usr/local)
	install -d $(BIN) $(MAN) $(BASH_COMPLETION) $(ZSH_COMPLETION) $(FISH_COMPLETION)
	install -m 755 $(BINARY) $(BIN)/descord
	strip $(BIN)/descord
	install -m 644 man/*.1 $(MAN)/
	install -m 644 completions/descord.bash $(BASH_COMPLETION)/descord
	install -m 644 completions/_descord $(ZSH_COMPLETION)/_descord
	install -m 644 completions/descord.fish $(FISH_COMPLETION)/descord.fish

lint: ## check format, imports and the rules of the tree
	swift format lint --strict --recursive Package.swift Sources Tests Benchmarks
	@Scripts/run-tests --filter TidyTests

format: ## format every Swift file in place
	swift format --in-place --recursive Package.swift Sources Tests Benchmarks
	@find Sources Tests Benchmarks -name '*.swift' ! -name '*.pb.swift' -exec Scripts/rewrap-comments {} +

docs: build ## generate the manual pages and completions from the command definitions
	@Scripts/docs $(BINARY)

proto: ## generate the Swift files of the .proto files
	@Scripts/proto generate

proto-check: ## check that the generated files are those of the .proto files
	@Scripts/proto check

powerloss: build ## let one post lose its power at each of its writes in turn
	@Scripts/build-powerloss .build/powerloss.so
	@python3 Tests/Support/powerloss/run.py $(BINARY) .build/powerloss.so

clean: ## remove what was built; the foreign peers in .interop stay
	rm -rf .build
