# src/privacy: sources, headers and unit tests, in alphabetical order.
libempower_a_SOURCES += \
	%D%/cards.c \
	%D%/cards.h \
	%D%/delicate.c \
	%D%/encode.c \
	%D%/feeds.c \
	%D%/fold.c \
	%D%/job.c \
	%D%/list.c \
	%D%/lives.c \
	%D%/lives.h \
	%D%/one.c \
	%D%/participation.c \
	%D%/pub.c \
	%D%/pub.h \
	%D%/recognition.c \
	%D%/retention.c \
	%D%/rollup.c \
	%D%/rollup.h \
	%D%/rollup_impl.h \
	%D%/satisfaction.c \
	%D%/suggestions.c \
	%D%/verify.c

tests_unit_unit_SOURCES += \
	tests/unit/test_privacy_pub.c
