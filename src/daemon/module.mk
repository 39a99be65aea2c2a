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

sbin_PROGRAMS += empowerd
empowerd_SOURCES = %D%/main.c

tests_unit_unit_SOURCES += \
	tests/unit/test_daemon_config.c

# For systemd, and the configuration, which an installation does not overwrite.
systemdunitdir = $(prefix)/lib/systemd/system
systemdunit_DATA = etc/systemd/empowerd.service
dist_systemdunit_DATA = etc/systemd/empowerd.socket
sysusersdir = $(prefix)/lib/sysusers.d
dist_sysusers_DATA = etc/sysusers.d/empowerd.conf
EXTRA_DIST = etc/systemd/empowerd.service.in etc/empowerd.conf
CLEANFILES += etc/systemd/empowerd.service
etc/systemd/empowerd.service: etc/systemd/empowerd.service.in Makefile
	$(AM_V_GEN)$(MKDIR_P) etc/systemd && $(SED) -e 's|@sbindir[@]|$(sbindir)|' \
		-e 's|@sysconfdir[@]|$(sysconfdir)|' \
		$(srcdir)/etc/systemd/empowerd.service.in >$@.new && mv $@.new $@
install-data-local:
	$(MKDIR_P) '$(DESTDIR)$(sysconfdir)/empowerd'
	test -e '$(DESTDIR)$(sysconfdir)/empowerd/empowerd.conf' || \
		$(INSTALL_DATA) $(srcdir)/etc/empowerd.conf \
		'$(DESTDIR)$(sysconfdir)/empowerd/empowerd.conf'
uninstall-local:
	! cmp -s $(srcdir)/etc/empowerd.conf \
		'$(DESTDIR)$(sysconfdir)/empowerd/empowerd.conf' || \
		rm '$(DESTDIR)$(sysconfdir)/empowerd/empowerd.conf'
