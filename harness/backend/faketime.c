/* faketime.c: where libfaketime is. */
#include "harness/backend/backend.h"

#include <unistd.h>

/* Debian's places by architecture, then what others use. */
static const char *const PLACES[] = {
    "/usr/lib/x86_64-linux-gnu/faketime/libfaketimeMT.so.1",
    "/usr/lib/aarch64-linux-gnu/faketime/libfaketimeMT.so.1",
    "/usr/lib/arm-linux-gnueabihf/faketime/libfaketimeMT.so.1",
    "/usr/lib/i386-linux-gnu/faketime/libfaketimeMT.so.1",
    "/usr/lib/powerpc64le-linux-gnu/faketime/libfaketimeMT.so.1",
    "/usr/lib/s390x-linux-gnu/faketime/libfaketimeMT.so.1",
    "/usr/lib/riscv64-linux-gnu/faketime/libfaketimeMT.so.1",
    "/usr/lib64/faketime/libfaketimeMT.so.1",
    "/usr/lib/faketime/libfaketimeMT.so.1",
    "/usr/local/lib/faketime/libfaketimeMT.so.1",
};

const char *backend_faketime(struct problem *why)
{
    for (size_t i = 0; i < ARRAY_LEN(PLACES); i++)
        if (access(PLACES[i], R_OK) == 0)
            return PLACES[i];
    problem_set(why, ERR_SYSTEM, "libfaketimeMT.so.1 is not there; `make setup` installs it");
    return NULL;
}
