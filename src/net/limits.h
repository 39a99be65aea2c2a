/* Sizes and bounds inside net; what an admin sets is in net.h. */
#ifndef EMP_NET_LIMITS_H
#define EMP_NET_LIMITS_H

/* Not a power of two: buffers would all start in the same cache sets. */
#define RBUF_SIZE (16384 + 192)
/* Room behind a head for content that is unpacked as it comes. */
#define RBUF_STREAM_ROOM 4096
/* Answers of pipelined requests are sent when this much has come together. */
#define OUT_SEND_AT 65536
/* A request takes about two steps; after that many others have their turn. */
#define TURN_STEPS 128
/* An output buffer that grew past this is given back. */
#define OUT_KEEP 131072
/* Read at once into a large body. */
#define BODY_READ_MAX 262144
/* Of a body that nobody wants, this much is read so that the client sees the answer. */
#define DISCARD_MAX 65536
/* What the kernel keeps for the client of a stream, who wants what is new. */
#define STREAM_KERNEL_BYTES 8192
#define POOL_MAX 1024
#define ARENA_CHUNK 4096
#define SLAB 64 /* connections allocated together */
#define NET_LISTENERS_MAX 64
#define COMMON_MAX 160

#endif
