# jukebox - GNU make.  `make help` lists the targets.
#
# Optional parts are auto, yes or no: ALSA, OSS, SOXR, EXPAT.  `auto` takes what is there, `yes` fails
# loudly when it is not.  Respected: CC CFLAGS CPPFLAGS LDFLAGS PREFIX DESTDIR.
# SAN=address,undefined or SAN=thread build with sanitizers, in a folder of their own.

PREFIX ?= /usr/local
CFLAGS ?= -O2 -g
PKG_CONFIG ?= pkg-config
WERROR ?= 1
SAN ?=
ALSA ?= auto
SOXR ?= auto
V ?= 0

VERSION := 0.1.0
comma := ,
BUILD ?= build$(if $(SAN),-$(subst $(comma),-,$(SAN)))

# ---- libraries ---------------------------------------------------------------------------------
# need NAME,PKG,DEBIAN: one that must be there;  want VAR,PKG,DEBIAN: auto, yes or no.
REQUIRED := libmpg123 vorbisfile vorbis ogg sndfile samplerate sqlite3 jansson expat fftw3f
missing := $(strip $(foreach p,$(REQUIRED),$(if $(shell $(PKG_CONFIG) --exists $(p) && echo y),,$(p))))
have = $(if $(filter no,$(1)),,$(shell $(PKG_CONFIG) --exists $(2) && echo yes))
HAVE_ALSA := $(call have,$(ALSA),alsa)
HAVE_SOXR := $(call have,$(SOXR),soxr)
PACKAGES := $(REQUIRED) $(if $(HAVE_ALSA),alsa) $(if $(HAVE_SOXR),soxr)

ifneq ($(filter-out clean help setup demo check list-packages,$(or $(MAKECMDGOALS),all)),)
ifneq ($(missing),)
$(error missing libraries: $(missing); `make setup' installs what is needed, see packaging/packages.txt)
endif
ifeq ($(ALSA)$(HAVE_ALSA),yes)
$(error ALSA=yes, but there is no alsa.pc: install libasound2-dev)
endif
ifeq ($(SOXR)$(HAVE_SOXR),yes)
$(error SOXR=yes, but there is no soxr.pc: install libsoxr-dev)
endif
endif

# ---- flags -------------------------------------------------------------------------------------
WARNINGS := -Wall -Wextra -Wshadow -Wpointer-arith -Wstrict-prototypes -Wmissing-prototypes \
	-Wwrite-strings -Wvla -Wformat=2 -Wundef -Wimplicit-fallthrough -Wno-unused-parameter \
	$(if $(filter 1,$(WERROR)),-Werror)
# -ffp-contract=off: the same bytes on every machine.
JB_CPPFLAGS = -Iinclude -D_GNU_SOURCE -D_FILE_OFFSET_BITS=64 -DJUKEBOX_VERSION='"$(VERSION)"' \
	$(if $(HAVE_ALSA),-DHAVE_ALSA=1) $(if $(HAVE_SOXR),-DHAVE_SOXR=1) \
	$(if $(SAN),,-D_FORTIFY_SOURCE=2) $(shell $(PKG_CONFIG) --cflags $(PACKAGES) 2>/dev/null)
JB_CFLAGS = -std=c11 -pthread -fPIE -ffp-contract=off -fno-math-errno -fno-trapping-math \
	-fstack-protector-strong $(WARNINGS) $(if $(SAN),-fsanitize=$(SAN) -fno-omit-frame-pointer)
JB_LDFLAGS = -pthread -pie -Wl,-z,relro,-z,now -Wl,--as-needed $(if $(SAN),-fsanitize=$(SAN))
JB_LIBS = $(shell $(PKG_CONFIG) --libs $(PACKAGES) 2>/dev/null) -lm

Q := $(if $(filter 1,$(V)),,@)
say = $(if $(filter 1,$(V)),,@printf '  %-7s %s\n' $(1) $(2))

# ---- sources -----------------------------------------------------------------------------------
SOURCES := $(sort $(wildcard src/*/*.c))
ifeq ($(HAVE_ALSA),)
SOURCES := $(filter-out src/output/alsa.c,$(SOURCES))
endif
OBJECTS := $(SOURCES:%.c=$(BUILD)/%.o)
LIBRARY := $(BUILD)/libjukebox.a
PROGRAM := $(BUILD)/jukebox

UNIT_TESTS := $(patsubst tests/unit/%.c,$(BUILD)/tests/%,$(sort $(wildcard tests/unit/test_*.c)))
SUPPORT_OBJECTS := $(patsubst %.c,$(BUILD)/%.o,$(sort $(wildcard tests/support/*.c)))
DRIVES := $(patsubst tests/drive/%.c,$(BUILD)/drive/%,$(sort $(wildcard tests/drive/*.c)))

.PHONY: all
all: $(PROGRAM)

$(PROGRAM): $(BUILD)/src/main.o $(LIBRARY)
	$(call say,LINK,$@)
	$(Q)$(CC) $(CFLAGS) $(JB_LDFLAGS) $(LDFLAGS) -o $@ $^ $(JB_LIBS)

$(LIBRARY): $(OBJECTS)
	$(call say,AR,$@)
	$(Q)rm -f $@ && $(AR) rcs $@ $(OBJECTS)

$(BUILD)/%.o: %.c Makefile
	$(call say,CC,$<)
	$(Q)mkdir -p $(@D)
	$(Q)$(CC) $(JB_CPPFLAGS) $(CPPFLAGS) $(CFLAGS) $(JB_CFLAGS) -MMD -MP -c -o $@ $<

# Unit tests see their module's private headers: test_x_y.c may include "x/y.h" parts by -Isrc.
$(BUILD)/tests/unit/%.o: JB_CPPFLAGS += -Isrc -Itests $(shell $(PKG_CONFIG) --cflags cmocka libebur128 2>/dev/null)
$(BUILD)/tests/support/%.o $(BUILD)/tests/drive/%.o $(BUILD)/tests/fuzz/%.o: JB_CPPFLAGS += -Isrc -Itests

$(BUILD)/tests/%: $(BUILD)/tests/unit/%.o $(SUPPORT_OBJECTS) $(LIBRARY)
	$(call say,LINK,$@)
	$(Q)$(CC) $(CFLAGS) $(JB_LDFLAGS) $(LDFLAGS) -o $@ $^ $(shell $(PKG_CONFIG) --libs cmocka libebur128) $(JB_LIBS)

$(BUILD)/drive/%: $(BUILD)/tests/drive/%.o $(SUPPORT_OBJECTS) $(LIBRARY)
	$(call say,LINK,$@)
	$(Q)mkdir -p $(@D)
	$(Q)$(CC) $(CFLAGS) $(JB_LDFLAGS) $(LDFLAGS) -o $@ $^ $(JB_LIBS)

.PHONY: unit
unit: $(UNIT_TESTS) $(DRIVES)
	@for t in $(UNIT_TESTS); do echo "# $$t"; CMOCKA_MESSAGE_OUTPUT=TAP $$t || exit 1; done

.PHONY: clean
clean:
	rm -rf build build-*

-include $(OBJECTS:.o=.d) $(BUILD)/src/main.d $(wildcard $(BUILD)/tests/*/*.d)
.SECONDARY:
