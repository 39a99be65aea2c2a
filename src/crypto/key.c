/* Keys in files of their own.
 *
 * A key is created under a random name, made durable, and then linked to its own name:
 * link(2) fails when somebody else was faster, so a key that anybody has read is never
 * replaced, and a crash leaves a stray file but never half a key.
 *
 * A key is destroyed where it lies: its bytes are written over, made durable, and only
 * then loses the file its name. What it protected is gone once the bytes are; file
 * systems that keep old versions, and backups, are the admin's to know.
 */
#include "crypto/crypto.h"

#include <errno.h>
#include <fcntl.h>
#include <limits.h>
#include <sodium.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include "base/log.h"
#include "base/num.h"

#define KEYS_MODE 0700
#define KEY_MODE 0600
#define TEMP_RANDOM_BYTES 8

static bool
name_ok(const char *name)
{
	return name[0] != '\0' && name[0] != '.' &&
		strspn(name, "abcdefghijklmnopqrstuvwxyz0123456789._-") == strlen(name);
}

/* EMP_NOT_FOUND when there is no such file. */
static enum emp_rc
read_key(struct crypto_key *k, const char *path, struct problem *p)
{
	unsigned char bytes[CRYPTO_KEY_BYTES + 1];
	enum emp_rc rc = EMP_OK;
	size_t got = 0;
	int fd = open(path, O_RDONLY | O_CLOEXEC);

	if (fd < 0 && errno == ENOENT)
		return EMP_NOT_FOUND;
	if (fd < 0)
		return problem_set(p, EMP_IO, "", "cannot read the key %s: %s", path,
				   strerror(errno));
	while (got < sizeof bytes) {
		ssize_t n = read(fd, bytes + got, sizeof bytes - got);

		if (n < 0 && errno == EINTR)
			continue;
		if (n < 0)
			rc = problem_set(p, EMP_IO, "", "cannot read the key %s: %s",
					 path, strerror(errno));
		if (n <= 0)
			break;
		got += (size_t)n;
	}
	if (rc == EMP_OK && got != CRYPTO_KEY_BYTES)
		rc = problem_set(p, EMP_CORRUPT, "",
				 "the key %s is damaged (it must have %d bytes): "
				 "restore it from a backup of the keys",
				 path, CRYPTO_KEY_BYTES);
	if (rc == EMP_OK)
		memcpy(k->bytes, bytes, CRYPTO_KEY_BYTES);
	sodium_memzero(bytes, sizeof bytes);
	close(fd);
	return rc;
}

/* Where systemd would have put it; false: it was given none at all. */
static bool
credential_path(char path[PATH_MAX], const char *name)
{
	const char *credentials = getenv("CREDENTIALS_DIRECTORY");
	int n;

	if (credentials == NULL || credentials[0] != '/')
		return false;
	n = snprintf(path, PATH_MAX, "%s/%s.key", credentials, name);
	return n > 0 && n < PATH_MAX;
}

static bool
sync_dir(const char *dir)
{
	int fd = open(dir, O_RDONLY | O_DIRECTORY | O_CLOEXEC);
	bool ok = fd >= 0 && fsync(fd) == 0;

	if (fd >= 0)
		close(fd);
	return ok;
}

static bool
write_key(int fd, const struct crypto_key *k)
{
	size_t put = 0;

	while (put < sizeof k->bytes) {
		ssize_t n = write(fd, k->bytes + put, sizeof k->bytes - put);

		if (n < 0 && errno == EINTR)
			continue;
		if (n < 0)
			return false;
		put += (size_t)n;
	}
	return fsync(fd) == 0;
}

/* A file system without room is no broken one. */
static enum emp_rc
rc_of(int error)
{
	return error == ENOSPC || error == EDQUOT ? EMP_DISK_FULL : EMP_IO;
}

/* Makes a key and gives it the name; somebody else's key under that name is fine. */
static enum emp_rc
create_key(const char *keys, const char *path, struct problem *p)
{
	unsigned char random[TEMP_RANDOM_BYTES];
	char suffix[2 * TEMP_RANDOM_BYTES + 1];
	char temp[PATH_MAX];
	struct crypto_key fresh;
	enum emp_rc rc = EMP_OK;
	int fd;

	crypto_random(random, sizeof random);
	num_hex(suffix, random, sizeof random);
	if ((size_t)snprintf(temp, sizeof temp, "%s/.new-%s", keys, suffix) >=
	    sizeof temp)
		return problem_set(p, EMP_CONFIG, "", "the path %s is too long", keys);
	fd = open(temp, O_WRONLY | O_CREAT | O_EXCL | O_CLOEXEC, KEY_MODE);
	if (fd < 0)
		return problem_set(p, rc_of(errno), "", "cannot create a key in %s: %s",
				   keys, strerror(errno));
	crypto_random(fresh.bytes, sizeof fresh.bytes);
	if (!write_key(fd, &fresh) || (link(temp, path) != 0 && errno != EEXIST) ||
	    !sync_dir(keys))
		rc = problem_set(p, rc_of(errno), "", "cannot create the key %s: %s",
				 path, strerror(errno));
	sodium_memzero(&fresh, sizeof fresh);
	close(fd);
	unlink(temp);
	return rc;
}

static void
warn_if_open(const char *path)
{
	struct stat st;

	if (stat(path, &st) == 0 && (st.st_mode & (S_IRWXG | S_IRWXO)) != 0)
		log_warn("the key %s can be reached by others: chmod 600 %s", path,
			 path);
}

static enum emp_rc
own_paths(char keys[PATH_MAX], char path[PATH_MAX], const char *dir, const char *name,
	  struct problem *p)
{
	int n = snprintf(keys, PATH_MAX, "%s/keys", dir);

	if (n < 0 || n >= PATH_MAX ||
	    snprintf(path, PATH_MAX, "%s/%s.key", keys, name) >= PATH_MAX)
		return problem_set(p, EMP_CONFIG, "", "the path %s is too long", dir);
	return EMP_OK;
}

enum emp_rc
crypto_key_load(struct crypto_key *k, const char *dir, const char *name,
		struct problem *p)
{
	char keys[PATH_MAX];
	char path[PATH_MAX];
	enum emp_rc rc;

	EMP_ASSERT(name_ok(name));
	if (credential_path(path, name)) {
		rc = read_key(k, path, p);
		if (rc != EMP_NOT_FOUND)
			return rc;
	}
	rc = own_paths(keys, path, dir, name, p);
	if (rc != EMP_OK)
		return rc;
	rc = read_key(k, path, p);
	if (rc == EMP_NOT_FOUND) {
		if (mkdir(keys, KEYS_MODE) == 0) {
			if (!sync_dir(dir))
				return problem_set(p, EMP_IO, "", "cannot sync %s: %s",
						   dir, strerror(errno));
		} else if (errno != EEXIST) {
			return problem_set(p, rc_of(errno), "", "cannot create %s: %s",
					   keys, strerror(errno));
		}
		rc = create_key(keys, path, p);
		if (rc == EMP_OK)
			rc = read_key(k, path, p);
		if (rc == EMP_NOT_FOUND)
			rc = problem_set(p, EMP_IO, "", "the key %s disappeared", path);
	}
	if (rc == EMP_OK)
		warn_if_open(path);
	return rc;
}

bool
crypto_key_exists(const char *dir, const char *name)
{
	char keys[PATH_MAX];
	char path[PATH_MAX];

	EMP_ASSERT(name_ok(name));
	if (credential_path(path, name) && access(path, F_OK) == 0)
		return true;
	/* What cannot be looked at is not known to be gone. */
	return own_paths(keys, path, dir, name, NULL) != EMP_OK ||
		access(path, F_OK) == 0 || errno != ENOENT;
}

enum emp_rc
crypto_key_destroy(const char *dir, const char *name, struct problem *p)
{
	struct crypto_key noise;
	char keys[PATH_MAX];
	char path[PATH_MAX];
	enum emp_rc rc;
	bool ok;
	int fd;

	EMP_ASSERT(name_ok(name));
	if (credential_path(path, name) && access(path, F_OK) == 0)
		return problem_set(p, EMP_CONFIG, "",
				   "the key %s was given by systemd and cannot be "
				   "destroyed: remove the credential",
				   path);
	rc = own_paths(keys, path, dir, name, p);
	if (rc != EMP_OK)
		return rc;
	fd = open(path, O_WRONLY | O_NOFOLLOW | O_CLOEXEC);
	if (fd >= 0) {
		/* Not zeros: if the file outlived a crash, it would be a key that
		 * everybody knows. */
		crypto_random(noise.bytes, sizeof noise.bytes);
		ok = write_key(fd, &noise) && unlink(path) == 0;
		sodium_memzero(&noise, sizeof noise);
		close(fd);
	} else {
		ok = errno == ENOENT;
	}
	/* Also without a file: a try before this one may have failed behind unlink. */
	if (!ok || (!sync_dir(keys) && errno != ENOENT))
		return problem_set(p, EMP_IO, "", "cannot destroy the key %s: %s", path,
				   strerror(errno));
	return EMP_OK;
}
