/* Table hashing and the string map.
 *
 * The hash reads 16 bytes at a time, mixes them with two halves of the process key and
 * folds the 128-bit product of both into the state: one multiplication per 16 bytes.
 * The map is linear probing with the full hash kept per slot, and deletes by shifting
 * back what follows, so that there are no tombstones to clean up.
 */
#include "base/hash.h"

#include "base/arena.h"

#include <errno.h>
#include <stdlib.h>
#include <sys/random.h>

#define STRMAP_FIRST_SLOTS 16u
#define STRMAP_CHUNK 4096
#define ABSENT UINT32_MAX

/* Bits of pi until hash_init draws others: tests of pure code need no set-up. */
static uint64_t key[4] = {UINT64_C(0x243f6a8885a308d3), UINT64_C(0x13198a2e03707344),
			  UINT64_C(0xa4093822299f31d0), UINT64_C(0x082efa98ec4e6c89)};

void
hash_init(void)
{
	unsigned char *p = (unsigned char *)key;
	size_t left = sizeof key;

	while (left > 0) {
		ssize_t n = getrandom(p, left, 0);

		if (n < 0 && errno == EINTR)
			continue;
		/* Without randomness nothing else in the daemon is safe either. */
		EMP_ASSERT(n > 0);
		p += n;
		left -= (size_t)n;
	}
}

static uint64_t
fold(uint64_t a, uint64_t b)
{
	unsigned __int128 product = (unsigned __int128)a * b;

	return (uint64_t)product ^ (uint64_t)(product >> 64);
}

static uint64_t
read8(const unsigned char *p)
{
	uint64_t v;

	memcpy(&v, p, sizeof v);
	return v;
}

static uint64_t
read_up_to_8(const unsigned char *p, size_t n)
{
	uint64_t v = 0;

	memcpy(&v, p, n);
	return v;
}

uint64_t
hash_bytes(const void *bytes, size_t n)
{
	const unsigned char *p = bytes;
	size_t left = n;
	uint64_t state = key[0] ^ n;
	uint64_t a;
	uint64_t b = 0;

	if (n == 0)
		return fold(state ^ key[3], key[1]);
	while (left > 16) {
		state = fold(read8(p) ^ key[1], read8(p + 8) ^ state);
		p += 16;
		left -= 16;
	}
	if (left > 8) {
		a = read8(p);
		b = read_up_to_8(p + 8, left - 8);
	} else {
		a = read_up_to_8(p, left);
	}
	state = fold(a ^ key[1], b ^ state);
	return fold(state ^ key[2], key[3] ^ n);
}

uint64_t
hash_u64(uint64_t v)
{
	return fold(fold(v ^ key[1], key[0]) ^ key[2], key[3]);
}

struct slot {
	const char *p; /* NULL: free; else in the arena */
	size_t n;
	uint64_t hash;
	uint32_t value;
};

struct strmap {
	struct slot *slots;
	size_t mask; /* number of slots - 1; a power of two - 1 */
	size_t count;
	struct arena keys;
};

enum emp_rc
strmap_new(struct strmap **out)
{
	struct strmap *m = calloc(1, sizeof *m);

	if (m == NULL)
		return EMP_NOMEM;
	m->slots = calloc(STRMAP_FIRST_SLOTS, sizeof *m->slots);
	if (m->slots == NULL) {
		free(m);
		return EMP_NOMEM;
	}
	m->mask = STRMAP_FIRST_SLOTS - 1;
	arena_init(&m->keys, STRMAP_CHUNK);
	*out = m;
	return EMP_OK;
}

void
strmap_free(struct strmap **m)
{
	if (*m == NULL)
		return;
	arena_fini(&(*m)->keys);
	free((*m)->slots);
	free(*m);
	*m = NULL;
}

/* The slot of the key, or the free one where it would go. */
static size_t
find(const struct strmap *m, struct str k, uint64_t hash)
{
	size_t i = hash & m->mask;

	while (m->slots[i].p != NULL &&
	       (m->slots[i].hash != hash ||
		!str_eq((struct str){m->slots[i].p, m->slots[i].n}, k)))
		i = (i + 1) & m->mask;
	return i;
}

uint32_t
strmap_get(const struct strmap *m, struct str k)
{
	const struct slot *s = &m->slots[find(m, k, hash_bytes(k.p, k.n))];

	return s->p != NULL ? s->value : ABSENT;
}

static enum emp_rc
grow(struct strmap *m)
{
	size_t mask = m->mask * 2 + 1;
	struct slot *slots = calloc(mask + 1, sizeof *slots);

	if (slots == NULL)
		return EMP_NOMEM;
	for (size_t i = 0; i <= m->mask; i++) {
		size_t to;

		if (m->slots[i].p == NULL)
			continue;
		to = m->slots[i].hash & mask;
		while (slots[to].p != NULL)
			to = (to + 1) & mask;
		slots[to] = m->slots[i];
	}
	free(m->slots);
	m->slots = slots;
	m->mask = mask;
	return EMP_OK;
}

enum emp_rc
strmap_put(struct strmap *m, struct str k, uint32_t value)
{
	uint64_t hash = hash_bytes(k.p, k.n);
	size_t i = find(m, k, hash);
	struct str copy;

	EMP_ASSERT(value != ABSENT);
	if (m->slots[i].p != NULL) {
		m->slots[i].value = value;
		return EMP_OK;
	}
	if ((m->count + 1) * 4 > (m->mask + 1) * 3) {
		enum emp_rc rc = grow(m);

		if (rc != EMP_OK)
			return rc;
		i = find(m, k, hash);
	}
	copy = arena_str(&m->keys, k);
	if (copy.p == NULL)
		return EMP_NOMEM;
	m->slots[i] = (struct slot){copy.p, copy.n, hash, value};
	m->count++;
	return EMP_OK;
}
