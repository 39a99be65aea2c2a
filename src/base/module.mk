# src/base: sources, headers and unit tests, in alphabetical order.
libempower_a_SOURCES += \
	%D%/version.c \
	%D%/version.h

tests_unit_unit_SOURCES += \
	tests/unit/test_base_version.c
