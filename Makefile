# jukebox - GNU make, no configure.  `make help' lists the targets, `make config' tells what was found.
#
# Optional parts (ALSA, OSS, SOXR, LAME, TWOLAME, OPUSENC, LIBAV, SECCOMP, SHOUT, HTTPD) are auto, yes or no: auto takes what is
# there, yes fails loudly when it is not.  Respected: CC CFLAGS CPPFLAGS LDFLAGS PREFIX LIBDIR DESTDIR.  WERROR=0 for newer compilers.
# SAN=address,undefined and SAN=thread build with sanitizers, in a folder of their own.

VERSION := 0.1.0

PREFIX ?= /usr/local
BINDIR ?= $(PREFIX)/bin
LIBDIR ?= $(PREFIX)/lib
MODULEDIR ?= $(LIBDIR)/jukebox
INCLUDEDIR ?= $(PREFIX)/include
MANDIR ?= $(PREFIX)/share/man
DOCDIR ?= $(PREFIX)/share/doc/jukebox
UNITDIR ?= $(PREFIX)/lib/systemd
CFLAGS ?= -O2 -g
PKG_CONFIG ?= pkg-config
WERROR ?= 1
SAN ?=
V ?= 0
JOBS ?= $(shell nproc 2>/dev/null || echo 1)
PARALLEL = $(if $(findstring jobserver,$(MAKEFLAGS)),,-j$(JOBS))
FUZZ_SECONDS ?= 60
FUZZ_SEED ?= 0

ALSA ?= auto
OSS ?= auto
SOXR ?= auto
LAME ?= auto
TWOLAME ?= auto
OPUSENC ?= auto
LIBAV ?= auto
SHOUT ?= auto
HTTPD ?= auto
SECCOMP ?= auto

comma := ,
percent := %
BUILD ?= build$(if $(SAN),-$(subst $(comma),-,$(SAN)))

.PHONY: all
all:

# ---- libraries ---------------------------------------------------------------------------------
# pkg-config names.  Debian's names stand in packaging/packages.txt, with what each is for.
REQUIRED := libmpg123 vorbisfile vorbisenc vorbis opusfile flac ogg sndfile samplerate sqlite3 jansson expat fftw3f

# Optional: PART, how it is seen, what it adds.  A header is looked for where a library has no .pc file.
OPTIONAL := ALSA OSS SOXR LAME TWOLAME OPUSENC LIBAV SECCOMP SHOUT HTTPD
PROOF_ALSA := pc:alsa
PROOF_OSS := header:sys/soundcard.h
PROOF_SOXR := pc:soxr
PROOF_LAME := pc:lame
PROOF_TWOLAME := pc:twolame
PROOF_OPUSENC := pc:libopusenc
PROOF_LIBAV := pc:libavformat
PROOF_SHOUT := pc:shout
PROOF_HTTPD := pc:libmicrohttpd
PROOF_SECCOMP := pc:libseccomp
SOURCES_OSS := src/output/oss.c
SOURCES_LAME := src/encode/mp3.c
SOURCES_TWOLAME := src/encode/mp2.c
SOURCES_OPUSENC := src/encode/opus.c
# Parts that are modules: shared objects, loaded on first need, so that the program itself links none of their libraries.
# What it is linked with costs at each start: with libavformat 30 ms and 135 shared objects, with HTTP and Icecast 12 ms
# and 58, with none of these 3 ms and 26.
MODULE_PARTS := LIBAV ALSA SHOUT HTTPD
MODULE_LIBAV := libav
MODULE_ALSA := output-alsa
MODULE_SHOUT := output-icecast
MODULE_HTTPD := output-httpd
SOURCES_libav := $(sort $(wildcard src/modules/libav/*.c))
SOURCES_output-alsa := src/output/alsa.c src/output/device_samples.c
SOURCES_output-icecast := $(addprefix src/output/,icecast.c inquiry.c url.c)
SOURCES_output-httpd := $(addprefix src/output/,httpd.c server.c pages.c stream.c url.c)
PACKAGES_libav := libavformat libavcodec libavutil
PACKAGES_output-alsa := alsa
PACKAGES_output-icecast := shout
PACKAGES_output-httpd := libmicrohttpd jansson ogg
# What is in modules alone.
SOURCES_ALSA := src/output/alsa.c
SOURCES_SHOUT := src/output/icecast.c src/output/inquiry.c
SOURCES_HTTPD := src/output/httpd.c src/output/server.c src/output/pages.c

# Targets that need no libraries, or see to them first.
WITHOUT_LIBRARIES := soak deb clean help setup demo check bench bench-check check-valgrind fuzz lint format config uninstall version
GOALS := $(or $(MAKECMDGOALS),all)

pc = $(shell $(PKG_CONFIG) --exists $(1) 2>/dev/null && echo yes)
header = $(shell echo '\#include <$(1)>' | $(CC) $(CPPFLAGS) -E - >/dev/null 2>&1 && echo yes)
seen = $(if $(filter pc:%,$(1)),$(call pc,$(1:pc:%=%)),$(call header,$(1:header:%=%)))
have = $(if $(filter no,$($(1))),,$(call seen,$(PROOF_$(1))))
$(foreach part,$(OPTIONAL),$(eval HAVE_$(part) := $(call have,$(part))))
HAVE := $(foreach part,$(OPTIONAL),$(if $(HAVE_$(part)),$(part)))

ifneq ($(filter-out $(WITHOUT_LIBRARIES),$(GOALS)),)
missing := $(strip $(foreach p,$(REQUIRED),$(if $(call pc,$(p)),,$(p))))
ifneq ($(missing),)
$(error missing libraries: $(missing). `make setup' installs them on Debian; packaging/packages.txt names them)
endif
$(foreach part,$(OPTIONAL),$(if $(filter yesno,$($(part))$(or $(HAVE_$(part)),no)),\
	$(error $(part)=yes, but there is no $(PROOF_$(part)); packaging/packages.txt names the package)))
endif

PACKAGES := $(REQUIRED) $(patsubst pc:%,%,$(filter pc:%,$(foreach part,$(filter-out $(MODULE_PARTS),$(HAVE)),$(PROOF_$(part)))))
PACKAGE_CFLAGS := $(shell $(PKG_CONFIG) --cflags $(PACKAGES) 2>/dev/null)
PACKAGE_LIBS := $(shell $(PKG_CONFIG) --libs $(PACKAGES) 2>/dev/null)
# test_output_alsa stands between the module and its library.
TEST_PACKAGES := cmocka libebur128 $(if $(HAVE_ALSA),alsa)
TEST_CFLAGS := $(shell $(PKG_CONFIG) --cflags $(TEST_PACKAGES) 2>/dev/null)
TEST_LIBS := $(shell $(PKG_CONFIG) --libs $(TEST_PACKAGES) 2>/dev/null)

# ---- flags -------------------------------------------------------------------------------------
# -Wno-unused-parameter: tables of functions, where one entry needs less than another.
WARNINGS := -Wall -Wextra -Wshadow -Wpointer-arith -Wstrict-prototypes -Wmissing-prototypes \
	-Wwrite-strings -Wvla -Wformat=2 -Wundef -Wimplicit-fallthrough -Wno-unused-parameter \
	$(if $(filter 1,$(WERROR)),-Werror)
SANITIZE := $(if $(SAN),-fsanitize=$(SAN) -fno-sanitize-recover=all -fno-omit-frame-pointer)
# _FORTIFY_SOURCE hides what the sanitizers look for.
JB_CPPFLAGS := -Iinclude -D_GNU_SOURCE -D_FILE_OFFSET_BITS=64 -DJUKEBOX_VERSION='"$(VERSION)"' \
	$(patsubst %,-DHAVE_%=1,$(HAVE)) -DJUKEBOX_MODULE_FOLDER='"$(MODULEDIR)"' $(if $(SAN),,-U_FORTIFY_SOURCE -D_FORTIFY_SOURCE=2) $(PACKAGE_CFLAGS)
# -ffp-contract=off: the same bytes from every machine.
JB_CFLAGS := -std=c11 -pthread -fPIE -ffp-contract=off -fno-math-errno -fno-trapping-math \
	-fstack-protector-strong $(WARNINGS) $(SANITIZE)
# The few functions that modules may call stay visible, and are there in a program that does not call them itself.
EXPORTS := $(shell sed -n 's/^\t//p' src/modules/exports.list | tr -d ';')
JB_LDFLAGS := -pthread -pie -Wl,--dynamic-list=src/modules/exports.list $(EXPORTS:%=-Wl,-u,%) -Wl,-z,relro,-z,now -Wl,--as-needed $(SANITIZE)
JB_LIBS := $(PACKAGE_LIBS) -lm

Q := $(if $(filter 1,$(V)),,@)
say = $(if $(filter 1,$(V)),,@printf '  %-7s %s\n' $(1) $(2))

# ---- sources: lists are wildcards, a new file needs no line here ---------------------------------
ABSENT := $(foreach part,$(filter-out $(HAVE),$(OPTIONAL)) $(MODULE_PARTS),$(SOURCES_$(part)))
SOURCES := $(filter-out $(ABSENT),$(sort $(wildcard src/*/*.c)))
OBJECTS := $(SOURCES:%.c=$(BUILD)/%.o)
LIBRARY := $(BUILD)/libjukebox.a
PROGRAM := $(BUILD)/jukebox
SUPPORT := $(patsubst %.c,$(BUILD)/%.o,$(sort $(wildcard tests/support/*.c)))
UNIT_TESTS := $(patsubst tests/unit/%.c,$(BUILD)/tests/%,$(sort $(wildcard tests/unit/test_*.c)))
DRIVES := $(patsubst tests/drive/%.c,$(BUILD)/drive/%,$(sort $(wildcard tests/drive/*.c)))
FUZZERS := $(patsubst tests/fuzz/%.c,$(BUILD)/fuzz/%,$(sort $(wildcard tests/fuzz/fuzz_*.c)))
CLI_TESTS := $(sort $(wildcard tests/cli/*.t))
C_FILES := $(sort $(wildcard include/jukebox/*.h src/*.c src/*/*.[ch] tests/*/*.[ch] bench/*.[ch]))

MODULE_NAMES := $(foreach part,$(filter $(MODULE_PARTS),$(HAVE)),$(MODULE_$(part)))
MODULES := $(MODULE_NAMES:%=$(BUILD)/modules/%.so)
MODULE_SOURCES := $(sort $(foreach name,$(MODULE_NAMES),$(SOURCES_$(name))))
MODULE_OBJECTS := $(MODULE_SOURCES:%.c=$(BUILD)/pic/%.o)
MODULE_PACKAGE_CFLAGS := $(shell $(PKG_CONFIG) --cflags $(foreach name,$(MODULE_NAMES),$(PACKAGES_$(name))) 2>/dev/null)
C_FILES += $(sort $(wildcard src/modules/*/*.[ch] doc/*.c))

all: $(PROGRAM) $(MODULES)

$(PROGRAM): $(BUILD)/src/main.o $(LIBRARY)
	$(call say,LINK,$@)
	$(Q)$(CC) $(CFLAGS) $(JB_CFLAGS) $(JB_LDFLAGS) $(LDFLAGS) -o $@ $^ $(JB_LIBS)

$(LIBRARY): $(OBJECTS) $(BUILD)/members src/modules/exports.list
	$(call say,AR,$@)
	$(Q)rm -f $@ && $(AR) rcs $@ $(OBJECTS)

# Both are rewritten only when they change: other flags compile anew, a removed source leaves the library.
$(BUILD)/flags: CONTENT = $(CC) $(JB_CPPFLAGS) $(CPPFLAGS) $(CFLAGS) $(JB_CFLAGS) $(JB_LDFLAGS) $(LDFLAGS)
$(BUILD)/members: CONTENT = $(OBJECTS)
$(BUILD)/flags $(BUILD)/members: FORCE
	@mkdir -p $(@D)
	@printf '%s\n' '$(subst ','\'',$(CONTENT))' | cmp -s - $@ || printf '%s\n' '$(subst ','\'',$(CONTENT))' > $@
.PHONY: FORCE

$(BUILD)/%.o: %.c $(BUILD)/flags
	$(call say,CC,$<)
	$(Q)mkdir -p $(@D)
	$(Q)$(CC) $(JB_CPPFLAGS) $(CPPFLAGS) $(CFLAGS) $(JB_CFLAGS) -MMD -MP -c -o $@ $<

# A module is its own objects, compiled apart: position independent, with its own libraries.
MODULE_CFLAGS = $(filter-out -fPIE,$(JB_CFLAGS)) -fPIC -fvisibility=hidden
$(BUILD)/pic/%.o: %.c $(BUILD)/flags
	$(call say,CC,$<)
	$(Q)mkdir -p $(@D)
	$(Q)$(CC) $(JB_CPPFLAGS) $(CPPFLAGS) $(MODULE_PACKAGE_CFLAGS) $(CFLAGS) $(MODULE_CFLAGS) -MMD -MP -c -o $@ $<

.SECONDEXPANSION:
$(MODULES): $(BUILD)/modules/%.so: $$(patsubst $$(percent).c,$(BUILD)/pic/$$(percent).o,$$(SOURCES_$$*))
	$(call say,MODULE,$@)
	$(Q)mkdir -p $(@D)
	$(Q)$(CC) $(CFLAGS) $(MODULE_CFLAGS) -shared -Wl,-z,relro,-z,now -Wl,--as-needed $(LDFLAGS) -o $@ $^ \
		$(shell $(PKG_CONFIG) --libs $(PACKAGES_$*)) -lm

# The page's script and style are taken in by the assembler.
$(BUILD)/pic/src/output/pages.o: $(wildcard src/output/page/*)

# Tests see the private headers of the module under test: "decode/x.h".
$(BUILD)/tests/%.o: private JB_CPPFLAGS += -Isrc -Itests $(TEST_CFLAGS)

$(BUILD)/tests/%: $(BUILD)/tests/unit/%.o $(SUPPORT) $(LIBRARY)
	$(call say,LINK,$@)
	$(Q)$(CC) $(CFLAGS) $(JB_CFLAGS) $(JB_LDFLAGS) $(LDFLAGS) -o $@ $^ $(TEST_LIBS) $(JB_LIBS)

$(BUILD)/drive/%: $(BUILD)/tests/drive/%.o $(SUPPORT) $(LIBRARY)
	$(call say,LINK,$@)
	$(Q)mkdir -p $(@D)
	$(Q)$(CC) $(CFLAGS) $(JB_CFLAGS) $(JB_LDFLAGS) $(LDFLAGS) -o $@ $^ $(TEST_LIBS) $(JB_LIBS)

$(BUILD)/fuzz/%: $(BUILD)/tests/fuzz/%.o $(SUPPORT) $(LIBRARY)
	$(call say,LINK,$@)
	$(Q)mkdir -p $(@D)
	$(Q)$(CC) $(CFLAGS) $(JB_CFLAGS) -fsanitize=fuzzer $(JB_LDFLAGS) $(LDFLAGS) -o $@ $^ $(TEST_LIBS) $(JB_LIBS)

# It belongs to a module, but needs none of its library.
$(BUILD)/fuzz/fuzz_musepack: $(BUILD)/src/modules/libav/musepack.o

# ---- set-up, demo, tests -------------------------------------------------------------------------
.PHONY: setup demo check tests test unit check-valgrind fuzz fuzzers
setup:
	@packaging/setup build optional test

demo: setup
	@+$(MAKE) --no-print-directory $(PARALLEL) all
	@packaging/demo $(PROGRAM) demo

check: setup
	@+$(MAKE) --no-print-directory $(PARALLEL) tests
	@+$(MAKE) --no-print-directory test

# Everything that the tests need; then the tests, without building.
tests: $(PROGRAM) $(MODULES) $(UNIT_TESTS) $(DRIVES)

PROVE_UNDER = JUKEBOX_MODULES=$(abspath $(BUILD)/modules) \
	LSAN_OPTIONS=$${LSAN_OPTIONS-suppressions=$(abspath tests/support/lsan.supp):print_suppressions=0} ASAN_OPTIONS=$${ASAN_OPTIONS-detect_stack_use_after_return=1} \
	UBSAN_OPTIONS=$${UBSAN_OPTIONS-print_stacktrace=1} \
	TSAN_OPTIONS=$${TSAN_OPTIONS-halt_on_error=1:second_deadlock_stack=1} \
	JUKEBOX=$(abspath $(PROGRAM)) BUILD=$(abspath $(BUILD)) prove -j$(JOBS) --timer --failures --comments -e tests/support/run-one
# TEST_WITHOUT: unit tests to leave out, by name; "%" stands for anything.
TESTED = $(filter-out $(addprefix $(BUILD)/tests/,$(TEST_WITHOUT)),$(UNIT_TESTS))
test:
	@echo "tests: $(words $(TESTED)) programs, $(words $(CLI_TESTS)) scripts, $(JOBS) at a time, with $(PROGRAM)"
	@$(PROVE_UNDER) $(TESTED) $(CLI_TESTS)

unit: $(MODULES) $(UNIT_TESTS) $(DRIVES)
	@$(PROVE_UNDER) $(UNIT_TESTS)

# The unit tests; a leak, or a byte read that nobody wrote, fails them.  Some push minutes of sound through
# tight loops, which takes valgrind half an hour: those are left to the sanitizers.
# So are tests of libraries' own encoders and decoders, and of 200 damaged caches; test_output_oss starts itself again from
# /proc/self/exe, which under valgrind is valgrind; in the children of test_cache_processes a name that cmocka's stack
# still holds counts as lost.
VALGRIND_WITHOUT ?= test_measure_meter test_mix_limiter test_measure_tempo test_measure_analyser test_encode_formats \
	test_modules_libav test_cache_damage test_cache_processes test_output_oss
check-valgrind: setup
	@+$(MAKE) --no-print-directory $(PARALLEL) tests
	@TEST_SECONDS=1200 TEST_UNDER='valgrind -q --error-exitcode=99 --leak-check=full --errors-for-leak-kinds=definite,indirect,possible --suppressions=tests/support/valgrind.supp --child-silent-after-fork=yes' \
		$(PROVE_UNDER) $(filter-out $(VALGRIND_WITHOUT:%=$(BUILD)/tests/%),$(UNIT_TESTS))

# Each target for FUZZ_SECONDS, from its seeds; JOBS side by side.  FUZZ_SEED other than 0: the same inputs in the same
# order each time.
fuzz:
	@packaging/setup build optional lint
	@+$(MAKE) --no-print-directory $(PARALLEL) BUILD=build-fuzz CC=clang CFLAGS='-O1 -g' \
		SAN=fuzzer-no-link,address,undefined fuzzers
	@tests/fuzz/run build-fuzz/fuzz $(FUZZ_SECONDS) $(JOBS) $(FUZZ_SEED)
fuzzers: $(FUZZERS)

# ---- speed ---------------------------------------------------------------------------------------
# MUSIC=FOLDER: with the music that is there, else with some of its own; BENCH: what bench/run is to do.
.PHONY: bench bench-check bench-reference
MUSIC ?=
BENCH ?=
$(BUILD)/bench/%.o: private JB_CPPFLAGS += -Isrc
$(BUILD)/bench/%: $(BUILD)/bench/%.o $(LIBRARY)
	$(call say,LINK,$@)
	$(Q)$(CC) $(CFLAGS) $(JB_CFLAGS) $(JB_LDFLAGS) $(LDFLAGS) -o $@ $^ $(JB_LIBS)

bench: setup
	@+$(MAKE) --no-print-directory all $(BUILD)/bench/bare $(BUILD)/bench/usage
	@bench/run $(if $(MUSIC),--music '$(MUSIC)') --build $(BUILD) $(BENCH)

# Twelve thousand songs, and half an hour of listeners: does memory grow?
.PHONY: soak
SONGS ?= 12000
LIVE ?= 1500
soak: setup
	@+$(MAKE) --no-print-directory all
	@JUKEBOX_MODULES=$(abspath $(BUILD)/modules) nice bench/soak --program $(PROGRAM) --songs $(SONGS) --live $(LIVE) $(SOAK)

bench-check: setup
	@+$(MAKE) --no-print-directory $(BUILD)/bench/hot
	@CC='$(CC)' CFLAGS='$(CFLAGS)' bench/check $(BUILD)/bench/hot

bench-reference: $(BUILD)/bench/hot
	@CC='$(CC)' CFLAGS='$(CFLAGS)' bench/check $(BUILD)/bench/hot --write

# ---- form ----------------------------------------------------------------------------------------
.PHONY: lint format
lint:
	@packaging/setup build optional test lint
	@+$(MAKE) --no-print-directory $(PARALLEL) all compile_commands.json
	@tests/lint/run $(BUILD)

format:
	clang-format -i $(C_FILES)

# For clang-tidy and editors.
compile_commands.json: $(BUILD)/flags $(C_FILES)
	@{ echo '['; for f in $(sort $(SOURCES) $(MODULE_SOURCES)) src/main.c; do \
		printf '%s{"directory": "%s", "file": "%s", "arguments": [' "$$comma" "$(CURDIR)" "$$f"; \
		for a in cc $(filter-out -Werror,$(JB_CPPFLAGS) $(CPPFLAGS) $(JB_CFLAGS)); do printf '"%s", ' \
			"$$(printf '%s' "$$a" | sed 's/"/\\"/g')"; done; \
		printf '"-c", "%s"]}\n' "$$f"; comma=,; done; echo ']'; } > $@

# ---- what was found ------------------------------------------------------------------------------
.PHONY: config version help
state = $(if $(filter no,$($(1))),no (switched off),$(if $(HAVE_$(1)),yes,no ($(PROOF_$(1)) was not found)))
config:
	@echo "jukebox $(VERSION), in $(BUILD)/"
	@echo "compiler    $(CC): $$($(CC) --version 2>/dev/null | head -n 1)"
	@echo "flags       $(CFLAGS) $(CPPFLAGS) $(LDFLAGS)$(if $(SAN), sanitizers: $(SAN))"
	@echo "install to  $(DESTDIR)$(PREFIX)"
	@echo "needed:"
	@for p in $(REQUIRED); do printf '  %-12s %s\n' $$p "$$($(PKG_CONFIG) --modversion $$p 2>/dev/null || echo 'MISSING: make setup')"; done
	@echo "optional (auto, yes, no):"
	@$(foreach part,$(OPTIONAL),printf '  %-12s %s\n' '$(part)=$($(part))' '$(call state,$(part))';)

version:
	@echo $(VERSION)

help:
	@echo 'make             build $(PROGRAM)'
	@echo 'make setup       install what is missing (Debian packages; packaging/packages.txt)'
	@echo 'make demo        set-up, build, make a little music, and mix it to demo/mix.wav'
	@echo 'make check       set-up, build, run all tests'
	@echo 'make config      tell what was found and chosen'
	@echo 'make install     to $$(DESTDIR)$$(PREFIX), now $(DESTDIR)$(PREFIX); make uninstall takes it away'
	@echo 'make lint        form and static checks; make format puts the form right'
	@echo 'make fuzz        each fuzz target for FUZZ_SECONDS ($(FUZZ_SECONDS))'
	@echo 'make check-valgrind   the unit tests under valgrind'
	@echo 'make deb         the Debian package of what is committed, in build/deb'
	@echo 'make bench       speed, beside other programs, with MUSIC=FOLDER or some of its own: bench/RESULTS.md'
	@echo 'make bench-check the instructions of the hot loops, against bench/hot.json'
	@echo 'make soak        memory over SONGS ($(SONGS)) songs, and LIVE ($(LIVE)) seconds of listeners; SOAK=--save: doc/soak.svg, bench/SOAK.md'
	@echo 'make clean       remove what was built'
	@echo 'Settings: ALSA OSS SOXR LAME TWOLAME OPUSENC LIBAV SECCOMP SHOUT HTTPD (auto yes no), SAN=address,undefined or thread, V=1, WERROR=0, JOBS=N,'
	@echo '          CC CFLAGS CPPFLAGS LDFLAGS PREFIX LIBDIR DESTDIR'

# ---- installation --------------------------------------------------------------------------------
.PHONY: install uninstall deb clean
deb:
	@packaging/deb

# What the makers of modules need.
MODULE_HEADERS := module.h decoder.h limits.h part.h source.h status.h tags.h
install: $(PROGRAM) $(MODULES)
	install -d $(DESTDIR)$(BINDIR) $(DESTDIR)$(MANDIR)/man1 $(DESTDIR)$(MANDIR)/man5 $(DESTDIR)$(DOCDIR) \
		$(DESTDIR)$(MODULEDIR) $(DESTDIR)$(INCLUDEDIR)/jukebox
	install -m 755 $(PROGRAM) $(DESTDIR)$(BINDIR)/jukebox
	$(if $(MODULES),install -m 755 $(MODULES) $(DESTDIR)$(MODULEDIR))
	install -m 644 $(addprefix include/jukebox/,$(MODULE_HEADERS)) $(DESTDIR)$(INCLUDEDIR)/jukebox
	install -m 644 $(wildcard man/*.1) $(DESTDIR)$(MANDIR)/man1
	install -m 644 $(wildcard man/*.5) $(DESTDIR)$(MANDIR)/man5
	install -m 644 README.md CHANGELOG.md doc/station.md $(DESTDIR)$(DOCDIR)
	install -d $(DESTDIR)$(UNITDIR)/system $(DESTDIR)$(UNITDIR)/user
	sed 's,@BINDIR@,$(BINDIR),' packaging/systemd/jukebox.service.in > $(DESTDIR)$(UNITDIR)/system/jukebox.service
	sed 's,@BINDIR@,$(BINDIR),' packaging/systemd/jukebox-user.service.in > $(DESTDIR)$(UNITDIR)/user/jukebox.service

uninstall:
	rm -f $(DESTDIR)$(BINDIR)/jukebox $(patsubst man/%,$(DESTDIR)$(MANDIR)/man1/%,$(wildcard man/*.1)) \
		$(patsubst man/%,$(DESTDIR)$(MANDIR)/man5/%,$(wildcard man/*.5)) $(MODULES:$(BUILD)/modules/%=$(DESTDIR)$(MODULEDIR)/%) \
		$(addprefix $(DESTDIR)$(INCLUDEDIR)/jukebox/,$(MODULE_HEADERS))
	rm -rf $(DESTDIR)$(DOCDIR)
	rm -f $(DESTDIR)$(UNITDIR)/system/jukebox.service $(DESTDIR)$(UNITDIR)/user/jukebox.service
	-rmdir $(DESTDIR)$(MODULEDIR) $(DESTDIR)$(INCLUDEDIR)/jukebox 2>/dev/null

clean:
	rm -rf build build-* demo compile_commands.json

-include $(patsubst %.o,%.d,$(OBJECTS) $(MODULE_OBJECTS)) $(BUILD)/src/main.d $(wildcard $(BUILD)/tests/*/*.d) $(wildcard $(BUILD)/bench/*.d)
.SECONDARY:
.DELETE_ON_ERROR:
