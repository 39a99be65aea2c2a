/* The cache of answers: a small table, searched by hash. */
#include "api/cache.h"

#include "base/hash.h"

#include <inttypes.h>
#include <stdio.h>
#include <stdlib.h>

void
cache_init(struct cache *c)
{
	memset(c, 0, sizeof *c);
}

static void
entry_drop(struct cache *c, struct cache_entry *e)
{
	if (e->hash == 0)
		return;
	c->bytes -= e->body.cap + e->question_n;
	free(e->question);
	buf_fini(&e->body);
	memset(e, 0, sizeof *e);
}

void
cache_fini(struct cache *c)
{
	for (size_t i = 0; i < CACHE_ENTRIES; i++)
		entry_drop(c, &c->entry[i]);
}

static uint64_t
question_hash(struct str question)
{
	return hash_bytes(question.p, question.n) | 1;
}

static struct cache_entry *
entry_find(struct cache *c, struct str question, uint64_t hash)
{
	for (size_t i = 0; i < CACHE_ENTRIES; i++) {
		struct cache_entry *e = &c->entry[i];

		if (e->hash == hash &&
		    str_eq(question, (struct str){e->question, e->question_n}))
			return e;
	}
	return NULL;
}

const struct cache_entry *
cache_get(struct cache *c, struct str question, const struct cache_state *now)
{
	struct cache_entry *e = entry_find(c, question, question_hash(question));

	if (!e || e->state.seq != now->seq || e->state.defs != now->defs ||
	    e->state.sealed != now->sealed || e->state.releases != now->releases ||
	    e->state.quarter != now->quarter)
		return NULL;
	e->used = ++c->tick;
	return e;
}

static struct cache_entry *
entry_oldest(struct cache *c, bool empty_too)
{
	struct cache_entry *oldest = NULL;

	for (size_t i = 0; i < CACHE_ENTRIES; i++) {
		struct cache_entry *e = &c->entry[i];

		if ((empty_too || e->hash != 0) && (!oldest || e->used < oldest->used))
			oldest = e;
	}
	return oldest;
}

const struct cache_entry *
cache_put_take(struct cache *c, struct str question, const struct cache_state *state,
	       bool csv, struct buf *body)
{
	uint64_t hash = question_hash(question);
	struct cache_entry *e = entry_find(c, question, hash);
	size_t bytes = body->cap + question.n;
	char *copy;

	if (e)
		entry_drop(c, e);
	if (bytes > CACHE_ENTRY_BYTES)
		return NULL;
	copy = str_dup(question);
	if (!copy)
		return NULL;
	while (c->bytes + bytes > CACHE_BYTES)
		entry_drop(c, entry_oldest(c, false));
	e = entry_oldest(c, true);
	entry_drop(c, e);
	e->hash = hash;
	e->used = ++c->tick;
	e->state = *state;
	e->question = copy;
	e->question_n = question.n;
	e->body = *body;
	e->csv = csv;
	etag_of(e->etag, buf_str(&e->body));
	c->bytes += bytes;
	buf_init(body, body->max);
	return e;
}

void
etag_of(char dst[ETAG_MAX], struct str body)
{
	/* A cryptographic digest took a quarter of the time of a large answer. */
	snprintf(dst, ETAG_MAX, "\"%016" PRIx64 "-%zx\"", hash_bytes(body.p, body.n),
		 body.n);
}
