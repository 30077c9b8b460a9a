/* album.c - prints the evidence that FILE2 continues FILE1, for each pair on the command line. */
#include <stdio.h>

#include "jukebox/measure.h"
#include "plan/album.h"

int main(int argc, char **argv)
{
	for (int i = 1; i + 1 < argc; i += 2) {
		struct record a, b;
		struct album_end end;
		struct error error = {0};
		char why[200] = "not compared";
		if (measure_file(argv[i], &a, NULL, &error) != STATUS_OK ||
		        measure_file(argv[i + 1], &b, NULL, &error) != STATUS_OK ||
		        album_end_of(&end, &a) != STATUS_OK) {
			fprintf(stderr, "%s\n", error.text);
			return 1;
		}
		bool yes = album_continues(&end, &b, why, sizeof why);
		printf("%d %s kept %zu %zu %s %s\n", yes, why, a.last.n_frames, b.first.n_frames,
		        argv[i], argv[i + 1]);
		album_end_done(&end);
		record_done(&a);
		record_done(&b);
	}
	return 0;
}
