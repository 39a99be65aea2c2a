# src/web: sources, headers and unit tests, in alphabetical order.
libempower_a_SOURCES += \
	%D%/notice.c \
	%D%/notice.h \
	%D%/texts.c \
	%D%/texts.def \
	%D%/texts.h

# The texts, compiled in; the languages in any order.
WEB_TEXTS = i18n/en.json i18n/es.json i18n/pl.json
nodist_libempower_a_SOURCES += %D%/texts_data.c
CLEANFILES += %D%/texts_data.c
%D%/texts_data.c: %D%/texts.py %D%/texts.def $(WEB_TEXTS)
	$(AM_V_GEN)$(MKDIR_P) %D% && out=`pwd`/$@ && cd $(srcdir) && \
	$(PYTHON3) %D%/texts.py %D%/texts.def $(WEB_TEXTS) >$$out.new && \
		mv $$out.new $$out

tests_unit_unit_SOURCES += \
	tests/unit/test_web_notice.c
