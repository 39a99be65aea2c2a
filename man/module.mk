# man: the pages to install, for instance
#   dist_man_MANS += %D%/empowerd.8
