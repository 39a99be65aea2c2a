# src/privacy: sources, headers and unit tests, in alphabetical order.
libempower_a_SOURCES += \
	%D%/alerts.c \
	%D%/audit.c \
	%D%/block.c \
	%D%/block.h \
	%D%/boundaries.c \
	%D%/candidates.c \
	%D%/breadth.c \
	%D%/breadth.h \
	%D%/cards.c \
	%D%/cards.h \
	%D%/coherence.c \
	%D%/contact.c \
	%D%/decisions.c \
	%D%/decisions.h \
	%D%/delicate.c \
	%D%/encode.c \
	%D%/evidence.c \
	%D%/evidence.h \
	%D%/feeds.c \
	%D%/fold.c \
	%D%/fold.h \
	%D%/initiatives.c \
	%D%/job.c \
	%D%/kept.c \
	%D%/kept.h \
	%D%/list.c \
	%D%/lives.c \
	%D%/lives.h \
	%D%/me.c \
	%D%/one.c \
	%D%/overview.c \
	%D%/participation.c \
	%D%/pub.c \
	%D%/pub.h \
	%D%/recognition.c \
	%D%/release.c \
	%D%/release.h \
	%D%/released.c \
	%D%/released.h \
	%D%/released_comments.c \
	%D%/released_rows.c \
	%D%/released_rows.h \
	%D%/reported.c \
	%D%/reported.h \
	%D%/retention.c \
	%D%/reviews.c \
	%D%/rollup.c \
	%D%/rollup.h \
	%D%/rollup_impl.h \
	%D%/satisfaction.c \
	%D%/staff.c \
	%D%/staff.h \
	%D%/suggestions.c \
	%D%/training.c \
	%D%/verify.c

tests_unit_unit_SOURCES += \
	tests/unit/release_support.c \
	tests/unit/release_support.h \
	tests/unit/test_privacy_attack.c \
	tests/unit/test_privacy_lives.c \
	tests/unit/test_privacy_pub.c \
	tests/unit/test_privacy_release.c \
	tests/unit/test_privacy_released.c
