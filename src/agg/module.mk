# src/agg: sources, headers and unit tests, in alphabetical order, for instance
#   libempower_a_SOURCES += %D%/thing.c %D%/thing.h
#   tests_unit_unit_SOURCES += tests/unit/test_agg_thing.c
