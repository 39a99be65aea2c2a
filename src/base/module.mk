# src/base: sources, headers and unit tests, in alphabetical order.
libempower_a_SOURCES += \
	%D%/arena.c \
	%D%/arena.h \
	%D%/array.c \
	%D%/array.h \
	%D%/buf.c \
	%D%/buf.h \
	%D%/clock.c \
	%D%/clock.h \
	%D%/error.c \
	%D%/error.h \
	%D%/errors.def \
	%D%/hash.c \
	%D%/hash.h \
	%D%/intern.c \
	%D%/intern.h \
	%D%/log.c \
	%D%/log.h \
	%D%/newest.c \
	%D%/newest.h \
	%D%/num.c \
	%D%/num.h \
	%D%/owner.c \
	%D%/owner.h \
	%D%/plain.h \
	%D%/queue.c \
	%D%/queue.h \
	%D%/str.c \
	%D%/str.h \
	%D%/tz.c \
	%D%/tz.h \
	%D%/tz_impl.h \
	%D%/tz_load.c \
	%D%/utf8.c \
	%D%/utf8.h \
	%D%/version.c \
	%D%/version.h

tests_unit_unit_SOURCES += \
	tests/unit/test_base_arena.c \
	tests/unit/test_base_array.c \
	tests/unit/test_base_buf.c \
	tests/unit/test_base_clock.c \
	tests/unit/test_base_error.c \
	tests/unit/test_base_hash.c \
	tests/unit/test_base_intern.c \
	tests/unit/test_base_log.c \
	tests/unit/test_base_newest.c \
	tests/unit/test_base_num.c \
	tests/unit/test_base_owner.c \
	tests/unit/test_base_plain.c \
	tests/unit/test_base_queue.c \
	tests/unit/test_base_str.c \
	tests/unit/test_base_tz.c \
	tests/unit/test_base_utf8.c \
	tests/unit/test_base_version.c
