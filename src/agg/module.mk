# src/agg: sources, headers and unit tests, in alphabetical order.
libempower_a_SOURCES += \
	%D%/agg.c \
	%D%/agg.h \
	%D%/agg_impl.h \
	%D%/count.c \
	%D%/dirty.c \
	%D%/index.c \
	%D%/levels.c \
	%D%/levels.h \
	%D%/merge.c \
	%D%/merge.h \
	%D%/merge_impl.h \
	%D%/people.c \
	%D%/people.h \
	%D%/read.c \
	%D%/responses.c \
	%D%/rollup_raw.h \
	%D%/select.c \
	%D%/slab.c \
	%D%/slab.h \
	%D%/walk.h \
	%D%/window.c \
	%D%/window.h

tests_unit_unit_SOURCES += \
	tests/unit/test_agg_merge.c \
	tests/unit/test_agg_people.c \
	tests/unit/test_agg_table.c \
	tests/unit/test_agg_threads.c
