# man: the pages to install.
dist_man_MANS += \
	%D%/empowerctl.1 \
	%D%/empowerd-api.7 \
	%D%/empowerd-privacy.7 \
	%D%/empowerd-schema.7 \
	%D%/empowerd.8 \
	%D%/empowerd.conf.5
