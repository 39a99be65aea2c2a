# src/crypto: sources, headers and unit tests, in alphabetical order.
libempower_a_SOURCES += \
	%D%/code.c \
	%D%/crypto.c \
	%D%/crypto.h \
	%D%/key.c

tests_unit_unit_SOURCES += \
	tests/unit/test_crypto.c \
	tests/unit/test_crypto_code.c
