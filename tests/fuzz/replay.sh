#!/bin/sh
# Runs every fuzz target once over its corpus. A target without a corpus fails, and so
# does a build without a target. The makefile sets the variables.
set -u
cd "${top_builddir:?}" || exit 1
status=0
if [ -z "${FUZZERS-}" ]; then
	echo "replay: there is no fuzz target"
	exit 1
fi
for program in $FUZZERS; do
	corpus=${top_srcdir:?}/tests/fuzz/corpus/$(basename "$program")
	echo "replay: $program over $corpus"
	if [ -z "$(ls "$corpus" 2>/dev/null)" ]; then
		echo "replay: $corpus is missing or empty"
		status=1
	elif ! "$program" -runs=0 "$corpus"; then
		echo "replay: $program failed on an input of $corpus"
		status=1
	fi
done
exit $status
