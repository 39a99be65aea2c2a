/* ctl/import_line, lines, import_report: what an import does to a line, and how it
 * finds lines. */
#include "ctl/import_line.h"
#include "ctl/import_report.h"
#include "ctl/lines.h"
#include "http/gzip.h"

#include <check.h>
#include <stdio.h>
#include <stdlib.h>
#include <unistd.h>

#include "unit.h"

static const struct {
	const char *line;
	const char *source; /* NULL: no --source */
	const char *expected;
} completed[] = {
	/* Left alone: it has all it needs. */
	{"{\"id\":\"a\",\"data\":{}}", NULL, "{\"id\":\"a\",\"data\":{}}"},
	{"{\"data\":{},\"source\":\"s\",\"id\":\"a\"}", "x",
	 "{\"data\":{},\"source\":\"s\",\"id\":\"a\"}"},
	/* Completed. */
	{"{\"type\":\"t\"}", NULL, "{\"id\":\"ID\",\"type\":\"t\"}"},
	{"{\"type\":\"t\"}", "x", "{\"id\":\"ID\",\"source\":\"x\",\"type\":\"t\"}"},
	{"{\"id\":\"a\"}", "x", "{\"source\":\"x\",\"id\":\"a\"}"},
	{"{}", NULL, "{\"id\":\"ID\"}"},
	{"  { } ", NULL, "{\"id\":\"ID\" } "},
	/* Only members at the top count, and only keys. */
	{"{\"data\":{\"id\":\"a\",\"source\":\"b\"}}", NULL,
	 "{\"id\":\"ID\",\"data\":{\"id\":\"a\",\"source\":\"b\"}}"},
	{"{\"type\":\"id\"}", NULL, "{\"id\":\"ID\",\"type\":\"id\"}"},
	{"{\"a\":[{\"id\":1},\"id\"],\"b\":\"\\\"id\"}", NULL,
	 "{\"id\":\"ID\",\"a\":[{\"id\":1},\"id\"],\"b\":\"\\\"id\"}"},
	/* A key may be written with escapes. */
	{"{\"\\u0069d\":\"a\"}", NULL, "{\"\\u0069d\":\"a\"}"},
	{"{\"\\u0069e\":\"a\"}", NULL, "{\"id\":\"ID\",\"\\u0069e\":\"a\"}"},
	/* What is no object is for the daemon to judge. */
	{"[1]", "x", "[1]"},
	{"oops", "x", "oops"},
};

START_TEST(lines_get_the_id_and_source_they_lack)
{
	struct buf out;

	buf_init(&out, 0);
	ctl_import_line(&out, str_from(completed[_i].line), STR("ID"),
			str_from(completed[_i].source));
	buf_add_c(&out, '\0');
	ck_assert_int_eq(out.p[out.n - 2], '\n');
	out.p[out.n - 2] = '\0';
	ck_assert_str_eq(out.p, completed[_i].expected);
	buf_fini(&out);
}
END_TEST

static void
write_file(char *path, struct str content)
{
	int fd = mkstemp(path);

	ck_assert_int_ge(fd, 0);
	ck_assert_int_eq(write(fd, content.p, content.n), (ssize_t)content.n);
	close(fd);
}

/* Reads all lines of a file, joined by '|'; a line that is too long shows as "!". */
static void
join_lines(struct buf *out, const char *path, enum emp_rc expected)
{
	struct ctl_lines l;
	struct problem p;
	enum emp_rc rc;
	bool more = true;

	ck_assert_int_eq(ctl_lines_open(&l, path, &p), EMP_OK);
	do {
		struct str line = STR_NONE;
		bool too_long = false;

		rc = ctl_lines_next(&l, &line, &too_long, &more, &p);
		if (rc == EMP_OK && more) {
			buf_add_str(out, too_long ? STR("!") : line);
			buf_add_c(out, '|');
		}
	} while (rc == EMP_OK && more);
	ck_assert_int_eq(rc, expected);
	buf_add_c(out, '\0');
	ctl_lines_close(&l);
}

START_TEST(plain_and_packed_files_have_the_same_lines)
{
	char plain[] = "/tmp/ctl_linesXXXXXX";
	char packed[] = "/tmp/ctl_linesXXXXXX";
	struct buf a, b, zip;
	struct str content = STR("one\r\n\ntwo\nlast");

	buf_init(&a, 0);
	buf_init(&b, 0);
	buf_init(&zip, 0);
	ck_assert_int_eq(http_gzip(content, &zip), EMP_OK);
	write_file(plain, content);
	write_file(packed, buf_str(&zip));
	join_lines(&a, plain, EMP_OK);
	join_lines(&b, packed, EMP_OK);
	ck_assert_str_eq(a.p, "one||two|last|");
	ck_assert_str_eq(a.p, b.p);
	unlink(plain);
	unlink(packed);
	buf_fini(&a);
	buf_fini(&b);
	buf_fini(&zip);
}
END_TEST

START_TEST(a_cut_off_gzip_file_is_an_error)
{
	char packed[] = "/tmp/ctl_linesXXXXXX";
	struct buf out, zip;

	buf_init(&out, 0);
	buf_init(&zip, 0);
	ck_assert_int_eq(http_gzip(STR("one\ntwo\n"), &zip), EMP_OK);
	zip.n -= 4;
	write_file(packed, buf_str(&zip));
	join_lines(&out, packed, EMP_BAD_GZIP);
	unlink(packed);
	buf_fini(&out);
	buf_fini(&zip);
}
END_TEST

START_TEST(a_line_without_end_takes_no_memory)
{
	char path[] = "/tmp/ctl_linesXXXXXX";
	struct buf content, out;

	buf_init(&content, 0);
	buf_init(&out, 0);
	buf_add_z(&content, "a\n");
	for (size_t i = 0; i < 3 * (size_t)CTL_LINE_MAX; i++)
		buf_add_c(&content, 'x');
	buf_add_z(&content, "\nb\n");
	write_file(path, buf_str(&content));
	join_lines(&out, path, EMP_OK);
	ck_assert_str_eq(out.p, "a|!|b|");
	unlink(path);
	buf_fini(&content);
	buf_fini(&out);
}
END_TEST

START_TEST(the_digest_is_of_the_content)
{
	char one[] = "/tmp/ctl_linesXXXXXX";
	char two[] = "/tmp/ctl_linesXXXXXX";
	char digest[2][CTL_DIGEST_TEXT];
	struct ctl_lines l;
	struct problem p;

	write_file(one, STR("x\n"));
	write_file(two, STR("x\n"));
	for (int i = 0; i < 2; i++) {
		ck_assert_int_eq(ctl_lines_open(&l, i == 0 ? one : two, &p), EMP_OK);
		ck_assert(ctl_lines_digest(&l, digest[i]));
		ctl_lines_close(&l);
	}
	ck_assert_str_eq(digest[0], digest[1]);
	ck_assert_uint_eq(strlen(digest[0]), CTL_DIGEST_TEXT - 1);
	unlink(one);
	unlink(two);
}
END_TEST

START_TEST(a_report_stays_small_and_counts_all)
{
	struct ctl_import_report r;
	struct buf out;
	char reason[32];

	ck_assert_int_eq(ctl_import_report_init(&r), EMP_OK);
	for (unsigned i = 0; i < 1000; i++) {
		int n = snprintf(reason, sizeof reason, "reason %u", i % 100);

		ck_assert_int_eq(ctl_import_report_add(&r, i + 1,
						       (struct str){reason, (size_t)n}),
				 EMP_OK);
	}
	buf_init(&out, 0);
	ctl_import_report_text(&r, &out);
	buf_add_c(&out, '\0');
	ck_assert_ptr_nonnull(strstr(out.p, "  line 1: reason 0\n"));
	ck_assert_ptr_nonnull(strstr(out.p, "... and 980 more"));
	ck_assert_ptr_nonnull(strstr(out.p, "        10  reason 49\n"));
	ck_assert_ptr_nonnull(strstr(out.p, "       500  for other reasons\n"));
	ck_assert_ptr_null(strstr(out.p, "reason 50"));
	buf_fini(&out);
	ctl_import_report_fini(&r);
}
END_TEST

Suite *
ctl_import_suite(void)
{
	Suite *s = suite_create("ctl_import");
	TCase *tc = tcase_create("import");

	tcase_add_loop_test(tc, lines_get_the_id_and_source_they_lack, 0,
			    sizeof completed / sizeof *completed);
	tcase_add_test(tc, plain_and_packed_files_have_the_same_lines);
	tcase_add_test(tc, a_cut_off_gzip_file_is_an_error);
	tcase_add_test(tc, a_line_without_end_takes_no_memory);
	tcase_add_test(tc, the_digest_is_of_the_content);
	tcase_add_test(tc, a_report_stays_small_and_counts_all);
	suite_add_tcase(s, tc);
	return s;
}
