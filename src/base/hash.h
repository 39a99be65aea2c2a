/* A keyed hash for tables (wyhash class speed, random key per process), and a hash map
 * from byte strings to 32-bit numbers for one thread.
 *
 * Table hashing must not be predictable from outside (hash flooding), so the key is
 * drawn at start. Never stored, never shown: for that use crypto/. */
#ifndef EMP_BASE_HASH_H
#define EMP_BASE_HASH_H

#include "base/error.h"
#include "base/str.h"

#include <stdint.h>

/* Draw the process key with getrandom(2). Called once by main before threads; tests
 * may. */
void hash_init(void);
/* [any] */
uint64_t hash_bytes(const void *p, size_t n);
uint64_t hash_u64(uint64_t v);

/* Open addressing, grows at 3/4; keys are copied into the map's own arena. */
struct strmap;
EMP_MUST_CHECK enum emp_rc strmap_new(struct strmap **out);
void strmap_free(struct strmap **m);
/* UINT32_MAX when absent. */
uint32_t strmap_get(const struct strmap *m, struct str key);
EMP_MUST_CHECK enum emp_rc strmap_put(struct strmap *m, struct str key, uint32_t value);

#endif
