/* A disk that fails on command, to be preloaded into the daemon (LD_PRELOAD).
 *
 * The test and this library share one page of memory, the file named by FAULTFS_PAGE;
 * faults.py writes it. Each fault concerns the files whose path contains `match`:
 *
 *   sync   fsync and fdatasync fail with EIO, or stop: they say so on the pipe
 *          FAULTFS_PAGE.held and go on when a byte comes on FAULTFS_PAGE.go
 *   write  write, pwrite64 and ftruncate64 find no space
 *   space  statvfs says that nothing is free (of every file system)
 *   die    the process is killed instead of the n-th call that writes or syncs
 *
 * Real calls are made as system calls, so it does not matter which library has them.
 */
#include <errno.h>
#include <fcntl.h>
#include <limits.h>
#include <signal.h>
#include <stdatomic.h>
#include <stdbool.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mman.h>
#include <sys/statfs.h>
#include <sys/statvfs.h>
#include <sys/syscall.h>
#include <unistd.h>

enum { SYNC_OK, SYNC_FAILS, SYNC_HOLDS };

/* As faults.py packs it. */
struct page {
	_Atomic uint8_t sync, no_write, no_space, unused;
	_Atomic uint32_t synced; /* calls that went well */
	_Atomic uint32_t struck; /* faults that were made */
	char match[240];         /* ends with a NUL; set before the faults are */
	_Atomic uint32_t die;    /* at the n-th call from now; 0: never */
};

static struct page *page;
static int held = -1;
static int go = -1;

static int
open_beside(const char *path, const char *suffix, int flags)
{
	char name[PATH_MAX];
	int n = snprintf(name, sizeof name, "%s%s", path, suffix);
	int fd = n > 0 && n < PATH_MAX ? open(name, flags | O_CLOEXEC) : -1;

	if (fd < 0) {
		perror(path);
		abort();
	}
	return fd;
}

__attribute__((constructor)) static void
attach(void)
{
	const char *path = getenv("FAULTFS_PAGE");
	int fd;

	if (path == NULL)
		return;
	fd = open_beside(path, "", O_RDWR);
	/* Read and write: opening a pipe must not wait for the test. */
	held = open_beside(path, ".held", O_RDWR);
	go = open_beside(path, ".go", O_RDWR);
	page = mmap(NULL, sizeof *page, PROT_READ | PROT_WRITE, MAP_SHARED, fd, 0);
	if (page == MAP_FAILED)
		abort();
	close(fd);
}

static bool
concerned(int fd)
{
	char link[64];
	char path[PATH_MAX];
	ssize_t n;

	snprintf(link, sizeof link, "/proc/self/fd/%d", fd);
	n = readlink(link, path, sizeof path - 1);
	if (n < 0)
		return false;
	path[n] = '\0';
	return strstr(path, page->match) != NULL;
}

static int
fail(int error)
{
	atomic_fetch_add(&page->struck, 1);
	errno = error;
	return -1;
}

/* One thread writes. */
static void
count_down(int fd)
{
	uint32_t left = page != NULL ? atomic_load(&page->die) : 0;

	if (left == 0 || !concerned(fd))
		return;
	atomic_store(&page->die, left - 1);
	if (left > 1)
		return;
	atomic_fetch_add(&page->struck, 1);
	kill(getpid(), SIGKILL);
	pause();
}

static int
sync_file(long call, int fd)
{
	uint8_t how = page != NULL ? atomic_load(&page->sync) : SYNC_OK;
	char byte = 0;

	count_down(fd);
	if (how != SYNC_OK && concerned(fd)) {
		if (how == SYNC_FAILS)
			return fail(EIO);
		atomic_fetch_add(&page->struck, 1);
		if (syscall(SYS_write, held, &byte, 1) != 1 || read(go, &byte, 1) != 1)
			abort();
	}
	if (page != NULL)
		atomic_fetch_add(&page->synced, 1);
	return (int)syscall(call, fd);
}

int
fsync(int fd)
{
	return sync_file(SYS_fsync, fd);
}

int
fdatasync(int fd)
{
	return sync_file(SYS_fdatasync, fd);
}

ssize_t
pwrite64(int fd, const void *data, size_t n, off64_t at)
{
	count_down(fd);
	if (page != NULL && atomic_load(&page->no_write) && concerned(fd))
		return fail(ENOSPC);
	return syscall(SYS_pwrite64, fd, data, n, at);
}

ssize_t
write(int fd, const void *data, size_t n)
{
	if (page != NULL && atomic_load(&page->no_write) && concerned(fd))
		return fail(ENOSPC);
	return syscall(SYS_write, fd, data, n);
}

int
ftruncate64(int fd, off64_t n)
{
	count_down(fd);
	if (page != NULL && atomic_load(&page->no_write) && concerned(fd))
		return fail(ENOSPC);
	return (int)syscall(SYS_ftruncate, fd, n);
}

int
statvfs(const char *path, struct statvfs *out)
{
	struct statfs v;

	if (syscall(SYS_statfs, path, &v) != 0)
		return -1;
	memset(out, 0, sizeof *out);
	out->f_bsize = (unsigned long)v.f_bsize;
	out->f_frsize = (unsigned long)(v.f_frsize != 0 ? v.f_frsize : v.f_bsize);
	out->f_blocks = v.f_blocks;
	out->f_bfree = v.f_bfree;
	out->f_bavail = v.f_bavail;
	if (page != NULL && atomic_load(&page->no_space)) {
		out->f_bavail = 0;
		atomic_fetch_add(&page->struck, 1);
	}
	return 0;
}
