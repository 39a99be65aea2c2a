#!/bin/sh
# Runs the black-box tests (and the tests of the lints) against the programs of this
# build, by two workers per processor, because a test often waits for its daemon. Each
# takes the next files that nobody has: the long ones first and one by one, the others
# some at a time, since a start of pytest costs as much as a short file. Without pytest,
# or without a test, this fails: a test must not vanish.
set -u
: "${top_srcdir:?}" "${top_builddir:?}" # the makefile sets them
long="test_histories test_live test_disk test_attack_release test_voice_histories
	test_erase test_staff test_ctl_import test_attack_staff test_data_sets
	test_read_your_write test_ctl_voice test_release test_lint test_bad_input
	test_ctl_commands"
at_a_time=6
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

# What is dealt: a line of files each.
for name in $long; do
	found=$(echo $files | tr ' ' '\n' | grep "/$name\.py\$") && echo "$found" && continue
	echo "pytest.sh: there is no $name.py" >&2
	exit 1
done >"$outputs/deals" || exit 1
# shellcheck disable=SC2086
echo $files | tr ' ' '\n' | grep -vxF -f "$outputs/deals" | xargs -n "$at_a_time" \
	>>"$outputs/deals"

# Takes lines until all are taken; a directory can be made by one only.
work()
{
	i=0
	while read -r deal; do
		i=$((i + 1))
		mkdir "$outputs/$i" 2>/dev/null || continue
		# shellcheck disable=SC2086
		"$PYTHON3" -m pytest -q -p no:cacheprovider --rootdir="$top_srcdir/tests" \
			${PYTEST_ARGS-} $deal >"$outputs/$i/log" 2>&1 </dev/null
		echo $? >"$outputs/$i/status"
	done <"$outputs/deals"
}

n=$(($(nproc) * 2))
pids=
for _ in $(seq "$n"); do
	work &
	pids="$pids $!"
done
# shellcheck disable=SC2086
wait $pids
status=5
for i in $(seq "$(wc -l <"$outputs/deals")"); do
	cat "$outputs/$i/log"
	this=$(cat "$outputs/$i/status" 2>/dev/null || echo 1)
	# 5: PYTEST_ARGS left these files no test; others may have had some.
	[ "$this" -eq 5 ] && continue
	[ "$status" -ne 5 ] && [ "$this" -eq 0 ] && continue
	status=$this
done
[ $status -ne 5 ] || echo "pytest.sh: no test was collected"
exit "$status"
