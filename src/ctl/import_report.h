/* Which lines of an import were rejected, and why: the first ones by number, all of
 * them counted by reason. Bounded, however wrong the input is. [main] */
#ifndef EMP_CTL_IMPORT_REPORT_H
#define EMP_CTL_IMPORT_REPORT_H

#include "base/buf.h"
#include "base/error.h"
#include "base/hash.h"

#include <stdint.h>

#define CTL_REPORT_LINES 20
#define CTL_REPORT_REASONS 50

struct ctl_import_report {
	uint64_t rejected;
	uint64_t other; /* for reasons over the limit */
	size_t n_lines, n_reasons;
	struct {
		uint64_t line;
		char *reason;
	} lines[CTL_REPORT_LINES];
	struct {
		uint64_t count;
		char *reason;
	} reasons[CTL_REPORT_REASONS];
	struct strmap *index; /* reason -> place in reasons */
};

EMP_MUST_CHECK enum emp_rc ctl_import_report_init(struct ctl_import_report *r);
void ctl_import_report_fini(struct ctl_import_report *r);
EMP_MUST_CHECK enum emp_rc ctl_import_report_add(struct ctl_import_report *r,
						 uint64_t line, struct str reason);
/* For people; nothing when nothing was rejected. */
void ctl_import_report_text(const struct ctl_import_report *r, struct buf *out);
/* "reasons":[{"reason","count"}],"lines":[{"line","reason"}] */
void ctl_import_report_json(const struct ctl_import_report *r, struct buf *out);

#endif
