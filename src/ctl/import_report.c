/* Rejected lines, gathered for the report at the end of an import. */
#include "ctl/import_report.h"

#include "ctl/term.h"

#include <stdlib.h>

#define COUNT_WIDTH 10

enum emp_rc
ctl_import_report_init(struct ctl_import_report *r)
{
	*r = (struct ctl_import_report){0};
	return strmap_new(&r->index);
}

void
ctl_import_report_fini(struct ctl_import_report *r)
{
	for (size_t i = 0; i < r->n_lines; i++)
		free(r->lines[i].reason);
	for (size_t i = 0; i < r->n_reasons; i++)
		free(r->reasons[i].reason);
	strmap_free(&r->index);
	*r = (struct ctl_import_report){0};
}

static enum emp_rc
count_reason(struct ctl_import_report *r, struct str reason)
{
	uint32_t at = strmap_get(r->index, reason);
	enum emp_rc rc;
	char *copy;

	if (at != UINT32_MAX) {
		r->reasons[at].count++;
		return EMP_OK;
	}
	if (r->n_reasons == CTL_REPORT_REASONS) {
		r->other++;
		return EMP_OK;
	}
	rc = strmap_put(r->index, reason, (uint32_t)r->n_reasons);
	copy = rc == EMP_OK ? str_dup(reason) : NULL;
	if (copy == NULL)
		return EMP_NOMEM;
	r->reasons[r->n_reasons].reason = copy;
	r->reasons[r->n_reasons++].count = 1;
	return EMP_OK;
}

enum emp_rc
ctl_import_report_add(struct ctl_import_report *r, uint64_t line, struct str reason)
{
	char *copy;

	r->rejected++;
	if (r->n_lines < CTL_REPORT_LINES) {
		copy = str_dup(reason);
		if (copy == NULL)
			return EMP_NOMEM;
		r->lines[r->n_lines].line = line;
		r->lines[r->n_lines++].reason = copy;
	}
	return count_reason(r, reason);
}

void
ctl_import_report_text(const struct ctl_import_report *r, struct buf *out)
{
	if (r->rejected == 0)
		return;
	for (size_t i = 0; i < r->n_lines; i++)
		buf_printf(out, "  line %llu: %s\n",
			   (unsigned long long)r->lines[i].line, r->lines[i].reason);
	if (r->rejected > r->n_lines) {
		buf_add_z(out, "  ... and ");
		ctl_count(out, r->rejected - r->n_lines);
		buf_add_z(out, " more; all by reason:\n");
		for (size_t i = 0; i < r->n_reasons; i++)
			buf_printf(out, "  %*llu  %s\n", COUNT_WIDTH,
				   (unsigned long long)r->reasons[i].count,
				   r->reasons[i].reason);
		if (r->other > 0)
			buf_printf(out, "  %*llu  for other reasons\n", COUNT_WIDTH,
				   (unsigned long long)r->other);
	}
}

void
ctl_import_report_json(const struct ctl_import_report *r, struct buf *out)
{
	buf_add_z(out, "\"reasons\":[");
	for (size_t i = 0; i < r->n_reasons; i++) {
		buf_add_z(out, i > 0 ? ",{\"reason\":" : "{\"reason\":");
		buf_add_json(out, str_from(r->reasons[i].reason));
		buf_printf(out, ",\"count\":%llu}",
			   (unsigned long long)r->reasons[i].count);
	}
	buf_add_z(out, "],\"lines\":[");
	for (size_t i = 0; i < r->n_lines; i++) {
		buf_printf(out, "%s{\"line\":%llu,\"reason\":", i > 0 ? "," : "",
			   (unsigned long long)r->lines[i].line);
		buf_add_json(out, str_from(r->lines[i].reason));
		buf_add_c(out, '}');
	}
	buf_add_c(out, ']');
}
