/* planted.c: memory that the host keeps by itself, so many bytes for each operation: what `churn noise` must be able to see. Nobody
 * counts it but the kernel. */
#include "harness/host/host.h"

#include <string.h>
#include <sys/mman.h>

void planted_leak(struct planted *planted)
{
    if (planted->per_op == 0)
        return;
    if (planted->left < planted->per_op) {
        char *chunk = mmap(NULL, PLANTED_MAX, PROT_READ | PROT_WRITE, MAP_PRIVATE | MAP_ANONYMOUS, -1, 0);
        if (chunk == MAP_FAILED)
            return;
        (void)madvise(chunk, PLANTED_MAX, MADV_NOHUGEPAGE); /* a page at a time */
        planted->at = chunk;
        planted->left = PLANTED_MAX;
    }
    memset(planted->at, 0x5a, (size_t)planted->per_op);
    planted->at += planted->per_op;
    planted->left -= planted->per_op;
}
