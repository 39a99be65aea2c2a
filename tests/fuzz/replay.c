/*
 * A main for the fuzz targets when they are not built for libFuzzer: it feeds every
 * file of the directories (and every file) named on the command line to the target
 * once, so that each input that ever broke something stays a test of every build.
 * Options, which libFuzzer would take, are passed over.
 */
#include <dirent.h>
#include <errno.h>
#include <limits.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

static unsigned long inputs;

static void
die(const char *what)
{
	fprintf(stderr, "replay: %s: %s\n", what, strerror(errno));
	exit(EXIT_FAILURE);
}

/* The input gets a heap block of exactly its size, so that ASan sees one byte more. */
static void
replay_file(const char *path, size_t size)
{
	FILE *f = fopen(path, "rb");
	uint8_t *data = malloc(size > 0 ? size : 1);

	if (f == NULL || data == NULL || fread(data, 1, size, f) != size)
		die(path);
	fclose(f);
	if (LLVMFuzzerTestOneInput(data, size) != 0) {
		fprintf(stderr, "replay: %s: the target refused it\n", path);
		exit(EXIT_FAILURE);
	}
	free(data);
	inputs++;
}

static void
replay_path(const char *path)
{
	struct stat st;
	struct dirent *entry;
	char inner[PATH_MAX];
	DIR *dir;

	if (stat(path, &st) != 0)
		die(path);
	if (!S_ISDIR(st.st_mode)) {
		replay_file(path, (size_t)st.st_size);
		return;
	}
	dir = opendir(path);
	if (dir == NULL)
		die(path);
	while ((entry = readdir(dir)) != NULL) {
		if (entry->d_name[0] == '.')
			continue;
		if (snprintf(inner, sizeof inner, "%s/%s", path, entry->d_name) >=
		    (int)sizeof inner) {
			errno = ENAMETOOLONG;
			die(path);
		}
		replay_path(inner);
	}
	closedir(dir);
}

int
main(int argc, char **argv)
{
	for (int i = 1; i < argc; i++)
		if (argv[i][0] != '-')
			replay_path(argv[i]);
	printf("%lu inputs\n", inputs);
	return inputs > 0 ? EXIT_SUCCESS : EXIT_FAILURE;
}
