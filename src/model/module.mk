# src/model: sources, headers and unit tests, in alphabetical order.
libempower_a_SOURCES += \
	%D%/boundaries.c \
	%D%/boundaries.h \
	%D%/catalogue.c \
	%D%/catalogue.def \
	%D%/catalogue.h \
	%D%/cell.c \
	%D%/cell.h \
	%D%/coherence.c \
	%D%/coherence.h \
	%D%/cusum.c \
	%D%/cusum.h \
	%D%/decision.c \
	%D%/decision.h \
	%D%/defs.c \
	%D%/defs.h \
	%D%/event.h \
	%D%/lifecycle.c \
	%D%/lifecycle.h \
	%D%/metrics.c \
	%D%/metrics.h \
	%D%/query.c \
	%D%/query.h \
	%D%/release.c \
	%D%/release.h \
	%D%/survey.c \
	%D%/survey.h \
	%D%/survey_impl.h \
	%D%/survey_merge.c \
	%D%/surveys.c \
	%D%/survival.c \
	%D%/survival.h \
	%D%/voice.h

tests_unit_unit_SOURCES += \
	tests/unit/test_model_boundaries.c \
	tests/unit/test_model_catalogue.c \
	tests/unit/test_model_cell.c \
	tests/unit/test_model_coherence.c \
	tests/unit/test_model_cusum.c \
	tests/unit/test_model_decision.c \
	tests/unit/test_model_lifecycle.c \
	tests/unit/test_model_metrics.c \
	tests/unit/test_model_query.c \
	tests/unit/test_model_release.c \
	tests/unit/test_model_survey.c \
	tests/unit/test_model_survival.c

FUZZERS += tests/fuzz/fuzz_rollup
tests_fuzz_fuzz_rollup_SOURCES = tests/fuzz/fuzz_rollup.c $(FUZZ_MAIN)
tests_fuzz_fuzz_rollup_LDFLAGS = $(FUZZ_LINK)
