/* main.c - from argv to a verb and its exit status. */
#include <stdio.h>

int main(int argc, char **argv)
{
	(void)argv;
	fprintf(stderr, "jukebox: nothing to do (%d)\n", argc);
	return 2;
}
