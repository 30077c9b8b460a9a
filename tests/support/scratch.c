/* scratch.c - see scratch.h. */
#include "support/scratch.h"

#include <ftw.h>
#include <stdio.h>
#include <stdlib.h>
#include <sys/stat.h>

char *scratch_new(void)
{
	const char *below = getenv("TMPDIR");
	char *folder;

	if (asprintf(&folder, "%s/jukebox-test-XXXXXX", below && *below ? below : "/tmp") < 0 ||
	        !mkdtemp(folder)) {
		perror("scratch folder");
		abort();
	}
	return folder;
}

static int remove_one(const char *path, const struct stat *st, int type, struct FTW *ftw)
{
	return remove(path);
}

void scratch_free(char *folder)
{
	if (nftw(folder, remove_one, 16, FTW_DEPTH | FTW_PHYS) != 0)
		perror(folder);
	free(folder);
}
