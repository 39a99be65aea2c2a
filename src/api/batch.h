/* Many events in one request: see batch.c. */
#ifndef EMP_API_BATCH_H
#define EMP_API_BATCH_H

#include "api/ticket.h"
#include "codec/ingest.h"

/* [worker] Takes over a request with many events; it will be answered. */
void batch_post(struct req *r, const struct intake *in, enum ingest_form form,
		bool atomic);
/* [worker] There may be room in the queue again. */
void batch_feed_hungry(struct api_worker *aw);

#endif
