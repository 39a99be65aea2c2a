# What `make check` runs: the lints, the unit tests, the fuzz corpora and the black-box
# tests. Modules add their unit tests and fuzz targets in their own fragments.

check_PROGRAMS += tests/unit/unit
tests_unit_unit_SOURCES = %D%/unit/main.c %D%/unit/suites.def %D%/unit/unit.h
tests_unit_unit_CPPFLAGS = $(AM_CPPFLAGS) -I$(srcdir)/%D%/unit $(CHECK_CFLAGS)
tests_unit_unit_LDADD = libempower.a $(EMP_LIBS) $(CHECK_LIBS)

# A fuzz target F is tests/fuzz/F.c with a LLVMFuzzerTestOneInput() and at least one
# input in tests/fuzz/corpus/F/. The fragment of its module says:
#   FUZZERS += tests/fuzz/F
#   tests_fuzz_F_SOURCES = tests/fuzz/F.c $(FUZZ_MAIN)
#   tests_fuzz_F_LDFLAGS = $(FUZZ_LINK)
FUZZERS =
if FUZZING
FUZZ_MAIN =
else
FUZZ_MAIN = tests/fuzz/replay.c
endif
FUZZ_LINK = $(AM_LDFLAGS) $(EMP_FUZZ_LDFLAGS)
check_PROGRAMS += $(FUZZERS)

# The yardstick of tests/bench/run; not built by default.
EXTRA_PROGRAMS = tests/bench/bare
tests_bench_bare_SOURCES = %D%/bench/bare.c
tests_bench_bare_LDADD = $(SQLITE_LIBS)

TESTS += \
	%D%/lint/layers.py \
	%D%/lint/sizes.py \
	%D%/lint/headers.py \
	%D%/lint/format.py \
	%D%/lint/words.py \
	%D%/lint/man.py \
	%D%/lint/docs.py \
	%D%/lint/symbols.py \
	%D%/lint/interface.py \
	%D%/lint/texts.py \
	tests/unit/unit \
	%D%/fuzz/replay.sh \
	%D%/pytest.sh

AM_TESTS_ENVIRONMENT = \
	top_srcdir='$(abs_top_srcdir)'; export top_srcdir; \
	top_builddir='$(abs_top_builddir)'; export top_builddir; \
	CC='$(CC)'; export CC; \
	HEADER_FLAGS='$(AM_CPPFLAGS) $(CPPFLAGS) $(AM_CFLAGS) $(CHECK_CFLAGS)'; \
	export HEADER_FLAGS; \
	CLANG_FORMAT='$(CLANG_FORMAT)'; export CLANG_FORMAT; \
	MAN_PAGES='$(dist_man_MANS)'; export MAN_PAGES; \
	PYTHON3='$(PYTHON3)'; export PYTHON3; \
	FUZZERS='$(FUZZERS)'; export FUZZERS; \
	EMPOWERD='$(abs_top_builddir)/empowerd'; export EMPOWERD; \
	EMPOWERCTL='$(abs_top_builddir)/empowerctl'; export EMPOWERCTL; \
	PYTHONDONTWRITEBYTECODE=1; export PYTHONDONTWRITEBYTECODE;
# Not Check's four seconds: sanitizers on a busy machine are slow, not wrong.
AM_TESTS_ENVIRONMENT += \
	CK_DEFAULT_TIMEOUT=$${CK_DEFAULT_TIMEOUT-60}; export CK_DEFAULT_TIMEOUT;
# A refused allocation is NULL as without sanitizers, and a finding names its place.
AM_TESTS_ENVIRONMENT += \
	ASAN_OPTIONS=allocator_may_return_null=1:detect_stack_use_after_return=1; \
	TSAN_OPTIONS=allocator_may_return_null=1:second_deadlock_stack=1; \
	UBSAN_OPTIONS=print_stacktrace=1; \
	export ASAN_OPTIONS TSAN_OPTIONS UBSAN_OPTIONS;
TEST_EXTENSIONS = .py .sh
PY_LOG_COMPILER = $(PYTHON3)
SH_LOG_COMPILER = $(SHELL)
