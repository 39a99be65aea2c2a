/* Arrays that grow by doubling, for one thread. */
#ifndef EMP_BASE_ARRAY_H
#define EMP_BASE_ARRAY_H

#include "base/error.h"

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

/* Makes room for `need` elements of `size` bytes. `array` is the address of the pointer
 * to the first one (NULL while there are none), *cap how many fit. False when out of
 * memory: nothing has changed then. New room is not initialised. [any] */
EMP_MUST_CHECK bool array_reserve(void *array, uint32_t *cap, uint32_t need,
				  size_t size);

#endif
