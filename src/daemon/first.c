/* The first start.
 *
 * The token's text exists in one place outside memory: STATE_DIR/admin.token. It is in
 * that file, durably, before its hash goes to the store; a crash in between leaves a
 * file without a token, and the next start adopts its text.
 */
#include "daemon/first.h"

#include "base/arena.h"
#include "base/clock.h"
#include "codec/builtin.h"
#include "codec/json.h"
#include "crypto/crypto.h"

#include <errno.h>
#include <fcntl.h>
#include <semaphore.h>
#include <stdio.h>
#include <unistd.h>

#define TOKEN_FILE "admin.token"
#define TOKEN_FILE_NEW "admin.token.new"
#define TOKEN_PREFIX "emp_"
#define TOKEN_LABEL "admin.token"
#define ARENA_CHUNK 16384

/* A change that the starting thread waits for. */
struct waited {
	struct store_change change;
	sem_t done;
};

/* [writer] */
static void
on_done(struct store_change *c)
{
	sem_post(&((struct waited *)(void *)c)->done);
}

static enum emp_rc
change_and_wait(struct store *s, struct waited *w, struct problem *p)
{
	enum emp_rc rc;

	if (sem_init(&w->done, 0, 0) != 0)
		return problem_set(p, EMP_IO, "", "sem_init: %s", strerror(errno));
	w->change.done = on_done;
	rc = store_change(s, &w->change);
	if (rc == EMP_OK) {
		while (sem_wait(&w->done) != 0 && errno == EINTR)
			;
		rc = w->change.rc;
		if (rc != EMP_OK)
			*p = w->change.problem;
	} else {
		problem_set(p, rc, "", "%s", emp_rc_title(rc));
	}
	sem_destroy(&w->done);
	return rc;
}

/* --- the admin's token --- */

static enum emp_rc
failed(struct problem *p, const char *dir, const char *what)
{
	return problem_set(p, EMP_IO, TOKEN_FILE, "%s %s/%s: %s", what, dir, TOKEN_FILE,
			   strerror(errno));
}

static bool
write_all(int fd, const char *text, size_t n)
{
	while (n > 0) {
		ssize_t done = write(fd, text, n);

		if (done < 0 && errno == EINTR)
			continue;
		if (done <= 0)
			return false;
		text += done;
		n -= (size_t)done;
	}
	return true;
}

/* Under its final name only when it is complete and on the disk. */
static enum emp_rc
token_file_write(int dirfd, const char *dir, struct str text, struct problem *p)
{
	enum emp_rc rc = EMP_OK;
	int fd;

	if (unlinkat(dirfd, TOKEN_FILE_NEW, 0) != 0 && errno != ENOENT)
		return failed(p, dir, "cannot replace");
	fd = openat(dirfd, TOKEN_FILE_NEW, O_WRONLY | O_CREAT | O_EXCL | O_CLOEXEC,
		    0600);
	if (fd < 0)
		return failed(p, dir, "cannot create");
	if (!write_all(fd, text.p, text.n) || !write_all(fd, "\n", 1) || fsync(fd) != 0)
		rc = failed(p, dir, "cannot write");
	if (close(fd) != 0 && rc == EMP_OK)
		rc = failed(p, dir, "cannot write");
	if (rc == EMP_OK && linkat(dirfd, TOKEN_FILE_NEW, dirfd, TOKEN_FILE, 0) != 0)
		rc = failed(p, dir, "cannot create");
	if (unlinkat(dirfd, TOKEN_FILE_NEW, 0) != 0 && rc == EMP_OK)
		rc = failed(p, dir, "cannot finish");
	if (rc == EMP_OK && fsync(dirfd) != 0)
		rc = failed(p, dir, "cannot write");
	return rc;
}

/* A text left by a start that did not get further. */
static enum emp_rc
token_file_read(int dirfd, const char *dir, char text[TOKEN_TEXT_MAX], size_t *n,
		struct problem *p)
{
	int fd = openat(dirfd, TOKEN_FILE, O_RDONLY | O_CLOEXEC | O_NOFOLLOW);
	char buffer[TOKEN_TEXT_MAX + 1];
	ssize_t got;

	*n = 0;
	if (fd < 0)
		return errno == ENOENT ? EMP_OK : failed(p, dir, "cannot open");
	got = read(fd, buffer, sizeof buffer);
	close(fd);
	if (got < 0)
		return failed(p, dir, "cannot read");
	while (got > 0 && buffer[got - 1] == '\n')
		got--;
	if (got <= (ssize_t)sizeof TOKEN_PREFIX || got >= TOKEN_TEXT_MAX ||
	    memcmp(buffer, TOKEN_PREFIX, sizeof TOKEN_PREFIX - 1) != 0)
		return problem_set(p, EMP_CONFLICT, TOKEN_FILE,
				   "%s/%s holds something else than a token, and the "
				   "database knows no token: move the file away",
				   dir, TOKEN_FILE);
	memcpy(text, buffer, (size_t)got);
	*n = (size_t)got;
	return EMP_OK;
}

static enum emp_rc
admin_token(struct store *s, const char *dir, struct problem *p)
{
	struct waited w = {.change = {.op = DEF_TOKEN_ADD}};
	struct token_def *t = &w.change.token;
	int dirfd = open(dir, O_RDONLY | O_DIRECTORY | O_CLOEXEC);
	char text[TOKEN_TEXT_MAX];
	size_t n;
	enum emp_rc rc;

	if (dirfd < 0)
		return failed(p, dir, "cannot open the directory of");
	rc = token_file_read(dirfd, dir, text, &n, p);
	if (rc == EMP_OK && n == 0) {
		n = crypto_token_new(text);
		rc = token_file_write(dirfd, dir, (struct str){text, n}, p);
	}
	close(dirfd);
	if (rc == EMP_OK) {
		t->scopes = SCOPE_INGEST | SCOPE_RESPOND | SCOPE_CONCERN |
			SCOPE_ROSTER | SCOPE_READ | SCOPE_ADMIN;
		t->created = clock_now_ms();
		crypto_token_hash(t->hash, (struct str){text, n});
		memcpy(t->label, TOKEN_LABEL, sizeof TOKEN_LABEL);
		rc = change_and_wait(s, &w, p);
	}
	explicit_bzero(text, sizeof text);
	return rc;
}

/* --- the surveys that ship --- */

static enum emp_rc
builtin_put(struct store *s, const struct defs *defs, const char *document,
	    struct problem *p)
{
	struct waited w = {.change = {.op = DEF_SURVEY_PUT}};
	const struct survey *now;
	struct survey survey;
	struct arena arena;
	enum emp_rc rc;

	arena_init(&arena, ARENA_CHUNK);
	memset(&survey, 0, sizeof survey);
	rc = json_survey_read(&survey, STR_NONE, str_from(document), &arena, p);
	/* Of the same name, but put by somebody: theirs. */
	now = rc == EMP_OK ? surveys_find(defs->surveys, survey.name) : NULL;
	if (rc == EMP_OK &&
	    (!now || (now->builtin && !str_eq(now->document, survey.document)))) {
		survey.builtin = true;
		w.change.survey = &survey;
		rc = change_and_wait(s, &w, p);
	}
	arena_fini(&arena);
	return rc;
}

enum emp_rc
first_start(struct store *s, const char *state_dir, struct problem *p)
{
	const struct defs *defs = store_defs(s);
	enum emp_rc rc = EMP_OK;

	if (defs->n_tokens == 0)
		rc = admin_token(s, state_dir, p);
	for (const char *const *d = builtin_surveys(); *d && rc == EMP_OK; d++)
		rc = builtin_put(s, defs, *d, p);
	return rc;
}
