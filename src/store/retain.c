/* When retention runs, and what it says in the log: see retain.h. */
#include "store/retain.h"
#include "store/impl.h"

#include <stdlib.h>

#include "base/clock.h"
#include "base/log.h"
#include "store/db.h"

#define SLICE_NS 4000000

struct retain {
	struct retain_main *main;
	struct retain_sealed *sealed;
	bool limited; /* something is to go */
};

bool
retain_over(uint64_t began)
{
	return clock_mono_ns() - began >= SLICE_NS;
}

static int64_t
today(void)
{
	return clock_now_ms() / MS_PER_S / S_PER_DAY;
}

bool
retain_due(const struct store *s)
{
	return s->eraser.retain != NULL || s->eraser.retained_day != today();
}

static int64_t
limit_of(int64_t now, uint64_t seconds)
{
	return seconds > 0 ? now - (int64_t)seconds * MS_PER_S : INT64_MIN;
}

static enum emp_rc
begin(struct store *s, struct retain **out)
{
	const struct store_retention *kept = &s->config.retention;
	int64_t now = clock_now_ms();
	const struct retain_limits limits = {
		limit_of(now, kept->customer), limit_of(now, kept->operational),
		limit_of(now, kept->personnel), limit_of(now, kept->cases),
		limit_of(now, kept->sealed)};
	struct retain *r = calloc(1, sizeof *r);
	enum emp_rc rc = r != NULL ? EMP_OK : EMP_NOMEM;

	if (rc == EMP_OK && (kept->customer > 0 || kept->operational > 0))
		rc = retain_main_new(&r->main, s, limits.customer, limits.operational);
	if (rc == EMP_OK)
		rc = retain_sealed_new(&r->sealed, s, &limits);
	if (rc == EMP_OK)
		r->limited = (kept->customer | kept->operational | kept->personnel |
			      kept->cases | kept->sealed) != 0;
	*out = r;
	return rc;
}

static void
end(struct store *s)
{
	struct retain *r = s->eraser.retain;

	if (r == NULL)
		return;
	s->eraser.retain = NULL;
	retain_main_free(&r->main);
	retain_sealed_free(&r->sealed);
	free(r);
}

void
retain_close(struct store *s)
{
	end(s);
}

/* Of employees not even a number. */
static void
tell(struct store *s, const struct retain_main *m)
{
	uint64_t events;
	uint64_t customers;

	retain_main_told(m, &events, &customers);
	if (events > 0) /* some may have been reasons of boundaries */
		erase_read_boundaries(s);
	if (events > 0 || customers > 0)
		log_info("retention: %llu events in empowerd.db lost texts and ids, "
			 "%llu customers their pseudonym",
			 (unsigned long long)events, (unsigned long long)customers);
}

enum emp_rc
retain_step(struct store *s)
{
	struct retain *r = s->eraser.retain;
	bool more = true;
	enum emp_rc rc = EMP_OK;

	if (r == NULL) {
		rc = begin(s, &s->eraser.retain);
	} else if (r->main != NULL) {
		rc = retain_main_step(r->main, s, &more);
		if (rc == EMP_OK && !more) {
			tell(s, r->main);
			retain_main_free(&r->main);
		}
		more = true;
	} else {
		rc = retain_sealed_step(r->sealed, s, &more);
	}
	if (rc == EMP_OK && more)
		return rc;
	s->eraser.retained_day = today();
	if (rc != EMP_OK)
		log_error("retention failed (%s): it is tried again tomorrow, or at "
			  "the next start",
			  emp_rc_title(rc));
	/* What went may still be in a log. */
	if (r != NULL && r->limited)
		s->eraser.unclean = true;
	end(s);
	return rc;
}
