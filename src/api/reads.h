/* Questions that the file must answer: from a worker to a reader thread and back.
 *
 * The job carries what the question points at in its own arena, holds the definitions
 * it was asked under, and finds its request again by reference: a client that leaves
 * costs the read, no more.
 */
#ifndef EMP_API_READS_H
#define EMP_API_READS_H

#include "api/worker.h"
#include "model/query.h"
#include "store/voice.h"

struct read_job {
	struct store_read read;
	struct req_msg msg;
	struct api_worker *aw;
	struct req_ref ref;
	struct snap *snap;
	const struct defs *defs;
	struct arena arena; /* what the rest points at */
	/* [reader] What is asked; sets rc, and problem where there is more to say. */
	void (*work)(struct read_job *j, struct rollup_ctx *c, struct store_reader *r);
	/* [worker] Answers what went well. NULL for r: the client left. */
	void (*home)(struct read_job *j, struct req *r);
	enum emp_rc rc;
	struct problem problem;
	struct buf out;
	/* Where `work` sets line.audit.action, the job goes home when that line of the
	 * audit is stored, and not before; rc tells when it could not be. Texts of the
	 * line are in the arena or in the definitions. */
	struct store_change line;
	bool words; /* `out` may hold what employees wrote */
	/* Figures and lists. */
	struct query query;
	struct str question;
	struct cache_state state;
	/* A suggestion, and the state it is in. */
	struct suggestion_find find;
	uint8_t state_found; /* enum suggestion_state */
	/* The person of a personal code. */
	uint8_t code_hash[RECEIPT_HASH_BYTES];
	uint8_t person[PSEUDONYM_BYTES];
	struct erase_what whom; /* of an export */
};

/* [worker] With work and home to be filled in. NULL: too many, and the request is
 * answered. */
struct read_job *read_new(struct req *r);
/* [worker] Takes the job; the request will be answered. False: it was refused, home is
 * not called and the request is answered. */
bool read_submit_take(struct req *r, struct read_job *j);
/* [worker] For a job that is not submitted after all. */
void read_free(struct read_job **j);

#endif
