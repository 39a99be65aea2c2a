# src/api: sources, headers and unit tests, in alphabetical order.
libempower_a_SOURCES += \
	%D%/answer.c \
	%D%/api.c \
	%D%/api.h \
	%D%/auth.c \
	%D%/auth.h \
	%D%/batch.c \
	%D%/batch.h \
	%D%/cache.c \
	%D%/cache.h \
	%D%/change.c \
	%D%/change.h \
	%D%/events.c \
	%D%/health.c \
	%D%/intake.c \
	%D%/keys.c \
	%D%/keys.h \
	%D%/limit.c \
	%D%/limit.h \
	%D%/metrics.def \
	%D%/rollups.c \
	%D%/route.c \
	%D%/route.h \
	%D%/routes.def \
	%D%/surveys.c \
	%D%/ticket.c \
	%D%/ticket.h \
	%D%/tokens.c \
	%D%/units.c \
	%D%/worker.h

tests_unit_unit_SOURCES += \
	tests/unit/test_api_cache.c \
	tests/unit/test_api_keys.c \
	tests/unit/test_api_limit.c \
	tests/unit/test_api_route.c
