# churn: build, test, run. `make help` lists the targets; the logic of each lane lives in scripts/.
#
# One object folder per variant: build/obj/native, build/obj/asan, build/obj/tsan. Objects are linked as they are, never through an
# archive: pools, probes, backends and reports register themselves by constructor, which a linker drops from a .a.

BUILD   ?= build
ifeq ($(origin CC),default)
CC      := gcc
endif
# V=1 shows the commands.
say      = $(if $(V),,@)echo '  $(1) $(@:$(BUILD)/%=%)'
JOBS    ?= $(shell nproc)
MAKEFLAGS += --no-builtin-rules

STD     := -std=gnu11 -D_GNU_SOURCE -I.
WARN    := -Wall -Wextra -Werror -Wconversion -Wshadow -Wstrict-prototypes -Wmissing-prototypes -Wold-style-definition \
           -Wformat=2 -Wundef -Wvla -Wpointer-arith -Wwrite-strings -Wcast-qual -Wnull-dereference
OPT     := -O2 -g -fno-omit-frame-pointer -fno-common
THREADS := -pthread

# Variants: where the programs of each go, and the flags it adds.
VARIANTS     := native asan tsan
bin_native   := $(BUILD)
bin_asan     := $(BUILD)/asan
bin_tsan     := $(BUILD)/tsan
flags_asan   := -fsanitize=address,undefined -fno-sanitize-recover=undefined
flags_tsan   := -fsanitize=thread

LUA_CFLAGS  = $(shell pkg-config --cflags lua5.4)
LUA_LIBS    = $(shell pkg-config --libs lua5.4)
JSON_LIBS   = $(shell pkg-config --libs jansson)
XML_CFLAGS  = $(shell pkg-config --cflags libxml-2.0)
XML_LIBS    = $(shell pkg-config --libs libxml-2.0)
CHURN_LIBS  = $(LUA_LIBS) $(JSON_LIBS) $(XML_LIBS) -lm
HOST_LIBS   = -ldl -rdynamic -lm

# Rooms by program. A new file in a room needs no change here.
SHARED_ROOMS := harness/base harness/plan
CHURN_ROOMS  := harness/scenario harness/shrink harness/record harness/subject harness/backend harness/probe harness/driver harness/verdict \
                harness/report harness/cli
HOST_ROOMS   := pools pools/core pools/defects harness/world harness/host

sources   = $(foreach room,$(1),$(sort $(wildcard $(room)/*.c)))
# Left out of the test program: what has a main, and what stands in front of the C library.
MAINS    := harness/cli/main.c harness/host/main.c harness/host/interpose.c harness/host/interpose_clock.c
SHARED   := $(call sources,$(SHARED_ROOMS))
CHURN    := $(SHARED) $(call sources,$(CHURN_ROOMS))
HOST     := $(SHARED) $(call sources,$(HOST_ROOMS))
TESTS    := $(sort $(wildcard harness/tests/*.c pools/tests/*.c))
# Shared objects with planted mistakes.
TEST_POOLS := toy leak heap clocks frail racy
TESTED   := $(sort $(filter-out $(MAINS),$(CHURN) $(HOST)) $(TESTS))

objects   = $(patsubst %.c,$(BUILD)/obj/$(1)/%.o,$(2))

PROGRAMS := $(BUILD)/churn $(BUILD)/churn-host $(BUILD)/asan/churn-host $(BUILD)/tsan/churn-host

.DEFAULT_GOAL := all
.PHONY: all help setup test scenarios gate soak upstream nightly check format clean install uninstall

all: $(PROGRAMS) ## build churn and the host programs (native, ASan, TSan)

help: ## list the targets
	@awk -F ':.*## ' '/^[a-z-]+:.*## / { printf "  %-14s %s\n", $$1, $$2 }' $(MAKEFILE_LIST)

setup: ## install the Debian packages that are missing (SETUP=no only lists them)
	@scripts/setup

test: setup ## set up what is missing, then run every test, with the sanitizer and Valgrind lanes
	@$(MAKE) --no-print-directory -j$(JOBS) all tests
	@scripts/run-tests $(BUILD)

scenarios: setup ## set up what is missing, then run every scenario on every pool and backend
	@$(MAKE) --no-print-directory -j$(JOBS) all
	@scripts/run-scenarios $(BUILD)

gate: setup ## the CI gate: thresholds and the committed numbers; GATE="..." are further words for churn gate
	@$(MAKE) --no-print-directory -j$(JOBS) all
	@scripts/run-gate $(BUILD) $(GATE)

soak: setup ## run the pools on threads for a long time, under every tool that finds races, and over many seeds
	@$(MAKE) --no-print-directory -j$(JOBS) all tests
	@scripts/stress $(BUILD) long

upstream: setup ## run every release of every real pool beside its model (needs Java, Node, Python, Go, Cargo; a missing one is skipped)
	@$(MAKE) --no-print-directory -j$(JOBS) all
	@scripts/run-upstream $(BUILD)

nightly: soak ## soak, and every allocation of churn itself failing in turn
	@$(BUILD)/churn run scenarios --fail-alloc all --quiet
	@scripts/fail-alloc-harness $(BUILD)

check: setup ## check include directions, headers, formatting and function length
	@scripts/check

.PHONY: tests
tests: $(BUILD)/churn-tests $(BUILD)/asan/churn-tests $(BUILD)/asan/churn plugins $(TEST_POOLS:%=$(BUILD)/selftest/%.so) $(bin_tsan)/selftest/racy.so ## build the test programs

.PHONY: plugins
plugins: $(BUILD)/skeleton.so ## build the pool to copy, as a shared object

format: ## format every C file with clang-format
	clang-format -i $$(git ls-files '*.c' '*.h')

install: all ## install below PREFIX (/usr/local): churn, its man page, the scenarios; DESTDIR=... for packages
	@PREFIX=$(PREFIX) DESTDIR=$(DESTDIR) scripts/install $(BUILD)

uninstall: ## take away what install brought
	@PREFIX=$(PREFIX) DESTDIR=$(DESTDIR) scripts/install $(BUILD) --remove

clean: ## remove what was built
	rm -rf $(BUILD)

# The programs of one variant, and how its objects are made.
define VARIANT_RULES
$(bin_$(1))/churn: $(call objects,$(1),$(CHURN))
	$$(call say,LD) && mkdir -p $$(@D) && $$(CC) $(THREADS) $(flags_$(1)) -o $$@ $$^ $$(CHURN_LIBS)
$(bin_$(1))/churn-host: $(call objects,$(1),$(HOST))
	$$(call say,LD) && mkdir -p $$(@D) && $$(CC) $(THREADS) $(flags_$(1)) -o $$@ $$^ $$(HOST_LIBS)
$(bin_$(1))/churn-tests: $(call objects,$(1),$(TESTED))
	$$(call say,LD) && mkdir -p $$(@D) && $$(CC) $(THREADS) $(flags_$(1)) -o $$@ $$^ $$(CHURN_LIBS) $$(HOST_LIBS) -lcriterion
$(BUILD)/obj/$(1)/%.o: %.c
	$$(call say,CC) && mkdir -p $$(@D) && $$(CC) $(STD) $(WARN) $(OPT) $(THREADS) $(flags_$(1)) $$(room_flags) -MMD -MP -c $$< -o $$@
endef
$(foreach variant,$(VARIANTS),$(eval $(call VARIANT_RULES,$(variant))))

$(BUILD)/%.so: pools/plugin/%.c pools/keyed_pool.h
	$(call say,LD) && mkdir -p $(@D) && $(CC) $(STD) $(WARN) $(OPT) $(THREADS) -fPIC -shared -o $@ $<

simple_part = $(if $(filter racy,$*),,harness/tests/pools/simple.c)

$(BUILD)/selftest/%.so: harness/tests/pools/%.c harness/tests/pools/simple.c harness/tests/pools/simple.h pools/keyed_pool.h
	$(call say,LD) && mkdir -p $(@D) && $(CC) $(STD) $(WARN) $(OPT) -fPIC -shared -o $@ $< $(simple_part)

# A tool that instruments sees into a shared object only when that was built with it.
$(bin_tsan)/selftest/%.so: harness/tests/pools/%.c pools/keyed_pool.h
	$(call say,LD) && mkdir -p $(@D) && $(CC) $(STD) $(WARN) $(OPT) $(flags_tsan) -fPIC -shared -o $@ $<

# Flags that a file's room needs beside the common ones.
room_flags = $(if $(findstring /harness/scenario/,$@)$(findstring /harness/cli/,$@),$(LUA_CFLAGS)) \
              $(if $(findstring /harness/report/,$@)$(findstring /test_report_,$@),$(XML_CFLAGS))

-include $(foreach variant,$(VARIANTS),$(patsubst %.o,%.d,$(call objects,$(variant),$(CHURN) $(HOST) $(TESTS))))
