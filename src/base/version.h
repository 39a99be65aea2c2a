/*
 * The version of this build, for --version, the Server field and the logs.
 */
#ifndef BASE_VERSION_H
#define BASE_VERSION_H

/* The release as configure.ac states it, such as "1.2.0"; static. [any] */
const char *base_version(void);

#endif
