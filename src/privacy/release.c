/* Which answers of employees are shown together.
 *
 * From the smallest units up: what people of a unit answered, with what units below it
 * hand up because it may not be shown there, is a block of that unit when it is safe to
 * show (is_safe). When it is not, the smallest unit directly below that had blocks
 * gives them all up for it, and another, until the block is safe. When none is left,
 * everything is handed further up; what is not safe at the root is not shown. So a unit
 * is either shown by blocks inside it that hold all of its answers, or it is wholly
 * inside the block of one unit above it, and no sum of blocks cuts through a block.
 */
#include "privacy/release.h"

#include <stdlib.h>

/* One question being cut. Counts are rows of `width` numbers, one row per unit. */
struct cut {
	const struct release_tree *t;
	const struct question *q;
	uint32_t width;
	uint32_t k;
	uint64_t *whole_people; /* of the unit and all below it */
	uint64_t *whole;
	uint64_t *rest_people; /* of them, those that no block below it has */
	uint64_t *rest;
	uint32_t *children; /* of [i]: from first[i] to first[i + 1] */
	uint32_t *first;
	uint32_t *host; /* in the end, the unit whose block has this unit's answers */
	bool *covered;  /* blocks in it have all of it, and there is something */
};

/* ---- counting -------------------------------------------------------------------- */

static enum emp_rc
count_answer(const struct cut *c, uint64_t *people, uint64_t *count,
	     const struct release_answer *a)
{
	++*people;
	if (c->q == NULL || c->q->metric == METRIC_TEXT) {
		count[0]++;
	} else if (c->q->metric == METRIC_CHOICE) {
		count[0]++;
		for (uint32_t left = a->options, i = 1; left != 0; left >>= 1, i++) {
			if (i == c->width)
				return EMP_CORRUPT;
			count[i] += left & 1;
		}
	} else {
		if (a->value < c->q->lo || a->value > c->q->hi)
			return EMP_CORRUPT;
		count[a->value - c->q->lo]++;
	}
	return EMP_OK;
}

static void
add(uint64_t *to, const uint64_t *from, uint32_t width)
{
	for (uint32_t i = 0; i < width; i++)
		to[i] += from[i];
}

/* Is it safe to show? Enough people, and enough of them who said something else than
 * most did: of whatever was said, two at least did not say it. */
static bool
is_safe(const struct cut *c, uint64_t people, const uint64_t *count, uint64_t k)
{
	uint32_t said = 0;

	if (people < k)
		return false;
	if (c->q == NULL || c->q->metric == METRIC_TEXT)
		return true;
	for (said = c->q->metric == METRIC_CHOICE; said < c->width; said++) {
		if (people - count[said] < RELEASE_OUTSIDE)
			return false;
	}
	return true;
}

/* ---- the tree ---------------------------------------------------------------------
 */

static void
cut_fini(struct cut *c)
{
	free(c->whole_people);
	free(c->whole);
	free(c->rest_people);
	free(c->rest);
	free(c->children);
	free(c->first);
	free(c->host);
	free(c->covered);
}

static enum emp_rc
cut_init(struct cut *c, const struct release_tree *t, const struct release_question *q,
	 uint32_t k)
{
	*c = (struct cut){
		.t = t,
		.q = q->q,
		.width = release_width(q->q),
		.k = k,
		.whole_people = calloc(t->n, sizeof *c->whole_people),
		.rest_people = calloc(t->n, sizeof *c->rest_people),
		.children = calloc(t->n, sizeof *c->children),
		.first = calloc((size_t)t->n + 2, sizeof *c->first),
		.host = calloc(t->n, sizeof *c->host),
		.covered = calloc(t->n, sizeof *c->covered),
	};
	c->whole = calloc(t->n, c->width * sizeof *c->whole);
	c->rest = calloc(t->n, c->width * sizeof *c->rest);
	if (c->whole_people == NULL || c->rest_people == NULL || c->children == NULL ||
	    c->first == NULL || c->host == NULL || c->covered == NULL ||
	    c->whole == NULL || c->rest == NULL)
		return EMP_NOMEM;
	return EMP_OK;
}

/* Lists the children of each unit, in the order of the tree. */
static void
list_children(struct cut *c)
{
	const uint32_t *parent = c->t->parent;

	for (uint32_t i = 1; i < c->t->n; i++) {
		EMP_ASSERT(parent[i] < i);
		c->first[parent[i] + 2]++;
	}
	for (uint32_t i = 2; i < c->t->n + 2; i++)
		c->first[i] += c->first[i - 1];
	for (uint32_t i = 1; i < c->t->n; i++)
		c->children[c->first[parent[i] + 1]++] = i;
}

/* ---- cutting ----------------------------------------------------------------------
 */

struct candidate {
	uint64_t people;
	uint32_t unit;
};

static int
smaller(const void *a, const void *b)
{
	const struct candidate *x = a;
	const struct candidate *y = b;

	if (x->people != y->people)
		return x->people < y->people ? -1 : 1;
	return x->unit < y->unit ? -1 : x->unit > y->unit;
}

static bool
rest_is_safe(const struct cut *c, uint32_t unit)
{
	return is_safe(c, c->rest_people[unit], c->rest + (size_t)unit * c->width,
		       c->k);
}

/* Takes children that are covered, smallest first, whole into the rest until that is
 * safe. */
static enum emp_rc
dissolve(struct cut *c, uint32_t unit)
{
	struct candidate *v;
	uint32_t n = 0;

	v = calloc(c->first[unit + 1] - c->first[unit] + 1, sizeof *v);
	if (v == NULL)
		return EMP_NOMEM;
	for (uint32_t i = c->first[unit]; i < c->first[unit + 1]; i++) {
		uint32_t child = c->children[i];

		if (c->covered[child])
			v[n++] = (struct candidate){c->whole_people[child], child};
	}
	qsort(v, n, sizeof *v, smaller);
	for (uint32_t i = 0; i < n && !rest_is_safe(c, unit); i++) {
		uint32_t child = v[i].unit;

		c->covered[child] = false;
		c->rest_people[unit] += c->whole_people[child];
		add(c->rest + (size_t)unit * c->width,
		    c->whole + (size_t)child * c->width, c->width);
	}
	free(v);
	return EMP_OK;
}

/* Children first: they have the greater numbers. */
static enum emp_rc
cut_all(struct cut *c)
{
	for (uint32_t i = c->t->n; i-- > 0;) {
		size_t mine = (size_t)i * c->width;
		size_t above = (size_t)c->t->parent[i] * c->width;
		enum emp_rc rc = EMP_OK;

		/* Without a rest, the blocks below have all there is. */
		c->covered[i] = c->whole_people[i] > 0;
		if (c->rest_people[i] > 0) {
			if (!rest_is_safe(c, i))
				rc = dissolve(c, i);
			if (rc != EMP_OK)
				return rc;
			c->covered[i] = rest_is_safe(c, i);
		}
		if (i == 0)
			break;
		c->whole_people[c->t->parent[i]] += c->whole_people[i];
		add(c->whole + above, c->whole + mine, c->width);
		if (!c->covered[i]) {
			c->rest_people[c->t->parent[i]] += c->whole_people[i];
			add(c->rest + above, c->whole + mine, c->width);
		}
	}
	return EMP_OK;
}

/* Parents first: who went up whole is where the parent is. */
static uint32_t
find_hosts(struct cut *c)
{
	uint32_t blocks = 0;

	for (uint32_t i = 0; i < c->t->n; i++) {
		uint32_t parent = c->t->parent[i];

		if (c->covered[i] && (i == 0 || c->host[parent] == parent))
			c->host[i] = i;
		else
			c->host[i] = i == 0 ? RELEASE_NONE : c->host[parent];
		blocks += c->host[i] == i && c->rest_people[i] > 0;
	}
	return blocks;
}

/* ---- the result -------------------------------------------------------------------
 */

static enum emp_rc
put(const struct cut *c, struct release_blocks *out, struct arena *a, uint32_t unit,
    bool verified, uint64_t people, const uint64_t *count)
{
	uint64_t *copy = arena_alloc(a, c->width * sizeof *copy);

	if (copy == NULL)
		return EMP_NOMEM;
	memcpy(copy, count, c->width * sizeof *copy);
	out->v[out->n++] = (struct release_block){unit, verified, people, copy};
	return EMP_OK;
}

static enum emp_rc
put_verified(struct cut *c, struct release_blocks *out, struct arena *a)
{
	uint32_t blocks = find_hosts(c);

	out->v = arena_alloc(a, (blocks + 1) * sizeof *out->v);
	out->cover = arena_alloc(a, c->t->n * sizeof *out->cover);
	if (out->v == NULL || out->cover == NULL)
		return EMP_NOMEM;
	for (uint32_t i = 0; i < c->t->n; i++) {
		enum emp_rc rc;

		out->cover[i] = RELEASE_NONE;
		if (c->host[i] == RELEASE_NONE)
			continue;
		if (c->host[i] != i) {
			out->cover[i] = out->cover[c->host[i]];
			continue;
		}
		if (c->rest_people[i] == 0)
			continue;
		out->cover[i] = out->n;
		rc = put(c, out, a, i, true, c->rest_people[i],
			 c->rest + (size_t)i * c->width);
		if (rc != EMP_OK)
			return rc;
	}
	EMP_ASSERT(out->n == blocks);
	return EMP_OK;
}

enum emp_rc
release_blocks_make(void *ctx, const struct release_tree *t,
		    const struct release_question *q, uint32_t k, struct arena *a,
		    struct release_blocks *out)
{
	struct cut c;
	uint64_t *pool = NULL;
	uint64_t in_pool = 0;
	uint32_t pool_k;
	enum emp_rc rc;

	(void)ctx;
	*out = (struct release_blocks){.pool = RELEASE_NONE};
	if (k < RELEASE_K_MIN)
		k = RELEASE_K_MIN;
	if (q->q == NULL && k < RELEASE_K_COMMENTS)
		k = RELEASE_K_COMMENTS;
	pool_k = k > RELEASE_K_UNVERIFIED ? k : RELEASE_K_UNVERIFIED;
	rc = cut_init(&c, t, q, k);
	if (rc != EMP_OK)
		goto out;
	pool = calloc(c.width, sizeof *pool);
	if (pool == NULL) {
		rc = EMP_NOMEM;
		goto out;
	}
	for (uint32_t i = 0; i < q->n && rc == EMP_OK; i++) {
		const struct release_answer *answer = &q->answers[i];
		uint32_t unit = answer->unit;

		EMP_ASSERT(unit < t->n);
		if (answer->verified)
			rc = count_answer(&c, &c.whole_people[unit],
					  c.whole + (size_t)unit * c.width, answer);
		else
			rc = count_answer(&c, &in_pool, pool, answer);
	}
	if (rc != EMP_OK)
		goto out;
	memcpy(c.rest_people, c.whole_people, t->n * sizeof *c.rest_people);
	memcpy(c.rest, c.whole, t->n * c.width * sizeof *c.rest);
	list_children(&c);
	rc = cut_all(&c);
	if (rc == EMP_OK)
		rc = put_verified(&c, out, a);
	if (rc == EMP_OK && is_safe(&c, in_pool, pool, pool_k)) {
		out->pool = out->n;
		rc = put(&c, out, a, 0, false, in_pool, pool);
	}
out:
	cut_fini(&c);
	free(pool);
	return rc;
}
