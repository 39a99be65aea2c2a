/* Interning in the transaction: a name that no worker knew yet gets its number and its
 * row here, and becomes visible when the commit is durable. */
#include "store/names.h"

#include <stdlib.h>
#include <string.h>

#include "base/hash.h"
#include "store/db.h"

#define SERIES_FIRST_CAP 64u
/* Senders name themselves; beyond this many the name is not kept (the id window does
 * not need it). */
#define SOURCES_MAX 65536u

enum emp_rc
names_load(struct intern *t, sqlite3 *db, const char *sql)
{
	sqlite3_stmt *s = NULL;
	enum emp_rc rc = db_prepare(db, &s, sql);

	while (rc == EMP_OK) {
		uint32_t id = 0;
		bool row;

		rc = db_step(s, &row);
		if (rc != EMP_OK || !row)
			break;
		rc = intern_add(t, db_str(s, 1), (uint32_t)sqlite3_column_int64(s, 2),
				&id);
		/* Numbers are dense; a gap means that somebody deleted a row. */
		if (rc == EMP_OK && id != sqlite3_column_int64(s, 0))
			rc = EMP_CORRUPT;
	}
	sqlite3_finalize(s);
	return rc;
}

static uint64_t
series_hash(const struct series_key *k)
{
	return hash_bytes(k, sizeof *k);
}

static uint32_t
series_find(const struct names *n, const struct series_key *k)
{
	for (uint32_t i = (uint32_t)series_hash(k) & n->mask;; i = (i + 1) & n->mask) {
		uint32_t id = n->index[i];

		if (id == 0 || memcmp(&n->series[id - 1], k, sizeof *k) == 0)
			return id;
	}
}

static void
index_put(struct names *n, uint32_t id)
{
	uint32_t i = (uint32_t)series_hash(&n->series[id - 1]) & n->mask;

	while (n->index[i] != 0)
		i = (i + 1) & n->mask;
	n->index[i] = id;
}

static enum emp_rc
series_grow(struct names *n)
{
	uint32_t cap = n->cap_series > 0 ? n->cap_series * 2 : SERIES_FIRST_CAP;
	struct series_key *series = realloc(n->series, cap * sizeof *series);
	uint32_t *index;

	if (series == NULL)
		return EMP_NOMEM;
	n->series = series;
	index = calloc((size_t)cap * 2, sizeof *index);
	if (index == NULL)
		return EMP_NOMEM;
	free(n->index);
	n->index = index;
	n->mask = cap * 2 - 1;
	n->cap_series = cap;
	for (uint32_t id = 1; id <= n->n_series; id++)
		index_put(n, id);
	return EMP_OK;
}

static enum emp_rc
series_append(struct names *n, const struct series_key *k)
{
	if (n->n_series == n->cap_series) {
		enum emp_rc rc = series_grow(n);

		if (rc != EMP_OK)
			return rc;
	}
	n->series[n->n_series++] = *k;
	index_put(n, n->n_series);
	return EMP_OK;
}

static enum emp_rc
series_load(struct names *n, sqlite3 *db)
{
	sqlite3_stmt *s = NULL;
	enum emp_rc rc = db_prepare(db, &s,
				    "SELECT id, audience_id, unit_id, channel_id, "
				    "touchpoint_id, segment_id, initiative_id, lang_id "
				    "FROM series ORDER BY id");

	if (rc == EMP_OK)
		rc = series_grow(n);
	while (rc == EMP_OK) {
		struct series_key k;
		bool row;

		rc = db_step(s, &row);
		if (rc != EMP_OK || !row)
			break;
		k.audience = (uint32_t)sqlite3_column_int64(s, 1);
		for (int d = 0; d < DIM_COUNT; d++)
			k.dim[d] = (uint32_t)sqlite3_column_int64(s, 2 + d);
		rc = sqlite3_column_int64(s, 0) == (int64_t)n->n_series + 1
			? series_append(n, &k)
			: EMP_CORRUPT;
	}
	sqlite3_finalize(s);
	return rc;
}

static enum emp_rc
dims_open(struct names *n, sqlite3 *db)
{
	static const char *const load[DIM_COUNT] = {
		[DIM_UNIT] = "SELECT id, name, parent_id FROM unit ORDER BY id",
		[DIM_CHANNEL] = "SELECT id, name, 0 FROM channel ORDER BY id",
		[DIM_TOUCHPOINT] = "SELECT id, name, 0 FROM touchpoint ORDER BY id",
		[DIM_SEGMENT] = "SELECT id, name, 0 FROM segment ORDER BY id",
		[DIM_INITIATIVE] = "SELECT id, name, 0 FROM initiative ORDER BY id",
		[DIM_LANG] = "SELECT id, name, 0 FROM lang ORDER BY id"};
	static const char *const add[DIM_COUNT] = {
		[DIM_UNIT] =
			"INSERT INTO unit (id, name, parent_id) VALUES (?1, ?2, ?3)",
		[DIM_CHANNEL] = "INSERT INTO channel (id, name) VALUES (?1, ?2)",
		[DIM_TOUCHPOINT] = "INSERT INTO touchpoint (id, name) VALUES (?1, ?2)",
		[DIM_SEGMENT] = "INSERT INTO segment (id, name) VALUES (?1, ?2)",
		[DIM_INITIATIVE] = "INSERT INTO initiative (id, name) VALUES (?1, ?2)",
		[DIM_LANG] = "INSERT INTO lang (id, name) VALUES (?1, ?2)"};

	for (int d = 0; d < DIM_COUNT; d++) {
		enum emp_rc rc = intern_new(&n->dim[d]);

		if (rc == EMP_OK)
			rc = names_load(n->dim[d], db, load[d]);
		if (rc == EMP_OK)
			rc = db_prepare(db, &n->insert[d], add[d]);
		if (rc != EMP_OK)
			return rc;
	}
	return EMP_OK;
}

enum emp_rc
names_open(struct names *n, sqlite3 *db, uint32_t max_series)
{
	enum emp_rc rc;

	memset(n, 0, sizeof *n);
	n->max_series = max_series;
	rc = dims_open(n, db);
	if (rc == EMP_OK)
		rc = intern_new(&n->source);
	if (rc == EMP_OK)
		rc = names_load(n->source, db,
				"SELECT id, name, 0 FROM source ORDER BY id");
	if (rc == EMP_OK)
		rc = db_prepare(db, &n->insert_source,
				"INSERT INTO source (id, name) VALUES (?1, ?2)");
	if (rc == EMP_OK)
		rc = db_prepare(
			db, &n->insert_series,
			"INSERT INTO series (id, audience_id, unit_id, channel_id, "
			"touchpoint_id, segment_id, initiative_id, lang_id) "
			"VALUES (?1, ?2, ?3, ?4, ?5, ?6, ?7, ?8)");
	if (rc == EMP_OK)
		rc = series_load(n, db);
	if (rc == EMP_OK)
		names_commit(n);
	else
		names_close(n);
	return rc;
}

void
names_close(struct names *n)
{
	for (int d = 0; d < DIM_COUNT; d++)
		intern_free(&n->dim[d]);
	intern_free(&n->source);
	free(n->series);
	free(n->index);
	n->series = NULL;
	n->index = NULL;
	/* The statements go with their connection. */
}

static enum emp_rc
name_insert(struct intern *t, sqlite3_stmt *insert, struct str name, uint32_t parent,
	    uint32_t *id)
{
	enum emp_rc rc = intern_add(t, name, parent, id);

	if (rc != EMP_OK)
		return rc;
	sqlite3_bind_int64(insert, 1, *id);
	db_bind_str(insert, 2, name);
	if (sqlite3_bind_parameter_count(insert) > 2)
		db_bind_id(insert, 3, parent);
	return db_run(insert);
}

enum emp_rc
names_unit(struct names *n, struct str unit, uint32_t *id)
{
	uint32_t parent = INTERN_NONE;

	/* From the top down, because a row names its parent. */
	for (size_t end = 1; end <= unit.n; end++) {
		struct str part = {unit.p, end};

		if (end < unit.n && unit.p[end] != '/')
			continue;
		*id = intern_find_pending(n->dim[DIM_UNIT], part);
		if (*id == INTERN_NONE) {
			enum emp_rc rc = name_insert(n->dim[DIM_UNIT],
						     n->insert[DIM_UNIT], part, parent,
						     id);

			if (rc != EMP_OK)
				return rc;
		}
		parent = *id;
	}
	return EMP_OK;
}

static enum emp_rc
dim_add(struct names *n, enum dim d, struct str name, uint32_t *id)
{
	if (d == DIM_UNIT)
		return names_unit(n, name, id);
	return name_insert(n->dim[d], n->insert[d], name, INTERN_NONE, id);
}

struct str
names_series_unit(const struct names *n, uint32_t series)
{
	uint32_t unit = n->series[series - 1].dim[DIM_UNIT];

	return unit == INTERN_NONE ? STR_NONE : intern_text(n->dim[DIM_UNIT], unit);
}

enum emp_rc
names_dim(struct names *n, enum dim d, struct str name, uint32_t *id)
{
	*id = intern_find_pending(n->dim[d], name);
	return *id != INTERN_NONE ? EMP_OK : dim_add(n, d, name, id);
}

static enum emp_rc
series_insert(struct names *n, const struct series_key *k, uint32_t *id)
{
	enum emp_rc rc = series_append(n, k);

	if (rc != EMP_OK)
		return rc;
	*id = n->n_series;
	sqlite3_bind_int64(n->insert_series, 1, *id);
	sqlite3_bind_int64(n->insert_series, 2, k->audience);
	for (int d = 0; d < DIM_COUNT; d++)
		db_bind_id(n->insert_series, 3 + d, k->dim[d]);
	return db_run(n->insert_series);
}

/* The one series for all that came too late, in every dimension, so that at most one
 * per audience is ever added over the limit. */
static enum emp_rc
series_other(struct names *n, uint8_t audience, uint32_t *id)
{
	struct series_key k = {.audience = audience};

	for (int d = 0; d < DIM_COUNT; d++) {
		struct str other = str_from(OTHER_NAME);
		enum emp_rc rc;

		k.dim[d] = intern_find_pending(n->dim[d], other);
		if (k.dim[d] != INTERN_NONE)
			continue;
		rc = dim_add(n, (enum dim)d, other, &k.dim[d]);
		if (rc != EMP_OK)
			return rc;
	}
	*id = series_find(n, &k);
	return *id != 0 ? EMP_OK : series_insert(n, &k, id);
}

enum emp_rc
names_series(struct names *n, const struct event *e, uint32_t *id)
{
	struct series_key k = {.audience = e->audience};
	bool known = true;

	for (int d = 0; d < DIM_COUNT; d++) {
		k.dim[d] = e->dim_id[d];
		if (k.dim[d] != INTERN_NONE || e->dim[d].n == 0)
			continue;
		k.dim[d] = intern_find_pending(n->dim[d], e->dim[d]);
		if (k.dim[d] == INTERN_NONE)
			known = false;
	}
	if (known) {
		*id = series_find(n, &k);
		if (*id != 0)
			return EMP_OK;
	}
	if (n->n_series >= n->max_series)
		return series_other(n, e->audience, id);
	for (int d = 0; d < DIM_COUNT; d++) {
		enum emp_rc rc;

		if (k.dim[d] != INTERN_NONE || e->dim[d].n == 0)
			continue;
		rc = dim_add(n, (enum dim)d, e->dim[d], &k.dim[d]);
		if (rc != EMP_OK)
			return rc;
	}
	return series_insert(n, &k, id);
}

enum emp_rc
names_source(struct names *n, struct str source, uint32_t *id)
{
	*id = INTERN_NONE;
	if (source.n == 0)
		return EMP_OK;
	*id = intern_find_pending(n->source, source);
	if (*id != INTERN_NONE)
		return EMP_OK;
	if (intern_count(n->source) >= SOURCES_MAX) {
		source = str_from(OTHER_NAME);
		*id = intern_find_pending(n->source, source);
		if (*id != INTERN_NONE)
			return EMP_OK;
	}
	return name_insert(n->source, n->insert_source, source, INTERN_NONE, id);
}

void
names_commit(struct names *n)
{
	for (int d = 0; d < DIM_COUNT; d++)
		intern_publish(n->dim[d]);
	intern_publish(n->source);
	n->committed_series = n->n_series;
}

void
names_rollback(struct names *n)
{
	for (int d = 0; d < DIM_COUNT; d++)
		intern_rollback(n->dim[d]);
	intern_rollback(n->source);
	while (n->n_series > n->committed_series) {
		uint32_t i = (uint32_t)series_hash(&n->series[n->n_series - 1]) &
			n->mask;

		while (n->index[i] != n->n_series)
			i = (i + 1) & n->mask;
		n->index[i] = 0;
		n->n_series--;
	}
}
