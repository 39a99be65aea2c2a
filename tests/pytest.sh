#!/bin/sh
# Runs the black-box tests (and the tests of the lints) against the programs of this
# build. Without pytest, or without a test, this fails: a test must not vanish.
set -u
: "${top_srcdir:?}" "${top_builddir:?}" # the makefile sets them
dirs=
for d in lint http integration crash stress; do
	if [ -z "$(ls "$top_srcdir/tests/$d"/test_*.py 2>/dev/null)" ]; then
		echo "pytest.sh: tests/$d has no test_*.py"
		exit 1
	fi
	dirs="$dirs $top_srcdir/tests/$d"
done
if ! "$PYTHON3" -c 'import pytest'; then
	echo "pytest.sh: $PYTHON3 has no pytest; on Debian: apt install python3-pytest"
	exit 1
fi
cd "$top_builddir" || exit 1
# shellcheck disable=SC2086
"$PYTHON3" -m pytest -q -p no:cacheprovider --rootdir="$top_srcdir/tests" \
	${PYTEST_ARGS-} $dirs
status=$?
[ $status -ne 5 ] || echo "pytest.sh: no test was collected"
exit $status
