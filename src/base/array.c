/* The one place where arrays of structs get more room. */
#include "base/array.h"

#include <stdlib.h>
#include <string.h>

#define FIRST_CAP 16u

bool
array_reserve(void *array, uint32_t *cap, uint32_t need, size_t size)
{
	uint32_t more = *cap > 0 ? *cap : FIRST_CAP;
	void *old;
	void *fresh;

	if (need <= *cap)
		return true;
	if (need > UINT32_MAX / 2)
		return false;
	while (more < need)
		more *= 2;
	/* The pointer may be to any type: only its bytes can be handled here. */
	memcpy(&old, array, sizeof old);
	fresh = reallocarray(old, more, size);
	if (fresh == NULL)
		return false;
	memcpy(array, &fresh, sizeof fresh);
	*cap = more;
	return true;
}
