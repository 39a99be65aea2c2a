# src/net: sources, headers and unit tests, in alphabetical order.
libempower_a_SOURCES += \
	%D%/addr.c \
	%D%/addr.h \
	%D%/answer.c \
	%D%/begin.c \
	%D%/body.c \
	%D%/caps.c \
	%D%/caps.h \
	%D%/conn.c \
	%D%/deadline.c \
	%D%/internal.h \
	%D%/limits.h \
	%D%/listen.c \
	%D%/net.c \
	%D%/net.h \
	%D%/req.c \
	%D%/req.h \
	%D%/stats.def \
	%D%/stream.c \
	%D%/stream.h \
	%D%/worker.c

check_PROGRAMS += tests/http/echo_server
tests_http_echo_server_SOURCES = tests/http/echo_server.c

tests_unit_unit_SOURCES += \
	tests/unit/test_net_addr.c \
	tests/unit/test_net_caps.c
