# src/ctl: sources, headers and unit tests, in alphabetical order. The program:
#   bin_PROGRAMS += empowerctl
#   empowerctl_SOURCES = %D%/main.c
# (all other files of this directory go into the library)
