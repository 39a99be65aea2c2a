# src/codec: sources, headers and unit tests, in alphabetical order.
libempower_a_SOURCES += \
	%D%/builtin.h \
	%D%/ingest.c \
	%D%/ingest.h \
	%D%/ingest_answers.c \
	%D%/ingest_check.c \
	%D%/ingest_fields.c \
	%D%/ingest_fields.def \
	%D%/ingest_impl.h \
	%D%/ingest_keys.c \
	%D%/ingest_problem.c \
	%D%/ingest_scan.c \
	%D%/ingest_scan.h \
	%D%/ingest_settle.c \
	%D%/ingest_value.c \
	%D%/json.c \
	%D%/json.h \
	%D%/json_impl.h \
	%D%/json_survey.c \
	%D%/json_survey_write.c \
	%D%/json_tools.c \
	%D%/json_tools.h

# The surveys that ship are compiled in, and installed to be read and changed.
surveysdir = $(pkgdatadir)/surveys
dist_surveys_DATA = \
	etc/surveys/ces.json \
	etc/surveys/csat.json \
	etc/surveys/enps.json \
	etc/surveys/felt_heard.json \
	etc/surveys/intent.json \
	etc/surveys/nps.json \
	etc/surveys/pulse.json
nodist_libempower_a_SOURCES += %D%/builtin_surveys.c
CLEANFILES += %D%/builtin_surveys.c
%D%/builtin_surveys.c: %D%/builtin.py $(dist_surveys_DATA)
	$(AM_V_GEN)$(MKDIR_P) %D% && \
	$(PYTHON3) $(srcdir)/%D%/builtin.py \
		$(dist_surveys_DATA:%=$(srcdir)/%) >$@.new && mv $@.new $@

tests_unit_unit_SOURCES += \
	tests/unit/ingest_fixture.h \
	tests/unit/test_codec_ingest.c \
	tests/unit/test_codec_ingest_many.c \
	tests/unit/test_codec_ingest_refused.c \
	tests/unit/test_codec_json.c \
	tests/unit/test_codec_voice.c

FUZZERS += tests/fuzz/fuzz_ingest
tests_fuzz_fuzz_ingest_SOURCES = tests/fuzz/fuzz_ingest.c \
	tests/unit/ingest_fixture.h $(FUZZ_MAIN)
tests_fuzz_fuzz_ingest_LDFLAGS = $(FUZZ_LINK)
