/* The memory of imports, below XDG_STATE_HOME as the directory specification of
 * freedesktop.org has it. */
#include "ctl/import_state.h"

#include "base/num.h"
#include "crypto/crypto.h"

#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <sys/stat.h>
#include <unistd.h>

#define VERSION_LINE "empowerctl import 1"
#define STATE_FILE_MAX 4096
#define SERVER_BYTES 6
#define DIR_MODE 0700

static bool
default_dir(char dst[PATH_MAX])
{
	const char *state = getenv("XDG_STATE_HOME");
	const char *home = getenv("HOME");
	int n;

	if (state != NULL && state[0] == '/')
		n = snprintf(dst, PATH_MAX, "%s/empowerctl", state);
	else if (home != NULL && home[0] == '/')
		n = snprintf(dst, PATH_MAX, "%s/.local/state/empowerctl", home);
	else
		return false;
	return n > 0 && n < PATH_MAX;
}

/* mkdir -p: 0, or the error number. */
static int
make_dirs(char *path)
{
	struct stat st;

	for (char *at = path + 1;; at++) {
		char c = *at;

		if (c != '/' && c != '\0')
			continue;
		*at = '\0';
		if (mkdir(path, DIR_MODE) != 0 && errno != EEXIST &&
		    (stat(path, &st) != 0 || !S_ISDIR(st.st_mode)))
			return errno;
		*at = c;
		if (c == '\0')
			return 0;
	}
}

static bool
read_line(struct ctl_import_state *s, struct str line)
{
	struct str value = line;
	struct str key = str_split(&value, ' ');

	if (str_is(key, "lines"))
		return num_u64(value, &s->lines);
	if (str_is(key, "stored"))
		return num_u64(value, &s->stored);
	if (str_is(key, "duplicate"))
		return num_u64(value, &s->duplicate);
	if (str_is(key, "rejected"))
		return num_u64(value, &s->rejected);
	if (str_is(key, "finished"))
		return num_bool(value, &s->finished);
	return str_is(key, "file") || str_is(key, "server");
}

static enum emp_rc
read_state(struct ctl_import_state *s, struct problem *p)
{
	char text[STATE_FILE_MAX];
	FILE *f = fopen(s->path, "re");
	struct str rest;
	size_t n;

	if (f == NULL && errno == ENOENT)
		return EMP_OK;
	if (f == NULL)
		return problem_set(p, EMP_IO, "", "cannot read %s: %s", s->path,
				   strerror(errno));
	n = fread(text, 1, sizeof text, f);
	fclose(f);
	rest = (struct str){text, n};
	if (!str_is(str_split(&rest, '\n'), VERSION_LINE))
		goto damaged;
	while (rest.n > 0)
		if (!read_line(s, str_split(&rest, '\n')))
			goto damaged;
	return EMP_OK;
damaged:
	return problem_set(p, EMP_CORRUPT, "",
			   "%s is damaged; remove it to start the import over",
			   s->path);
}

enum emp_rc
ctl_import_state_open(struct ctl_import_state *s, const char *dir,
		      const char digest[CTL_DIGEST_TEXT], const char *server,
		      struct problem *p)
{
	char base[PATH_MAX];
	uint8_t hash[32];
	char where[2 * SERVER_BYTES + 1];
	int error;
	int n;

	*s = (struct ctl_import_state){0};
	if (dir == NULL) {
		if (!default_dir(base))
			return problem_set(p, EMP_IO, "",
					   "no place to remember imports: set HOME or "
					   "give --state DIR");
	} else if (dir[0] == '\0' || strlen(dir) >= sizeof base) {
		return problem_set(p, EMP_IO, "", "--state needs a directory");
	} else {
		memcpy(base, dir, strlen(dir) + 1);
	}
	error = make_dirs(base);
	if (error != 0)
		return problem_set(p, EMP_IO, "", "cannot make the directory %s: %s",
				   base, strerror(error));
	crypto_token_hash(hash, str_from(server));
	num_hex(where, hash, SERVER_BYTES);
	n = snprintf(s->path, sizeof s->path, "%s/import-%s-%s", base, digest, where);
	if (n < 0 || (size_t)n >= sizeof s->path)
		return problem_set(p, EMP_IO, "", "the path of --state is too long");
	return read_state(s, p);
}

enum emp_rc
ctl_import_state_save(const struct ctl_import_state *s, const char *name,
		      struct problem *p)
{
	char fresh[PATH_MAX + 8];
	FILE *f;
	bool ok;

	if (s->path[0] == '\0')
		return EMP_OK;
	snprintf(fresh, sizeof fresh, "%s.new", s->path);
	f = fopen(fresh, "we");
	if (f == NULL)
		return problem_set(p, EMP_IO, "", "cannot write %s: %s", fresh,
				   strerror(errno));
	ok = fprintf(f,
		     VERSION_LINE "\nlines %llu\nstored %llu\nduplicate %llu\n"
				  "rejected %llu\nfinished %s\n",
		     (unsigned long long)s->lines, (unsigned long long)s->stored,
		     (unsigned long long)s->duplicate, (unsigned long long)s->rejected,
		     s->finished ? "yes" : "no") > 0;
	/* A name with a line end would be read as another line. */
	if (ok && strchr(name, '\n') == NULL && strlen(name) < STATE_FILE_MAX / 2)
		ok = fprintf(f, "file %s\n", name) > 0;
	ok = fclose(f) == 0 && ok;
	if (!ok || rename(fresh, s->path) != 0)
		return problem_set(p, EMP_IO, "", "cannot write %s: %s", s->path,
				   strerror(errno));
	return EMP_OK;
}
