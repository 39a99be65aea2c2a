/* The OpenAPI document of this interface, compiled in. */
#ifndef EMP_API_OPENAPI_H
#define EMP_API_OPENAPI_H

#include <stddef.h>

extern const unsigned char openapi_text[]; /* openapi_bytes of them */
extern const size_t openapi_bytes;

#endif
