/*
 * model/cell: what an event counts, and cells that survive the way to the file.
 */
#include <check.h>
#include <stdlib.h>

#include "model/cell.h"
#include "unit.h"

static struct survey *
survey_new(enum audience a)
{
	const struct str options[] = {STR("red"), STR("green"), STR("blue")};
	const struct question questions[] = {
		{.metric = METRIC_CSAT, .lo = 1, .hi = 5, .name = STR("overall")},
		{.metric = METRIC_CHOICE,
		 .name = STR("colour"),
		 .n_options = 3,
		 .options = options},
		{.metric = METRIC_TEXT, .name = STR("why")},
	};
	const struct survey s = {
		.id = SUBJECT_FIRST_SURVEY,
		.audience = (uint8_t)a,
		.open_metric = METRIC_PULSE,
		.open_lo = 1,
		.open_hi = 5,
		.n_questions = 3,
		.name = STR("shop"),
		.questions = questions,
	};
	struct survey *out;

	ck_assert_int_eq(survey_copy(&out, &s), EMP_OK);
	return out;
}

static uint32_t
times(const struct event_slots *s, uint32_t slot)
{
	uint32_t n = 0;

	for (uint32_t i = 0; i < s->n; i++)
		n += s->slot[i] == slot;
	return n;
}

START_TEST(an_answer_counts_each_question_once)
{
	struct survey *s = survey_new(AUDIENCE_CUSTOMER);
	struct answer answers[] = {
		{.question = 0, .value = 4, .name = STR("overall")},
		{.question = 1, .options = 1u << 0 | 1u << 2, .name = STR("colour")},
		{.question = 2, .text = STR("because"), .name = STR("why")},
		{.question = -1, .value = 2, .name = STR("new")},
	};
	const uint32_t new_slot[] = {0, 0, 0, 100};
	struct event e = {
		.type = EVENT_SURVEY_ANSWERED,
		.class = CLASS_CUSTOMER,
		.complete = true,
		.survey = s,
		.answers = answers,
		.n_answers = 4,
	};
	static struct event_slots slots;
	uint32_t colour = s->questions[1].slot;

	event_slots_of(&e, new_slot, &slots);
	ck_assert_uint_eq(slots.subject, s->id);
	ck_assert_uint_eq(times(&slots, SLOT_ANSWERED), 1);
	ck_assert_uint_eq(times(&slots, SLOT_COMPLETE), 1);
	ck_assert_uint_eq(times(&slots, SLOT_COMMENTED), 0);
	ck_assert_uint_eq(times(&slots, s->questions[0].slot + 3), 1);
	ck_assert_uint_eq(times(&slots, colour), 1); /* one person, two options */
	ck_assert_uint_eq(times(&slots, colour + 1), 1);
	ck_assert_uint_eq(times(&slots, colour + 2), 0);
	ck_assert_uint_eq(times(&slots, colour + 3), 1);
	ck_assert_uint_eq(times(&slots, s->questions[2].slot), 1);
	ck_assert_uint_eq(times(&slots, 101), 1);
	ck_assert_uint_eq(slots.n, 8);
	e.complete = false;
	e.comment = STR("thanks");
	event_slots_of(&e, new_slot, &slots);
	ck_assert_uint_eq(times(&slots, SLOT_COMPLETE), 0);
	ck_assert_uint_eq(times(&slots, SLOT_COMMENTED), 1);
	survey_free(&s);
}
END_TEST

START_TEST(other_events_count_one)
{
	struct survey *s = survey_new(AUDIENCE_CUSTOMER);
	struct event e = {
		.type = EVENT_SURVEY_SHOWN, .class = CLASS_CUSTOMER, .survey = s};
	static struct event_slots slots;

	event_slots_of(&e, NULL, &slots);
	ck_assert_uint_eq(slots.n, 1);
	ck_assert_uint_eq(slots.slot[0], SLOT_SHOWN);
	e = (struct event){.type = EVENT_SIGNAL_RECORDED, .signal = SIGNAL_RENEWAL};
	event_slots_of(&e, NULL, &slots);
	ck_assert_uint_eq(slots.subject, SUBJECT_SIGNAL);
	ck_assert_uint_eq(slots.slot[0], SIGNAL_RENEWAL);
	e = (struct event){.type = EVENT_RECOGNITION_GIVEN,
			   .class = CLASS_OPERATIONAL,
			   .recognition = RECOGNITION_BACKING,
			   .by_leader = true};
	event_slots_of(&e, NULL, &slots);
	ck_assert_uint_eq(slots.subject, SUBJECT_RECOGNITION);
	ck_assert_uint_eq(slots.n, 1);
	ck_assert_uint_eq(slots.slot[0], RECOGNITION_BACKING + RECOGNITION_COUNT);
	e = (struct event){.type = EVENT_HEADCOUNT_SET, .class = CLASS_OPERATIONAL};
	event_slots_of(&e, NULL, &slots);
	ck_assert_uint_eq(slots.subject, 0);
	ck_assert_uint_eq(slots.n, 0);
	survey_free(&s);
}
END_TEST

START_TEST(confidential_events_count_nothing)
{
	struct survey *s = survey_new(AUDIENCE_EMPLOYEE);
	struct answer a = {.question = 0, .value = 1, .name = STR("overall")};
	static const uint8_t classes[] = {CLASS_SEALED, CLASS_PERSONNEL, CLASS_CASE};
	static struct event_slots slots;

	for (size_t i = 0; i < sizeof classes; i++) {
		struct event e = {
			.class = classes[i],
			.survey = s,
			.answers = &a,
			.n_answers = 1,
			.signal = SIGNAL_ABSENCE,
			.recognition = RECOGNITION_PRAISE,
		};

		for (int t = 1; t < EVENT_TYPE_COUNT; t++) {
			e.type = (uint8_t)t;
			event_slots_of(&e, NULL, &slots);
			ck_assert_uint_eq(slots.subject, 0);
			ck_assert_uint_eq(slots.n, 0);
		}
	}
	survey_free(&s);
}
END_TEST

START_TEST(cells_come_back_as_they_were)
{
	static uint32_t in[SURVEY_SLOTS_MAX];
	static uint32_t out[SURVEY_SLOTS_MAX];
	struct buf b;

	buf_init(&b, 0);
	srand(7);
	for (int round = 0; round < 2000; round++) {
		uint32_t n = (uint32_t)rand() % 300;
		uint32_t used = 0;
		uint32_t got = 12345;

		for (uint32_t i = 0; i < n; i++) {
			in[i] = rand() % 3 != 0 ? 0
						: (uint32_t)rand() >> rand() % 31 |
					(rand() % 50 == 0 ? UINT32_C(1) << 31 : 0);
			if (in[i] != 0)
				used = i + 1;
		}
		buf_clear(&b);
		cell_pack(&b, in, n);
		ck_assert(buf_ok(&b));
		memset(out, 0xff, sizeof out);
		ck_assert_int_eq(cell_unpack(buf_str(&b), out, SURVEY_SLOTS_MAX, &got),
				 EMP_OK);
		ck_assert_uint_eq(got, used);
		ck_assert_int_eq(memcmp(in, out, used * sizeof *in), 0);
		if (used > 0)
			ck_assert_int_eq(cell_unpack(buf_str(&b), out, used - 1, &got),
					 EMP_CORRUPT);
	}
	buf_fini(&b);
}
END_TEST

START_TEST(damaged_cells_are_refused)
{
	static const struct str bad[] = {
		STR(""),   /* no version */
		STR("\0"), /* another version */
		STR("\2\0\1"),
		STR("\1\0"),                       /* a gap without a value */
		STR("\1\0\0"),                     /* a value of zero */
		STR("\1\0\x81"),                   /* ends inside a number */
		STR("\1\0\x81\0"),                 /* one in two bytes */
		STR("\1\x80\0\1"),                 /* a gap of zero in two bytes */
		STR("\1\0\xff\xff\xff\xff\x10"),   /* over 32 bits */
		STR("\1\0\x80\x80\x80\x80\x80\1"), /* too many bytes */
		STR("\1\x0a\1"),                   /* behind the last slot */
		STR("\1\x09\1\0\1"),
		STR("\1\xff\xff\xff\xff\x0f\1"),
	};
	uint32_t slots[10];
	uint32_t n;

	for (size_t i = 0; i < sizeof bad / sizeof bad[0]; i++)
		ck_assert_msg(cell_unpack(bad[i], slots, 10, &n) == EMP_CORRUPT,
			      "case %zu passed", i);
	ck_assert_int_eq(cell_unpack(STR("\1"), slots, 10, &n), EMP_OK);
	ck_assert_uint_eq(n, 0);
	ck_assert_int_eq(cell_unpack(STR("\1\x09\1"), slots, 10, &n), EMP_OK);
	ck_assert_uint_eq(n, 10);
}
END_TEST

START_TEST(any_bytes_either_fail_or_have_one_meaning)
{
	uint32_t slots[64];
	struct buf b;

	buf_init(&b, 0);
	srand(11);
	for (int round = 0; round < 200000; round++) {
		char text[12] = {1};
		struct str s = {text, 1 + (size_t)rand() % (sizeof text - 1)};
		uint32_t n;

		for (size_t i = 1; i < s.n; i++)
			text[i] = (char)(rand() % 4 == 0 ? rand() : rand() % 4);
		if (cell_unpack(s, slots, 64, &n) != EMP_OK)
			continue;
		buf_clear(&b);
		cell_pack(&b, slots, n);
		ck_assert(str_eq(buf_str(&b), s));
	}
	buf_fini(&b);
}
END_TEST

Suite *
model_cell_suite(void)
{
	Suite *s = suite_create("model_cell");
	TCase *tc = tcase_create("cells");

	tcase_add_test(tc, an_answer_counts_each_question_once);
	tcase_add_test(tc, other_events_count_one);
	tcase_add_test(tc, confidential_events_count_nothing);
	tcase_add_test(tc, cells_come_back_as_they_were);
	tcase_add_test(tc, damaged_cells_are_refused);
	tcase_add_test(tc, any_bytes_either_fail_or_have_one_meaning);
	suite_add_tcase(s, tc);
	return s;
}
