/* splitmix64 (Steele, Lea, Flood: Fast splittable pseudorandom number generators, 2014): 64 bits of state, no bad
 * seeds. */
#include "harness/base/base.h"

void rng_init(struct rng *rng, uint64_t seed)
{
    rng->state = seed;
}

uint64_t rng_next(struct rng *rng)
{
    rng->state += UINT64_C(0x9e3779b97f4a7c15);
    uint64_t z = rng->state;
    z = (z ^ (z >> 30)) * UINT64_C(0xbf58476d1ce4e5b9);
    z = (z ^ (z >> 27)) * UINT64_C(0x94d049bb133111eb);
    return z ^ (z >> 31);
}

uint64_t rng_below(struct rng *rng, uint64_t bound)
{
    if (bound == 0)
        return 0;
    /* 2^64 mod bound values at the low end would make the small results likelier: throw them away. */
    uint64_t reject = (0 - bound) % bound;
    uint64_t value;
    do
        value = rng_next(rng);
    while (value < reject);
    return value % bound;
}
