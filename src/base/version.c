/*
 * The version lives in configure.ac alone. Only this file is compiled anew when it
 * changes, because no other includes config.h for it.
 */
#include "config.h"

#include "base/version.h"

const char *
base_version(void)
{
	return PACKAGE_VERSION;
}
