# src/store: sources, headers and unit tests, in alphabetical order.
libempower_a_SOURCES += \
	%D%/aside.c \
	%D%/aside.h \
	%D%/audit.c \
	%D%/audit.h \
	%D%/cases.c \
	%D%/case_shown.c \
	%D%/case_shown.h \
	%D%/cases.h \
	%D%/boundary_list.c \
	%D%/boundary_list.h \
	%D%/change.c \
	%D%/changes.h \
	%D%/check_people.c \
	%D%/check_releases.c \
	%D%/check_states.c \
	%D%/days.c \
	%D%/days.h \
	%D%/db.c \
	%D%/db.h \
	%D%/decision_ref.c \
	%D%/decision_ref.h \
	%D%/decision_row.c \
	%D%/decision_row.h \
	%D%/decisions.c \
	%D%/decisions.h \
	%D%/defs.c \
	%D%/disk.c \
	%D%/disk.h \
	%D%/erase.c \
	%D%/erase.h \
	%D%/erase_main.c \
	%D%/erase_sealed.c \
	%D%/export.c \
	%D%/export.h \
	%D%/group.c \
	%D%/idwindow.c \
	%D%/idwindow.h \
	%D%/impl.h \
	%D%/life.c \
	%D%/life.h \
	%D%/load.c \
	%D%/main_file.c \
	%D%/main_file.h \
	%D%/names.c \
	%D%/names.h \
	%D%/offline.c \
	%D%/page.c \
	%D%/page.h \
	%D%/put_suggestion.c \
	%D%/part.c \
	%D%/part.h \
	%D%/period.c \
	%D%/period.h \
	%D%/period_load.c \
	%D%/read.c \
	%D%/read_cases.c \
	%D%/read_comments.c \
	%D%/read_evidence.c \
	%D%/read_people.c \
	%D%/read_releases.c \
	%D%/read_suggestions.c \
	%D%/read_voice.c \
	%D%/reader.c \
	%D%/reader_impl.h \
	%D%/reader_sql.c \
	%D%/recount.c \
	%D%/recount_decisions.c \
	%D%/recount_decisions.h \
	%D%/release.c \
	%D%/release.h \
	%D%/release_copy.c \
	%D%/release_input.c \
	%D%/release_input.h \
	%D%/release_units.c \
	%D%/release_units.h \
	%D%/release_when.c \
	%D%/replay.c \
	%D%/resolve.c \
	%D%/retain.c \
	%D%/retain.h \
	%D%/retain_main.c \
	%D%/retain_sealed.c \
	%D%/retain_set.c \
	%D%/review.c \
	%D%/review.h \
	%D%/schema.c \
	%D%/schema.h \
	%D%/scrub.c \
	%D%/scrub.h \
	%D%/sealed_file.c \
	%D%/sealed_file.h \
	%D%/store.c \
	%D%/store.h \
	%D%/suggestion_row.h \
	%D%/suggestions.c \
	%D%/suggestions.h \
	%D%/usage.c \
	%D%/voice.h \
	%D%/words.c \
	%D%/words.h \
	%D%/writer.c

# The schemas, embedded: one table of migrations per directory, in the order given.
SCHEMA_SQL = \
	schema/main/0001_events.sql \
	schema/main/0002_decisions.sql \
	schema/main/0003_suggestions.sql \
	schema/main/0004_releases.sql \
	schema/main/0005_lists.sql \
	schema/confidential/0001_events.sql \
	schema/confidential/0002_people.sql \
	schema/confidential/0003_suggestions.sql \
	schema/confidential/0004_releases.sql
nodist_libempower_a_SOURCES += %D%/migrations.c
CLEANFILES += %D%/migrations.c
%D%/migrations.c: schema/embed.awk $(SCHEMA_SQL)
	$(AM_V_GEN)$(MKDIR_P) %D% && out=`pwd`/$@ && cd $(srcdir) && \
	$(AWK) -f schema/embed.awk $(SCHEMA_SQL) >$$out.new && mv $$out.new $$out

tests_unit_unit_SOURCES += \
	tests/unit/period_support.c \
	tests/unit/period_support.h \
	tests/unit/review_support.c \
	tests/unit/review_support.h \
	tests/unit/store_support.c \
	tests/unit/store_support.h \
	tests/unit/suggestion_support.c \
	tests/unit/suggestion_support.h \
	tests/unit/test_store_aside.c \
	tests/unit/test_store_audit.c \
	tests/unit/test_store_cases.c \
	tests/unit/test_store_comments.c \
	tests/unit/test_store_commit.c \
	tests/unit/test_store_days.c \
	tests/unit/test_store_decisions.c \
	tests/unit/test_store_defs.c \
	tests/unit/test_store_disk.c \
	tests/unit/test_store_evidence.c \
	tests/unit/test_store_open.c \
	tests/unit/test_store_people.c \
	tests/unit/test_store_period.c \
	tests/unit/test_store_read.c \
	tests/unit/test_store_release.c \
	tests/unit/test_store_reviews.c \
	tests/unit/test_store_scrub.c \
	tests/unit/test_store_sealed.c \
	tests/unit/test_store_suggestions.c \
	tests/unit/test_store_threads.c \
	tests/unit/test_store_window.c \
	tests/unit/test_store_words.c

# A disk that fails on command, to be preloaded by tests from outside. Not a library of
# ours, so none of our flags but the language.
check_DATA = tests/crash/faultfs.so
CLEANFILES += tests/crash/faultfs.so
tests/crash/faultfs.so: tests/crash/faultfs.c
	$(AM_V_CC)$(MKDIR_P) tests/crash && $(CC) -std=c17 -D_GNU_SOURCE -Wall -Wextra \
	$(CPPFLAGS) -O1 -fPIC -shared -o $@ $(srcdir)/tests/crash/faultfs.c
