/*
 * crypto: keys are made once and shared, hashes separate what must be apart.
 */
#include "config.h"

#include <check.h>
#include <fcntl.h>
#include <limits.h>
#include <pthread.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <sys/wait.h>
#include <unistd.h>

#include "crypto/crypto.h"
#include "unit.h"

static char dir[PATH_MAX];

static void
setup(void)
{
	snprintf(dir, sizeof dir, "%s/crypto-XXXXXX",
		 getenv("TMPDIR") != NULL ? getenv("TMPDIR") : "/tmp");
	ck_assert_ptr_nonnull(mkdtemp(dir));
	ck_assert_int_eq(crypto_init(), EMP_OK);
	unsetenv("CREDENTIALS_DIRECTORY");
}

static void
teardown(void)
{
	char command[PATH_MAX + 16];

	snprintf(command, sizeof command, "rm -rf '%s'", dir);
	ck_assert_int_eq(system(command), 0);
}

static void
put_file(const char *name, const char *bytes, size_t n)
{
	char path[PATH_MAX + 64];
	int fd;

	snprintf(path, sizeof path, "%s/%s", dir, name);
	fd = open(path, O_WRONLY | O_CREAT | O_TRUNC, 0600);
	ck_assert_int_ge(fd, 0);
	ck_assert_int_eq(write(fd, bytes, n), (ssize_t)n);
	close(fd);
}

START_TEST(a_key_is_created_once)
{
	struct crypto_key a;
	struct crypto_key b;
	struct crypto_key other;
	struct stat st;
	char path[PATH_MAX + 64];

	ck_assert_int_eq(crypto_key_load(&a, dir, "person", NULL), EMP_OK);
	ck_assert_int_eq(crypto_key_load(&b, dir, "person", NULL), EMP_OK);
	ck_assert_int_eq(crypto_key_load(&other, dir, "ids", NULL), EMP_OK);
	ck_assert_mem_eq(&a, &b, sizeof a);
	ck_assert_mem_ne(&a, &other, sizeof a);
	snprintf(path, sizeof path, "%s/keys/person.key", dir);
	ck_assert_int_eq(stat(path, &st), 0);
	ck_assert_int_eq(st.st_mode & 07777, 0600);
	ck_assert_int_eq(st.st_size, CRYPTO_KEY_BYTES);
	snprintf(path, sizeof path, "%s/keys", dir);
	ck_assert_int_eq(stat(path, &st), 0);
	ck_assert_int_eq(st.st_mode & 07777, 0700);
}
END_TEST

static void *
load(void *to)
{
	struct problem p;

	return crypto_key_load(to, dir, "race", &p) == EMP_OK ? to : NULL;
}

START_TEST(racing_callers_get_the_same_key)
{
	struct crypto_key k[8];
	pthread_t thread[8];
	void *result;

	for (int i = 0; i < 8; i++)
		ck_assert_int_eq(pthread_create(&thread[i], NULL, load, &k[i]), 0);
	for (int i = 0; i < 8; i++) {
		ck_assert_int_eq(pthread_join(thread[i], &result), 0);
		ck_assert_ptr_nonnull(result);
		ck_assert_mem_eq(&k[0], &k[i], sizeof k[0]);
	}
}
END_TEST

START_TEST(a_damaged_key_is_refused_by_name)
{
	struct crypto_key k;
	struct problem p = {0};

	ck_assert_int_eq(crypto_key_load(&k, dir, "person", NULL), EMP_OK);
	put_file("keys/person.key", "short", 5);
	ck_assert_int_eq(crypto_key_load(&k, dir, "person", &p), EMP_CORRUPT);
	ck_assert_ptr_nonnull(strstr(p.detail, "keys/person.key"));
}
END_TEST

START_TEST(a_systemd_credential_wins)
{
	struct crypto_key own;
	struct crypto_key k;

	ck_assert_int_eq(crypto_key_load(&own, dir, "person", NULL), EMP_OK);
	put_file("person.key", "0123456789abcdef0123456789abcdef", 32);
	setenv("CREDENTIALS_DIRECTORY", dir, 1);
	ck_assert_int_eq(crypto_key_load(&k, dir, "person", NULL), EMP_OK);
	ck_assert_mem_eq(k.bytes, "0123456789abcdef0123456789abcdef", 32);
	/* Only that key is there; the next one comes from its file. */
	ck_assert_int_eq(crypto_key_load(&k, dir, "ids", NULL), EMP_OK);
	unsetenv("CREDENTIALS_DIRECTORY");
	ck_assert_int_eq(crypto_key_load(&k, dir, "person", NULL), EMP_OK);
	ck_assert_mem_eq(&k, &own, sizeof k);
}
END_TEST

START_TEST(a_destroyed_key_is_gone_from_its_bytes)
{
	struct crypto_key was;
	struct crypto_key next;
	struct crypto_key other;
	struct stat st;
	char bytes[CRYPTO_KEY_BYTES + 1];
	char zeros[CRYPTO_KEY_BYTES] = {0};
	char path[PATH_MAX + 64];
	int fd;

	ck_assert_int_eq(crypto_key_load(&other, dir, "person", NULL), EMP_OK);
	ck_assert_int_eq(crypto_key_load(&was, dir, "period-enps-7", NULL), EMP_OK);
	snprintf(path, sizeof path, "%s/keys/period-enps-7.key", dir);
	fd = open(path, O_RDONLY);
	ck_assert_int_ge(fd, 0);
	ck_assert_int_eq(crypto_key_destroy(dir, "period-enps-7", NULL), EMP_OK);
	ck_assert_int_ne(access(path, F_OK), 0);
	ck_assert_int_eq(fstat(fd, &st), 0);
	ck_assert_int_eq(st.st_nlink, 0);
	/* Whoever still has the file open reads nothing of the key. */
	ck_assert_int_eq(read(fd, bytes, sizeof bytes), CRYPTO_KEY_BYTES);
	for (int i = 0; i + 8 <= CRYPTO_KEY_BYTES; i++)
		ck_assert_mem_ne(bytes + i, was.bytes + i, 8);
	ck_assert_mem_ne(bytes, zeros, sizeof zeros);
	close(fd);
	/* Only that one; and a new one of its name is another. */
	ck_assert_int_eq(crypto_key_load(&next, dir, "person", NULL), EMP_OK);
	ck_assert_mem_eq(&next, &other, sizeof next);
	ck_assert_int_eq(crypto_key_load(&next, dir, "period-enps-7", NULL), EMP_OK);
	ck_assert_mem_ne(&next, &was, sizeof next);
}
END_TEST

START_TEST(destroying_no_key_is_fine)
{
	struct crypto_key k;

	/* Without the directory, too. */
	ck_assert_int_eq(crypto_key_destroy(dir, "period-enps-1", NULL), EMP_OK);
	ck_assert_int_eq(crypto_key_load(&k, dir, "period-enps-1", NULL), EMP_OK);
	ck_assert_int_eq(crypto_key_destroy(dir, "period-enps-1", NULL), EMP_OK);
	ck_assert_int_eq(crypto_key_destroy(dir, "period-enps-1", NULL), EMP_OK);
}
END_TEST

START_TEST(a_key_that_cannot_be_destroyed_is_an_error)
{
	struct crypto_key k;
	struct problem p = {0};
	char path[PATH_MAX + 64];
	char target[PATH_MAX + 64];
	char bytes[CRYPTO_KEY_BYTES];
	int fd;

	/* Given by systemd. */
	ck_assert_int_eq(crypto_key_load(&k, dir, "person", NULL), EMP_OK);
	put_file("person.key", "0123456789abcdef0123456789abcdef", 32);
	setenv("CREDENTIALS_DIRECTORY", dir, 1);
	ck_assert_int_eq(crypto_key_destroy(dir, "person", &p), EMP_CONFIG);
	ck_assert_ptr_nonnull(strstr(p.detail, "person.key"));
	/* A directory of credentials without that one is no obstacle. */
	ck_assert_int_eq(crypto_key_load(&k, dir, "ids", NULL), EMP_OK);
	ck_assert_int_eq(crypto_key_destroy(dir, "ids", NULL), EMP_OK);
	unsetenv("CREDENTIALS_DIRECTORY");
	/* A link leads elsewhere: nothing there is written over. */
	snprintf(path, sizeof path, "%s/keys/away.key", dir);
	snprintf(target, sizeof target, "%s/person.key", dir);
	ck_assert_int_eq(symlink(target, path), 0);
	ck_assert_int_eq(crypto_key_destroy(dir, "away", &p), EMP_IO);
	ck_assert_ptr_nonnull(strstr(p.detail, "away.key"));
	fd = open(target, O_RDONLY);
	ck_assert_int_ge(fd, 0);
	ck_assert_int_eq(read(fd, bytes, sizeof bytes), CRYPTO_KEY_BYTES);
	ck_assert_mem_eq(bytes, "0123456789abcdef0123456789abcdef", 32);
	close(fd);
}
END_TEST

START_TEST(pseudonyms_depend_on_key_domain_and_text)
{
	const struct crypto_key k = {{1}};
	const struct crypto_key k2 = {{2}};
	uint8_t a[16];
	uint8_t b[16];

	crypto_pseudonym(a, &k, "person", STR("ada"));
	crypto_pseudonym(b, &k, "person", STR("ada"));
	ck_assert_mem_eq(a, b, sizeof a);
	crypto_pseudonym(b, &k2, "person", STR("ada"));
	ck_assert_mem_ne(a, b, sizeof a);
	crypto_pseudonym(b, &k, "case", STR("ada"));
	ck_assert_mem_ne(a, b, sizeof a);
	crypto_pseudonym(b, &k, "person", STR("adb"));
	ck_assert_mem_ne(a, b, sizeof a);
}
END_TEST

START_TEST(the_fast_hash_is_siphash_128)
{
	/* The reference implementation's vector for an empty input. */
	struct crypto_key k = {{0}};
	uint8_t out[16];

	for (int i = 0; i < 16; i++)
		k.bytes[i] = (uint8_t)i;
	crypto_fast_hash(out, &k, "", 0);
	ck_assert_mem_eq(out,
			 "\xa3\x81\x7f\x04\xba\x25\xa8\xe6\x6d\xf6\x72\x14\xc7\x55"
			 "\x02\x93",
			 16);
	k.bytes[31] = 1; /* behind the part that counts */
	crypto_fast_hash(out, &k, "", 0);
	ck_assert_int_eq(out[0], 0xa3);
}
END_TEST

START_TEST(tokens_are_long_random_and_hashed)
{
	char a[TOKEN_TEXT_MAX];
	char b[TOKEN_TEXT_MAX];
	uint8_t hash[32];
	uint8_t same[32];

	ck_assert_uint_eq(crypto_token_new(a), 47);
	ck_assert_uint_eq(crypto_token_new(b), 47);
	ck_assert_int_eq(strncmp(a, "emp_", 4), 0);
	ck_assert_uint_eq(strspn(a + 4,
				 "ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrst"
				 "uvwxyz0123456789-_"),
			  43);
	ck_assert_str_ne(a, b);
	crypto_token_hash(hash, str_from(a));
	crypto_token_hash(same, str_from(a));
	ck_assert_mem_eq(hash, same, sizeof hash);
	crypto_token_hash(same, str_from(b));
	ck_assert_mem_ne(hash, same, sizeof hash);
}
END_TEST

START_TEST(event_ids_differ_in_a_forked_process_too)
{
	char first[33];
	char mine[33];
	char childs[33];
	int fds[2];
	int status;
	pid_t child;

	crypto_event_id(first); /* the stock of this thread is drawn now */
	ck_assert_uint_eq(strlen(first), 32);
	ck_assert_int_eq(pipe(fds), 0);
	child = fork();
	ck_assert_int_ge(child, 0);
	if (child == 0) {
		crypto_event_id(childs);
		_exit(write(fds[1], childs, sizeof childs) == sizeof childs ? 0 : 1);
	}
	ck_assert_int_eq(read(fds[0], childs, sizeof childs), sizeof childs);
	ck_assert_int_eq(waitpid(child, &status, 0), child);
	crypto_event_id(mine);
	ck_assert_str_ne(mine, childs);
	ck_assert_str_ne(mine, first);
	close(fds[0]);
	close(fds[1]);
}
END_TEST

START_TEST(random_bytes_do_not_repeat)
{
	uint8_t seen[300][8];
	uint8_t large[100];
	uint8_t zero[100] = {0};

	for (int i = 0; i < 300; i++) {
		crypto_random(seen[i], sizeof seen[i]);
		for (int j = 0; j < i; j++)
			ck_assert_mem_ne(seen[i], seen[j], sizeof seen[i]);
	}
	memcpy(large, zero, sizeof large);
	crypto_random(large, sizeof large);
	ck_assert_mem_ne(large, zero, sizeof large);
}
END_TEST

Suite *
crypto_suite(void)
{
	Suite *s = suite_create("crypto");
	TCase *tc = tcase_create("crypto");

	tcase_add_checked_fixture(tc, setup, teardown);
	tcase_add_test(tc, a_key_is_created_once);
	tcase_add_test(tc, racing_callers_get_the_same_key);
	tcase_add_test(tc, a_damaged_key_is_refused_by_name);
	tcase_add_test(tc, a_systemd_credential_wins);
	tcase_add_test(tc, a_destroyed_key_is_gone_from_its_bytes);
	tcase_add_test(tc, destroying_no_key_is_fine);
	tcase_add_test(tc, a_key_that_cannot_be_destroyed_is_an_error);
	tcase_add_test(tc, pseudonyms_depend_on_key_domain_and_text);
	tcase_add_test(tc, the_fast_hash_is_siphash_128);
	tcase_add_test(tc, tokens_are_long_random_and_hashed);
	tcase_add_test(tc, event_ids_differ_in_a_forked_process_too);
	tcase_add_test(tc, random_bytes_do_not_repeat);
	suite_add_tcase(s, tc);
	return s;
}
