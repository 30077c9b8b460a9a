/* within.h - a number between two others, or a failed test that says which. */
#ifndef SUPPORT_WITHIN_H
#define SUPPORT_WITHIN_H

/* Behind <cmocka.h>. */
#define assert_within(value, low, high)                                                        \
	do {                                                                                   \
		double value_ = (value);                                                       \
		if (!(value_ >= (low) && value_ <= (high)))                                    \
			fail_msg("%s is %g, not from %g to %g", #value, value_, (double)(low), \
			        (double)(high));                                               \
	} while (0)

#endif
