/*
 * daemon/config: one table, several sources, and no mistake passes unnoticed.
 */
#include <check.h>
#include <stdio.h>
#include <stdlib.h>
#include <unistd.h>

#include "daemon/config.h"
#include "unit.h"

static struct config c;
static struct problem p;
static char file[] = "/tmp/empower-config-XXXXXX";

static void
set_up(void)
{
	int fd;

	memcpy(file + sizeof file - 7, "XXXXXX", 6);
	fd = mkstemp(file);
	ck_assert_int_ge(fd, 0);
	close(fd);
	p = (struct problem){.rc = EMP_OK};
	ck_assert_int_eq(config_init(&c), EMP_OK);
}

static void
tear_down(void)
{
	config_fini(&c);
	unlink(file);
}

static enum emp_rc
from_file(const char *text)
{
	FILE *f = fopen(file, "w");

	ck_assert_ptr_nonnull(f);
	ck_assert_int_ge(fputs(text, f), 0);
	ck_assert_int_eq(fclose(f), 0);
	return config_file(&c, file, &p);
}

START_TEST(defaults)
{
	ck_assert_str_eq(c.state_dir, "/var/lib/empowerd");
	ck_assert_uint_eq(c.listen.n, 1);
	ck_assert_str_eq(c.listen.v[0], "127.0.0.1:8787");
	ck_assert_uint_eq(c.socket_mode, 0660);
	ck_assert_uint_eq(c.disk_reserve, 128u << 20);
	ck_assert_uint_eq(c.idle_timeout, 60);
	ck_assert_uint_eq(c.insecure, 0);
	ck_assert(!config_given(&c, STR("listen")));
	ck_assert_int_eq(config_check(&c, &p), EMP_OK);
}
END_TEST

START_TEST(a_file)
{
	ck_assert_msg(from_file("# comment\n"
				"state_dir = \"/srv/x#y\" # more\n"
				"listen = {\"[::1]:80\", \"unix:/run/e.sock\"}\n"
				"insecure = yes\n"
				"disk_reserve = 1G\n"
				"idle_timeout = 2m\n"
				"retention_case = 1d\n"
				"retention_sealed = 0\n"
				"socket_mode = 0600\n"
				"log_level = debug\n"
				"workers = 3\n") == EMP_OK,
		      "%s %s", p.pointer, p.detail);
	ck_assert_str_eq(c.state_dir, "/srv/x#y");
	ck_assert_uint_eq(c.listen.n, 2);
	ck_assert_str_eq(c.listen.v[0], "[::1]:80");
	ck_assert_str_eq(c.listen.v[1], "unix:/run/e.sock");
	ck_assert_uint_eq(c.insecure, 1);
	ck_assert_uint_eq(c.disk_reserve, 1u << 30);
	ck_assert_uint_eq(c.idle_timeout, 120);
	ck_assert_uint_eq(c.retention_case, 86400);
	ck_assert_uint_eq(c.retention_sealed, 0);
	ck_assert_uint_eq(c.socket_mode, 0600);
	ck_assert_uint_eq(c.log_level, 3);
	ck_assert_uint_eq(c.workers, 3);
	ck_assert(config_given(&c, STR("listen")));
}
END_TEST

static const struct {
	const char *text;
	int line;
	const char *word;
} wrong[] = {
	{"workers = 2\n\nlistn = \"127.0.0.1:1\"\n", 3, "listn"},
	{"# x\nworkers = many\n", 2, "workers"},
	{"# x\n// \"y\n/* a\nb */\nworkers = 1 # one\n\nlistn = 1\n", 7, "listn"},
	{"state_dir = \"/a#b//c\" // d\nlistn = 1\n", 2, "listn"},
	{"workers = 257\n", 1, "workers"},
	{"workers = -1\n", 1, "workers"},
	{"workers = 2\nworkers = 3\n", 2, "twice"},
	{"idle_timeout = 1 h\n", 1, ""},
	{"retention_case = 730\n", 1, "retention_case"},
	{"retention_case = 86399\n", 1, "730d"},
	{"insecure = maybe\n", 1, "insecure"},
	{"socket_mode = 0999\n", 1, "socket_mode"},
	{"log_level = loud\n", 1, "log_level"},
	{"state_dir = \"\"\n", 1, "state_dir"},
	{"trusted_proxies = {\"a\\\"b\"}\n", 1, "trusted_proxies"},
	{"listen = {\"127.0.0.1:1\"\n", 2, ""},
	{"workers = 1 }\n", 1, ""},
};

START_TEST(a_wrong_file_names_the_line)
{
	char place[64];

	ck_assert_int_eq(from_file(wrong[_i].text), EMP_CONFIG);
	snprintf(place, sizeof place, "%s:%d", file, wrong[_i].line);
	ck_assert_str_eq(p.pointer, place);
	ck_assert_ptr_nonnull(strstr(p.detail, wrong[_i].word));
}
END_TEST

START_TEST(a_missing_file)
{
	ck_assert_int_eq(config_file(&c, "/nonexistent/x.conf", &p), EMP_CONFIG);
	ck_assert_str_eq(p.pointer, "/nonexistent/x.conf");
}
END_TEST

START_TEST(later_sources_win)
{
	const char *env[] = {"PATH=/bin", "EMPOWERD_WORKERS=2",
			     "EMPOWERD_LISTEN=127.0.0.1:1,127.0.0.1:2",
			     "EMPOWERD_URL=x", NULL};

	ck_assert_int_eq(from_file("workers = 1\nreaders = 1\n"), EMP_OK);
	ck_assert_int_eq(config_environment(&c, env, &p), EMP_OK);
	ck_assert_uint_eq(c.workers, 2);
	ck_assert_uint_eq(c.readers, 1);
	ck_assert_uint_eq(c.listen.n, 2);
	ck_assert_int_eq(config_set(&c, STR("workers"), STR("3"), &p), EMP_OK);
	ck_assert_uint_eq(c.workers, 3);
	ck_assert_int_eq(config_set(&c, STR("worker"), STR("3"), &p), EMP_CONFIG);
	env[1] = "EMPOWERD_WORKERS=x";
	ck_assert_int_eq(config_environment(&c, env, &p), EMP_CONFIG);
}
END_TEST

START_TEST(values_that_do_not_fit_each_other)
{
	ck_assert_int_eq(config_set(&c, STR("listen"), STR("unix:/a,unix:/b"), &p),
			 EMP_OK);
	ck_assert_int_eq(config_check(&c, &p), EMP_CONFIG);
	ck_assert_str_eq(p.pointer, "listen");
	ck_assert_int_eq(config_set(&c, STR("listen"), STR(""), &p), EMP_OK);
	ck_assert_int_eq(config_check(&c, &p), EMP_CONFIG);
}
END_TEST

static const struct {
	const char *key, *value;
} senseless[] = {
	{"listen", "8787"},          {"listen", "127.0.0.1:1,host:80"},
	{"timezone", "Mars/Crater"}, {"trusted_proxies", "unix,10.0.0.0/40"},
	{"base_path", "feedback"},
};

START_TEST(values_of_the_right_form_without_a_sense)
{
	ck_assert_int_eq(config_check(&c, &p), EMP_OK);
	ck_assert_int_eq(config_set(&c, str_from(senseless[_i].key),
				    str_from(senseless[_i].value), &p),
			 EMP_OK);
	ck_assert_int_eq(config_check(&c, &p), EMP_CONFIG);
	ck_assert_str_eq(p.pointer, senseless[_i].key);
}
END_TEST

/* What is printed is a file with the same meaning, whatever was set. */
START_TEST(printed_and_read_again)
{
	struct buf first, second;
	char *text;

	buf_init(&first, 0);
	buf_init(&second, 0);
	ck_assert_int_eq(config_set(&c, STR("listen"), STR("[::1]:80,unix:/x y"), &p),
			 EMP_OK);
	ck_assert_int_eq(config_set(&c, STR("trusted_proxies"), STR("10.0.0.0/8"), &p),
			 EMP_OK);
	ck_assert_int_eq(config_set(&c, STR("disk_reserve"), STR("64K"), &p), EMP_OK);
	ck_assert_int_eq(config_set(&c, STR("insecure"), STR("yes"), &p), EMP_OK);
	ck_assert_int_eq(config_set(&c, STR("socket_mode"), STR("0777"), &p), EMP_OK);
	ck_assert_int_eq(config_set(&c, STR("header_timeout"), STR("1m"), &p), EMP_OK);
	ck_assert_int_eq(config_set(&c, STR("retention_case"), STR("48h"), &p), EMP_OK);
	config_print(&c, &first);
	ck_assert(buf_ok(&first));
	text = str_dup(buf_str(&first));
	config_fini(&c);
	ck_assert_int_eq(config_init(&c), EMP_OK);
	ck_assert_msg(from_file(text) == EMP_OK, "%s %s", p.pointer, p.detail);
	config_print(&c, &second);
	ck_assert(str_eq(buf_str(&first), buf_str(&second)));
	for (size_t i = 0; config_key(i); i++)
		ck_assert_ptr_nonnull(strstr(text, config_key(i)));
	free(text);
	buf_fini(&first);
	buf_fini(&second);
}
END_TEST

Suite *
daemon_config_suite(void)
{
	Suite *s = suite_create("daemon_config");
	TCase *t = tcase_create("config");

	tcase_add_checked_fixture(t, set_up, tear_down);
	tcase_add_test(t, defaults);
	tcase_add_test(t, a_file);
	tcase_add_loop_test(t, a_wrong_file_names_the_line, 0,
			    (int)(sizeof wrong / sizeof *wrong));
	tcase_add_test(t, a_missing_file);
	tcase_add_test(t, later_sources_win);
	tcase_add_test(t, values_that_do_not_fit_each_other);
	tcase_add_loop_test(t, values_of_the_right_form_without_a_sense, 0,
			    (int)(sizeof senseless / sizeof *senseless));
	tcase_add_test(t, printed_and_read_again);
	suite_add_tcase(s, t);
	return s;
}
