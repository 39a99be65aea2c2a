/*
 * A disk that fails on command, for tests from outside: LD_PRELOAD=faultfs.so and
 * FAULTFS=FILE. While FILE contains the word
 *
 *   sync   fsync and fdatasync fail with EIO
 *   write  pwrite fails with EIO
 *   full   pwrite fails with ENOSPC
 *
 * and without FILE everything works. The file is read at each call, so that a test
 * switches by writing it. Sockets, pipes and logs use other calls and never fail.
 */
#include <errno.h>
#include <fcntl.h>
#include <stdbool.h>
#include <stdlib.h>
#include <string.h>
#include <sys/syscall.h>
#include <unistd.h>

int fsync(int fd);
int fdatasync(int fd);
ssize_t pwrite(int fd, const void *from, size_t n, off_t at);
ssize_t pwrite64(int fd, const void *from, size_t n, off64_t at);

static bool
told(const char *word)
{
	const char *path = getenv("FAULTFS");
	char text[64];
	long n;
	long fd;

	if (path == NULL)
		return false;
	fd = syscall(SYS_openat, AT_FDCWD, path, O_RDONLY | O_CLOEXEC);
	if (fd < 0)
		return false;
	n = syscall(SYS_read, fd, text, sizeof text - 1);
	syscall(SYS_close, fd);
	if (n <= 0)
		return false;
	text[n] = '\0';
	return strstr(text, word) != NULL;
}

static bool
fails(const char *word, int with)
{
	int before = errno;

	if (told(word)) {
		errno = with;
		return true;
	}
	errno = before;
	return false;
}

int
fsync(int fd)
{
	return fails("sync", EIO) ? -1 : (int)syscall(SYS_fsync, fd);
}

int
fdatasync(int fd)
{
	return fails("sync", EIO) ? -1 : (int)syscall(SYS_fdatasync, fd);
}

ssize_t
pwrite64(int fd, const void *from, size_t n, off64_t at)
{
	if (fails("full", ENOSPC) || fails("write", EIO))
		return -1;
	return syscall(SYS_pwrite64, fd, from, n, at);
}

ssize_t
pwrite(int fd, const void *from, size_t n, off_t at)
{
	return pwrite64(fd, from, n, at);
}
