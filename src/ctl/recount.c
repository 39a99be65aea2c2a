/* One grain at a time: load the cells, subtract what SQL counts from the events, see
 * what is left. Memory holds the cells of one grain. */
#include "ctl/recount.h"

#include "base/arena.h"
#include "base/array.h"
#include "base/clock.h"
#include "base/hash.h"
#include "model/query.h"
#include "store/voice.h"

#include <stdio.h>
#include <stdlib.h>

#define ARENA_CHUNK (1U << 20)
#define TELL_MAX 20
#define KEY_BYTES 16
#define FOREVER INT64_MAX

/* The longest that a bucket of a grain can be: the clock may be set back by an hour. */
static const int64_t longest[GRAIN_COUNT] = {
	[GRAIN_MINUTE] = S_PER_MIN,
	[GRAIN_HOUR] = S_PER_HOUR,
	[GRAIN_DAY] = S_PER_DAY + S_PER_HOUR,
};
static const char *const grain_word[GRAIN_COUNT] = {
	[GRAIN_MINUTE] = "minute", [GRAIN_HOUR] = "hour", [GRAIN_DAY] = "day"};

/* A cell of the file, or one that only the events know. */
struct kept {
	struct cell_key key;
	bool in_file;
	bool behind;   /* an event not yet counted may be missing */
	bool too_many; /* some slot counts more than there are events */
	bool too_few;  /* some slot counts less */
	uint32_t n_slots;
	uint32_t *left; /* counted in the file minus found so far, by slot */
};

struct late {
	uint32_t series, subject;
	int64_t time; /* Unix s */
};

struct recount {
	struct ctl_recount *out;
	struct arena arena;
	struct strmap *index;
	struct kept **kept;
	uint32_t n, cap;
	struct late *late; /* events that cells need not include yet */
	uint32_t n_late, cap_late;
	int64_t counted_before;
	int64_t from; /* older cells of the grain may be incomplete */
};

static void
key_bytes(char dst[KEY_BYTES], const struct cell_key *k)
{
	memcpy(dst, &k->series, sizeof k->series);
	memcpy(dst + 4, &k->subject, sizeof k->subject);
	memcpy(dst + 8, &k->start, sizeof k->start);
}

static struct kept *
find(const struct recount *rc, const struct cell_key *k)
{
	char key[KEY_BYTES];
	uint32_t at;

	key_bytes(key, k);
	at = strmap_get(rc->index, (struct str){key, sizeof key});
	return at != UINT32_MAX ? rc->kept[at] : NULL;
}

static enum emp_rc
keep(struct recount *rc, const struct cell_key *k, uint32_t n_slots, struct kept **out)
{
	struct kept *kept = arena_zalloc(&rc->arena, sizeof *kept);
	char key[KEY_BYTES];

	if (kept == NULL)
		return EMP_NOMEM;
	kept->left = arena_zalloc(&rc->arena, (n_slots + 1) * sizeof *kept->left);
	if (kept->left == NULL)
		return EMP_NOMEM;
	kept->key = *k;
	kept->n_slots = n_slots;
	if (!array_reserve(&rc->kept, &rc->cap, rc->n + 1, sizeof(struct kept *)))
		return EMP_NOMEM;
	rc->kept[rc->n] = kept;
	key_bytes(key, k);
	*out = kept;
	return strmap_put(rc->index, (struct str){key, sizeof key}, rc->n++);
}

static enum emp_rc
load_cell(void *ctx, const struct cell *c)
{
	struct recount *rc = ctx;
	struct kept *kept;
	enum emp_rc e = keep(rc, &c->key, c->n_slots, &kept);

	if (e != EMP_OK)
		return e;
	kept->in_file = true;
	memcpy(kept->left, c->slots, c->n_slots * sizeof *c->slots);
	for (uint32_t i = 0; i < c->n_slots; i++)
		rc->out->counts += c->slots[i] != 0;
	return EMP_OK;
}

/* What SQL counted, against the cell. */
static enum emp_rc
subtract(void *ctx, const struct cell_key *k, uint32_t slot, uint64_t n)
{
	struct recount *rc = ctx;
	struct kept *kept = find(rc, k);

	if (k->start < rc->from)
		return EMP_OK;
	if (kept == NULL) {
		enum emp_rc e;

		if (k->grain != GRAIN_DAY)
			return EMP_OK;
		e = keep(rc, k, 0, &kept);
		if (e != EMP_OK)
			return e;
	}
	if (slot >= kept->n_slots || kept->left[slot] < n) {
		kept->too_few = true;
		if (slot < kept->n_slots)
			kept->left[slot] = 0;
	} else {
		kept->left[slot] -= (uint32_t)n;
	}
	return EMP_OK;
}

static enum emp_rc
note_change(void *ctx, uint32_t series, uint32_t subject, int64_t time)
{
	struct recount *rc = ctx;

	if (!array_reserve(&rc->late, &rc->cap_late, rc->n_late + 1, sizeof *rc->late))
		return EMP_NOMEM;
	rc->late[rc->n_late++] = (struct late){series, subject, time / MS_PER_S};
	return EMP_OK;
}

static enum emp_rc
note_late(void *ctx, const struct event_row *e)
{
	struct recount *rc = ctx;
	uint32_t subject = e->survey;

	if (e->seq < rc->counted_before)
		return EMP_OK;
	if (e->type == EVENT_SIGNAL_RECORDED)
		subject = SUBJECT_SIGNAL;
	else if (e->type == EVENT_RECOGNITION_GIVEN)
		subject = SUBJECT_RECOGNITION;
	return note_change(ctx, e->series, subject, e->time);
}

static int
by_key(const void *left, const void *right)
{
	const struct kept *a = *(const struct kept *const *)left;
	const struct kept *b = *(const struct kept *const *)right;

	if (a->key.series != b->key.series)
		return a->key.series < b->key.series ? -1 : 1;
	if (a->key.subject != b->key.subject)
		return a->key.subject < b->key.subject ? -1 : 1;
	return (a->key.start > b->key.start) - (a->key.start < b->key.start);
}

/* The cell that holds a late event is the last one that starts at or before it: no zone
 * is needed to find it. `kept` is sorted. */
static void
mark_behind(struct recount *rc, enum grain g, const struct late *late)
{
	struct kept probe = {.key = {.series = late->series,
				     .subject = late->subject,
				     .start = late->time}};
	const struct kept *p = &probe;
	size_t lo = 0;
	size_t hi = rc->n;

	while (lo < hi) {
		size_t mid = lo + (hi - lo) / 2;

		if (by_key(&rc->kept[mid], &p) <= 0)
			lo = mid + 1;
		else
			hi = mid;
	}
	if (lo == 0)
		return;
	p = rc->kept[lo - 1];
	if (p->key.series == late->series && p->key.subject == late->subject &&
	    late->time - p->key.start < longest[g])
		rc->kept[lo - 1]->behind = true;
}

static void
tell_one(const struct kept *k, enum grain g,
	 void (*tell)(void *ctx, const char *finding), void *ctx)
{
	char text[192];
	char at[TIME_TEXT_MAX];

	time_format(at, k->key.start * MS_PER_S);
	snprintf(text, sizeof text, "%s of %s, series %u, subject %u: %s",
		 grain_word[g], at, k->key.series, k->key.subject,
		 !k->in_file                         ? "the cell is missing"
			 : k->too_many && k->too_few ? "the cell counts other events"
			 : k->too_many ? "the cell counts more than the events"
				       : "the cell counts less than the events");
	tell(ctx, text);
}

static void
judge(struct recount *rc, enum grain g, void (*tell)(void *ctx, const char *finding),
      void *ctx)
{
	for (size_t i = 0; i < rc->n; i++) {
		struct kept *k = rc->kept[i];

		for (uint32_t s = 0; s < k->n_slots; s++)
			k->too_many = k->too_many || k->left[s] != 0;
		rc->out->cells += k->in_file;
		/* What follows on a decision may take back what was counted. */
		if (k->behind &&
		    (k->key.subject >= SUBJECT_FIRST_VOICE ||
		     k->key.subject == SUBJECT_DECISION))
			k->too_many = false;
		if (k->too_few && !k->too_many && k->behind)
			rc->out->behind++;
		else if ((k->too_many || k->too_few) &&
			 rc->out->differences++ < TELL_MAX)
			tell_one(k, g, tell, ctx);
	}
}

static enum emp_rc
one_grain(struct recount *rc, struct store_reader *r, enum grain g,
	  void (*tell)(void *ctx, const char *finding), void *ctx)
{
	enum emp_rc e = strmap_new(&rc->index);

	if (e == EMP_OK)
		e = store_reader_cells_from(r, g, &rc->from);
	if (e == EMP_OK)
		e = store_read_cells(r, g, rc->from, FOREVER, load_cell, rc);
	if (e == EMP_OK)
		e = store_recount(r, g, subtract, rc);
	if (e == EMP_OK) {
		if (rc->n > 0) /* without a cell there is no array yet */
			qsort(rc->kept, rc->n, sizeof(struct kept *), by_key);
		for (size_t i = 0; i < rc->n_late; i++)
			mark_behind(rc, g, &rc->late[i]);
		judge(rc, g, tell, ctx);
	}
	strmap_free(&rc->index);
	arena_reset(&rc->arena);
	rc->n = 0;
	return e;
}

enum emp_rc
ctl_recount_run(struct store_reader *r, struct ctl_recount *out,
		void (*tell)(void *ctx, const char *finding), void *ctx)
{
	struct recount rc = {.out = out};
	enum emp_rc e;

	*out = (struct ctl_recount){0};
	arena_init(&rc.arena, ARENA_CHUNK);
	e = store_reader_counted(r, &rc.counted_before);
	if (e == EMP_OK)
		e = store_read_events(r, UINT64_MAX, 0, FOREVER, note_late, &rc);
	if (e == EMP_OK)
		e = store_read_changes(r, rc.counted_before, note_change, &rc);
	for (int g = 0; g < GRAIN_COUNT && e == EMP_OK; g++)
		e = one_grain(&rc, r, (enum grain)g, tell, ctx);
	free(rc.kept);
	free(rc.late);
	arena_fini(&rc.arena);
	return e;
}
