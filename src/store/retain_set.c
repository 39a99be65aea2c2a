/* A set of people: open addressing over an array, as pseudonyms are as good as random
 * already. */
#include "store/retain.h"

#include <stdlib.h>
#include <string.h>

#include "base/array.h"

#define FIRST_PLACES 1024u

void
person_set_clear(struct person_set *set)
{
	set->n = 0;
	if (set->places > 0)
		memset(set->place, 0, set->places * sizeof *set->place);
}

void
person_set_fini(struct person_set *set)
{
	free(set->v);
	free(set->place);
	*set = (struct person_set){.v = NULL};
}

static uint32_t
place_of(const struct person_set *set, const uint8_t person[PSEUDONYM_BYTES])
{
	uint32_t i;

	memcpy(&i, person, sizeof i);
	for (i &= set->places - 1; set->place[i] != 0; i = (i + 1) & (set->places - 1))
		if (memcmp(set->v[set->place[i] - 1].person, person, PSEUDONYM_BYTES) ==
		    0)
			break;
	return i;
}

struct person_entry *
person_set_find(const struct person_set *set, const uint8_t person[PSEUDONYM_BYTES])
{
	uint32_t at = set->places > 0 ? set->place[place_of(set, person)] : 0;

	return at != 0 ? &set->v[at - 1] : NULL;
}

/* Half of the places stay free. */
static enum emp_rc
make_room(struct person_set *set)
{
	uint32_t places = set->places > 0 ? set->places : FIRST_PLACES;
	uint32_t *place;

	if (set->n == PERSON_SET_MAX)
		return EMP_TOO_LARGE;
	if (!array_reserve(&set->v, &set->cap, set->n + 1, sizeof *set->v))
		return EMP_NOMEM;
	if (set->places > 0 && 2 * (set->n + 1) <= set->places)
		return EMP_OK;
	if (set->places > 0)
		places *= 2;
	place = calloc(places, sizeof *place);
	if (place == NULL)
		return EMP_NOMEM;
	free(set->place);
	set->place = place;
	set->places = places;
	for (uint32_t i = 0; i < set->n; i++)
		set->place[place_of(set, set->v[i].person)] = i + 1;
	return EMP_OK;
}

enum emp_rc
person_set_add(struct person_set *set, const uint8_t person[PSEUDONYM_BYTES],
	       bool stays)
{
	struct person_entry *e = person_set_find(set, person);
	enum emp_rc rc;

	if (e != NULL) {
		e->stays = e->stays || stays;
		return EMP_OK;
	}
	rc = make_room(set);
	if (rc != EMP_OK)
		return rc;
	e = &set->v[set->n++];
	memcpy(e->person, person, PSEUDONYM_BYTES);
	e->stays = stays;
	set->place[place_of(set, person)] = set->n;
	return EMP_OK;
}
