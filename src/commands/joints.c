/* joints.c - the verb `joints`: a mix of which only the joints are left.  The cutting is plan_joints', the rest mix.c's. */
#include "settings.h"

static const struct option_spec options[] = {
        {.name = "around",
                .kind = OPTION_SECONDS,
                .argument = "S",
                OPTION_AT(around),
                .lowest = 0,
                .highest = 3600,
                .help = "seconds of music before and behind each joint\n(default 8)"},
        OUTPUT_OPTIONS,
        POLICY_OPTIONS,
        LIST_OPTIONS,
        {0},
};

const struct verb verb_joints = {
        .name = "joints",
        .synopsis = "[OPTION]... LIST...",
        .purpose = "Play only the places where songs meet, one after the other.",
        .options = options,
        .notes =
                "All options are those of mix, and each joint sounds as it does in the mix; half a "
                "second\nof silence parts them.\n",
        .values_bytes = sizeof(struct settings),
        .run = mix_run_verb,
};
