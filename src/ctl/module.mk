# src/ctl: sources, headers and unit tests, in alphabetical order. All but main.c goes
# into the library.
bin_PROGRAMS += empowerctl
empowerctl_SOURCES = %D%/main.c

libempower_a_SOURCES += \
	%D%/answer.c \
	%D%/answer.h \
	%D%/args.c \
	%D%/args.h \
	%D%/cells.c \
	%D%/cells.h \
	%D%/client.c \
	%D%/client.h \
	%D%/cmd_audit.c \
	%D%/cmd_defs.c \
	%D%/cmd_demo.c \
	%D%/cmd_import.c \
	%D%/cmd_invite.c \
	%D%/cmd_lint.c \
	%D%/cmd_release.c \
	%D%/cmd_report.c \
	%D%/cmd_rollup.c \
	%D%/cmd_status.c \
	%D%/cmd_verify.c \
	%D%/cmd_voice.c \
	%D%/commands.c \
	%D%/csv.c \
	%D%/csv.h \
	%D%/ctl.c \
	%D%/ctl.h \
	%D%/demo.c \
	%D%/demo.h \
	%D%/demo_docs.c \
	%D%/demo_impl.h \
	%D%/demo_people.c \
	%D%/demo_voice.c \
	%D%/demo_work.c \
	%D%/import_line.c \
	%D%/import_line.h \
	%D%/import_report.c \
	%D%/import_report.h \
	%D%/import_state.c \
	%D%/import_state.h \
	%D%/lines.c \
	%D%/lines.h \
	%D%/options.def \
	%D%/recount.c \
	%D%/recount.h \
	%D%/report.h \
	%D%/report_grid.c \
	%D%/report_html.c \
	%D%/report_sections.c \
	%D%/report_write.c \
	%D%/send.c \
	%D%/send.h \
	%D%/term.c \
	%D%/term.h \
	%D%/verbs.c \
	%D%/verbs.h

tests_unit_unit_SOURCES += \
	tests/unit/test_ctl_answer.c \
	tests/unit/test_ctl_csv.c \
	tests/unit/test_ctl_import.c \
	tests/unit/test_ctl_report.c \
	tests/unit/test_ctl_term.c

bashcompletiondir = $(datadir)/bash-completion/completions
dist_bashcompletion_DATA = contrib/completion/empowerctl
