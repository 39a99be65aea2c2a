# src/daemon: sources, headers and unit tests, in alphabetical order.
libempower_a_SOURCES += \
	%D%/config.c \
	%D%/config.def \
	%D%/config.h \
	%D%/config_file.c \
	%D%/daemon.c \
	%D%/daemon.h \
	%D%/first.c \
	%D%/first.h \
	%D%/notify.c \
	%D%/notify.h \
	%D%/wiring.c \
	%D%/wiring.h

tests_unit_unit_SOURCES += \
	tests/unit/test_daemon_config.c
