/* Writes heads of answers.
 *
 * This runs once per request: the frequent status lines are whole constants, and
 * lengths are known to the compiler wherever possible.
 */
#include "http/answer.h"

#include "base/clock.h"

#include <stdio.h>

static const struct {
	int status;
	const char *reason;
} reasons[] = {
	{200, "OK"},
	{201, "Created"},
	{202, "Accepted"},
	{204, "No Content"},
	{206, "Partial Content"},
	{301, "Moved Permanently"},
	{302, "Found"},
	{303, "See Other"},
	{304, "Not Modified"},
	{307, "Temporary Redirect"},
	{308, "Permanent Redirect"},
	{400, "Bad Request"},
	{401, "Unauthorized"},
	{403, "Forbidden"},
	{404, "Not Found"},
	{405, "Method Not Allowed"},
	{408, "Request Timeout"},
	{409, "Conflict"},
	{410, "Gone"},
	{411, "Length Required"},
	{412, "Precondition Failed"},
	{413, "Content Too Large"},
	{414, "URI Too Long"},
	{415, "Unsupported Media Type"},
	{417, "Expectation Failed"},
	{422, "Unprocessable Content"},
	{429, "Too Many Requests"},
	{431, "Request Header Fields Too Large"},
	{500, "Internal Server Error"},
	{501, "Not Implemented"},
	{503, "Service Unavailable"},
	{505, "HTTP Version Not Supported"},
	{507, "Insufficient Storage"},
};

const char *
http_reason(int status)
{
	for (size_t i = 0; i < sizeof(reasons) / sizeof(reasons[0]); i++)
		if (reasons[i].status == status)
			return reasons[i].reason;
	return "Unknown";
}

void
http_answer_head(struct buf *b, const struct http_answer *a)
{
	switch (a->status) {
	case 200:
		buf_add_str(b, STR("HTTP/1.1 200 OK\r\n"));
		break;
	case 201:
		buf_add_str(b, STR("HTTP/1.1 201 Created\r\n"));
		break;
	default:
		buf_add_str(b, STR("HTTP/1.1 "));
		buf_add_u64(b, (uint64_t)a->status);
		buf_add_c(b, ' ');
		buf_add_z(b, http_reason(a->status));
		buf_add_str(b, STR("\r\n"));
	}
	buf_add_str(b, a->common);
	if (a->type.p != NULL) {
		buf_add_str(b, STR("Content-Type: "));
		buf_add_str(b, a->type);
		buf_add_str(b, STR("\r\n"));
	}
	if (a->has_length) {
		buf_add_str(b, STR("Content-Length: "));
		buf_add_u64(b, a->length);
		buf_add_str(b, STR("\r\n"));
	} else if (a->chunked) {
		buf_add_str(b, STR("Transfer-Encoding: chunked\r\n"));
	}
	buf_add_str(b, a->extra);
	if (!a->keep_alive)
		buf_add_str(b, STR("Connection: close\r\n"));
	else if (a->old)
		buf_add_str(b, STR("Connection: keep-alive\r\n"));
	buf_add_str(b, STR("\r\n"));
}

void
http_date(char dst[HTTP_DATE_MAX], int64_t unix_s)
{
	/* Day 0 of 1970 was a Thursday. */
	static const char days[] = "ThuFriSatSunMonTueWed";
	static const char months[] = "JanFebMarAprMayJunJulAugSepOctNovDec";
	int64_t day = unix_s / S_PER_DAY, second = unix_s % S_PER_DAY, year;
	unsigned month, of_month;

	time_civil_from_days(day, &year, &month, &of_month);
	snprintf(dst, HTTP_DATE_MAX, "%.3s, %02u %.3s %04u %02u:%02u:%02u GMT",
		 days + day % 7 * 3, of_month % 100, months + (month - 1) * 3,
		 (unsigned)year % 10000, (unsigned)(second / S_PER_HOUR),
		 (unsigned)(second / S_PER_MIN % 60), (unsigned)(second % 60));
}
