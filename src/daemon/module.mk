# src/daemon: sources, headers and unit tests, in alphabetical order. The program:
#   sbin_PROGRAMS += empowerd
#   empowerd_SOURCES = %D%/main.c
# (all other files of this directory go into the library)
