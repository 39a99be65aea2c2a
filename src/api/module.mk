# src/api: sources, headers and unit tests, in alphabetical order, for instance
#   libempower_a_SOURCES += %D%/thing.c %D%/thing.h
#   tests_unit_unit_SOURCES += tests/unit/test_api_thing.c
