#!/bin/sh
# Runs the black-box tests (and the tests of the lints) against the programs of this
# build: the files dealt out to two pytests per processor. Without pytest,
# or without a test, this fails: a test must not vanish.
set -u
: "${top_srcdir:?}" "${top_builddir:?}" # the makefile sets them
files=
for d in lint http integration crash stress; do
	if [ -z "$(ls "$top_srcdir/tests/$d"/test_*.py 2>/dev/null)" ]; then
		echo "pytest.sh: tests/$d has no test_*.py"
		exit 1
	fi
	files="$files $(echo "$top_srcdir/tests/$d"/test_*.py)"
done
if ! "$PYTHON3" -c 'import pytest'; then
	echo "pytest.sh: $PYTHON3 has no pytest; on Debian: apt install python3-pytest"
	exit 1
fi
cd "$top_builddir" || exit 1
outputs=$(mktemp -d) || exit 1
trap 'rm -rf "$outputs"' EXIT

# share I N: every N-th file from the I-th on; its exit status in a file.
share()
{
	# shellcheck disable=SC2086
	"$PYTHON3" -m pytest -q -p no:cacheprovider --rootdir="$top_srcdir/tests" \
		${PYTEST_ARGS-} $(echo $files | tr ' ' '\n' | awk "NR % $2 == $1 % $2") \
		>"$outputs/$1.log" 2>&1
	echo $? >"$outputs/$1.status"
}

n=$(($(nproc) * 2)) # files differ in length, and a test often waits for its daemon
pids=
for i in $(seq "$n"); do
	share "$i" "$n" &
	pids="$pids $!"
done
# shellcheck disable=SC2086
wait $pids
status=5
for i in $(seq "$n"); do
	cat "$outputs/$i.log"
	this=$(cat "$outputs/$i.status" 2>/dev/null || echo 1)
	# 5: PYTEST_ARGS left this share no test; another may have had some.
	[ "$this" -eq 5 ] && continue
	[ "$status" -ne 5 ] && [ "$this" -eq 0 ] && continue
	status=$this
done
[ $status -ne 5 ] || echo "pytest.sh: no test was collected"
exit "$status"
