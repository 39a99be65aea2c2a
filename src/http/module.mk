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
	%D%/url.c \
	%D%/url.h
