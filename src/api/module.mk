# src/api: sources, headers and unit tests, in alphabetical order.
libempower_a_SOURCES += \
	%D%/answer.c \
	%D%/api.c \
	%D%/api.h \
	%D%/asks.c \
	%D%/asks.h \
	%D%/auth.c \
	%D%/auth.h \
	%D%/batch.c \
	%D%/batch.h \
	%D%/cache.c \
	%D%/cache.h \
	%D%/change.c \
	%D%/change.h \
	%D%/check.c \
	%D%/codes.c \
	%D%/codes.h \
	%D%/events.c \
	%D%/health.c \
	%D%/intake.c \
	%D%/keys.c \
	%D%/keys.h \
	%D%/limit.c \
	%D%/limit.h \
	%D%/live.c \
	%D%/live.h \
	%D%/metrics.def \
	%D%/notice.c \
	%D%/openapi.h \
	%D%/pace.c \
	%D%/pace.h \
	%D%/people.c \
	%D%/reads.c \
	%D%/reads.h \
	%D%/release.c \
	%D%/rights.c \
	%D%/route.c \
	%D%/route.h \
	%D%/routes.def \
	%D%/surveys.c \
	%D%/ticket.c \
	%D%/ticket.h \
	%D%/tokens.c \
	%D%/units.c \
	%D%/voice.c \
	%D%/voice.h \
	%D%/voice_state.c \
	%D%/worker.h

# The description of the interface is served by the daemon, and installed to be read.
apidir = $(pkgdatadir)
dist_api_DATA = schema/openapi.json
nodist_libempower_a_SOURCES += %D%/openapi_text.c
CLEANFILES += %D%/openapi_text.c
%D%/openapi_text.c: %D%/embed.py schema/openapi.json
	$(AM_V_GEN)$(MKDIR_P) %D% && \
	$(PYTHON3) $(srcdir)/%D%/embed.py $(srcdir)/schema/openapi.json >$@.new && \
		mv $@.new $@

tests_unit_unit_SOURCES += \
	tests/unit/test_api_cache.c \
	tests/unit/test_api_keys.c \
	tests/unit/test_api_limit.c \
	tests/unit/test_api_pace.c \
	tests/unit/test_api_route.c
