# src/http: sources, headers and unit tests, in alphabetical order.
libempower_a_SOURCES += \
	%D%/answer.c \
	%D%/answer.h \
	%D%/chars.c \
	%D%/chars.h \
	%D%/chunked.c \
	%D%/chunked.h \
	%D%/fields.c \
	%D%/fields.h \
	%D%/gzip.c \
	%D%/gzip.h \
	%D%/head.c \
	%D%/head.h \
	%D%/problem.c \
	%D%/problem.h \
	%D%/url.c \
	%D%/url.h

tests_unit_unit_SOURCES += \
	tests/unit/test_http_answer.c \
	tests/unit/test_http_chunked.c \
	tests/unit/test_http_fields.c \
	tests/unit/test_http_gzip.c \
	tests/unit/test_http_head.c \
	tests/unit/test_http_problem.c \
	tests/unit/test_http_url.c

FUZZERS += tests/fuzz/fuzz_http tests/fuzz/fuzz_query
tests_fuzz_fuzz_http_SOURCES = tests/fuzz/fuzz_http.c $(FUZZ_MAIN)
tests_fuzz_fuzz_http_LDFLAGS = $(FUZZ_LINK)
tests_fuzz_fuzz_query_SOURCES = tests/fuzz/fuzz_query.c $(FUZZ_MAIN)
tests_fuzz_fuzz_query_LDFLAGS = $(FUZZ_LINK)
