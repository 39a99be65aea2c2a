/* Which answers of employees are shown together, and why nobody can be seen in them.
 *
 * WHO IS KEPT OUT. A manager who knows every member of a small team, adds and subtracts
 * every number that is ever published, knows who took part, and has read this page.
 *
 * WHAT LEAVES. Of the answers to one question in one period: blocks. A block is a group
 * of people of whom it is said how many they are and how often each answer was given.
 * Whatever is shown afterwards, anywhere, is the sum of whole blocks.
 *
 *  1. A block has at least k people.
 *  2. Of whatever was answered in it, at least two people did not answer that. With
 *     one, that one, who knows his own answer, would know what all others said; with
 *     none, everybody would.
 *  3. Nobody is in two blocks, and blocks never change. Adding and subtracting numbers
 *     then gives multiples of whole blocks and nothing else: no way of asking leads to
 *     a smaller group.
 *
 * HOW BLOCKS ARE MADE. From the smallest units up. Answers of a unit and of all below
 * it that are not safe as a whole (1 and 2) go up, and are looked at again with those
 * of the unit above. Where they are safe, the unit has a rest: its own people and all
 * units directly below that have fewer than k. If the rest is not safe, the smallest of
 * the other units below gives up what it has, with all blocks inside it, and becomes
 * part of the rest; then the next, until the rest is safe. A rest that is empty needs
 * no block. What is not safe at the root is not shown at all.
 *
 * An example, with k = 5. In "sales", north has 12 people, south 7, harbour 1.
 *
 *     north  12 people: 7 say yes, 5 no      safe
 *     south   7 people: 3 say yes, 4 no      safe
 *     harbour 1 person: no                   the rest of sales; not safe
 *
 * Showing north, south and the sum of sales would show harbour: 20 - 12 - 7 people, 10
 * - 5 - 4 of them "no". So south dissolves: the blocks are north with 12 people, and
 * the rest of sales with 8, 3 yes and 5 no. Sales has 20 people, as the sum of both.
 * Who asks for south gets the same word as who asks for harbour: protected.
 *
 * WHY WHOLE UNITS. If a part of south stayed a block and a part went into the block of
 * sales, no sum of whole blocks would be the answers of south. This way every unit is
 * either shown by blocks inside it that hold all of its answers, or all of them are
 * inside the block of one unit above it.
 *
 * WHY THE SMALLEST. Because least is lost, and because of what choosing says. How many
 * people of a unit took part is no secret: another question, answered by the same
 * people, may show it. So a unit of k people that is missing is missing for what was
 * answered in it. Say north had 11 yes and 1 no, which is not safe, and only north went
 * to harbour: 11 yes and 2 no, 13 people, safe to look at. But a reader of this page
 * would say: south with 7 is shown, so it did not have to dissolve, so north with its
 * 12 is missing because it has at most one "no". The other "no" is harbour's, and
 * harbour is one person. Therefore who dissolves is decided by numbers of people alone:
 * units of k people or more give up in the order of their size (of equal ones, the
 * first by name), until the rest and all that are left are safe. When north has to go,
 * south goes first. What can be learned is where the line was drawn: that either the
 * rest up to the unit before, or that unit, was not safe; both have at least k people,
 * or the rest was merely small. The answer of harbour stays open.
 *
 * WHAT IS ASSUMED. That answers marked as verified are of so many different people of
 * that unit; one answer for each; a tree and a k that nobody can change after the first
 * answer; blocks that are made once. Answers that nobody vouched for might all be one
 * person's: they are never mixed with the others, have one block at most, at the root,
 * and need more people. A text is not counted by what it says, so there is no second
 * rule for texts and comments; comments can give their writers away by their style and
 * need more people.
 *
 * WHAT REMAINS. People of a block who tell each other what they said see the others
 * more clearly: k - 1 of k see the last. Two releases about the same people, of whom
 * one joined or left in between: if nobody else changed his mind, the difference is
 * that one. That nobody at all answered in a unit can be seen when all others of its
 * parent are blocks and the parent has none. Who knows how many took part in a unit of
 * k people or more that is missing can guess that its answers were much alike, and, if
 * one answer stands out in the block that holds them, which.
 *
 * tests/unit/test_privacy_attack.c tries both to add and subtract and to think.
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
	uint64_t *rest_people; /* of them, those that are in its own block */
	uint64_t *rest;
	uint32_t *children; /* of [i]: from first[i] to first[i + 1] */
	uint32_t *first;
	uint32_t *host; /* in the end, the unit whose block has this unit's answers */
	bool *covered;  /* blocks inside it have all of its answers */
};

/* ---- counting -------------------------------------------------------------------- */

enum emp_rc
release_count(const struct question *q, const struct release_answer *a, uint64_t *count)
{
	if (q == NULL || q->metric == METRIC_TEXT) {
		count[0]++;
	} else if (q->metric == METRIC_CHOICE) {
		count[0]++;
		for (uint32_t left = a->options, i = 1; left != 0; left >>= 1, i++) {
			if (i == release_width(q))
				return EMP_CORRUPT;
			count[i] += left & 1;
		}
	} else {
		if (a->value < q->lo || a->value > q->hi)
			return EMP_CORRUPT;
		count[a->value - q->lo]++;
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
bool
release_is_safe(const struct question *q, uint64_t people, const uint64_t *count,
		uint64_t k)
{
	uint32_t width = release_width(q);

	if (people < k)
		return false;
	if (q == NULL || q->metric == METRIC_TEXT)
		return true;
	for (uint32_t said = q->metric == METRIC_CHOICE; said < width; said++) {
		if (people - count[said] < RELEASE_OUTSIDE)
			return false;
	}
	return true;
}

static bool
is_safe(const struct cut *c, uint64_t people, const uint64_t *count, uint64_t k)
{
	return release_is_safe(c->q, people, count, k);
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

/* Those below a unit that have people enough, smallest first. */
static uint32_t
find_candidates(const struct cut *c, uint32_t unit, struct candidate *v)
{
	uint32_t n = 0;

	for (uint32_t i = c->first[unit]; i < c->first[unit + 1]; i++) {
		uint32_t child = c->children[i];

		if (c->whole_people[child] >= c->k)
			v[n++] = (struct candidate){c->whole_people[child], child};
	}
	qsort(v, n, sizeof *v, smaller);
	return n;
}

/* The block of a unit whose answers as a whole are safe: its rest takes whole children,
 * smallest first, until it is safe and so are all that are left. */
static void
make_rest(struct cut *c, uint32_t unit, struct candidate *v)
{
	uint32_t n = find_candidates(c, unit, v);
	uint64_t *people = &c->rest_people[unit];
	uint64_t *rest = c->rest + (size_t)unit * c->width;
	uint32_t must = n;

	while (must > 0 && c->covered[v[must - 1].unit])
		must--;
	for (uint32_t i = 0; i < n; i++) {
		uint32_t child = v[i].unit;

		if (i >= must && (*people == 0 || is_safe(c, *people, rest, c->k)))
			break;
		c->covered[child] = false;
		*people += c->whole_people[child];
		add(rest, c->whole + (size_t)child * c->width, c->width);
	}
	EMP_ASSERT(*people == 0 || is_safe(c, *people, rest, c->k));
}

/* Children first: they have the greater numbers. */
static enum emp_rc
cut_all(struct cut *c)
{
	struct candidate *v = calloc(c->t->n, sizeof *v);

	if (v == NULL)
		return EMP_NOMEM;
	for (uint32_t i = c->t->n; i-- > 0;) {
		uint32_t parent = c->t->parent[i];
		const uint64_t *whole = c->whole + (size_t)i * c->width;

		c->covered[i] = is_safe(c, c->whole_people[i], whole, c->k);
		if (c->covered[i])
			make_rest(c, i, v);
		if (i == 0)
			break;
		c->whole_people[parent] += c->whole_people[i];
		add(c->whole + (size_t)parent * c->width, whole, c->width);
		if (c->whole_people[i] < c->k) {
			c->rest_people[parent] += c->whole_people[i];
			add(c->rest + (size_t)parent * c->width, whole, c->width);
		}
	}
	free(v);
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
		if (answer->verified) {
			c.whole_people[unit]++;
			rc = release_count(q->q, answer,
					   c.whole + (size_t)unit * c.width);
		} else {
			in_pool++;
			rc = release_count(q->q, answer, pool);
		}
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
