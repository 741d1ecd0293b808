/* The operations of one call, packed: a plan_op is half a kilobyte, of which most operations use ten bytes. */
#include "harness/scenario/scenario_internal.h"

#include <string.h>

struct packed {
    uint8_t verb, lease_length, key_length, scope_length;
    uint16_t text_length;
    int64_t count, duration_ns;
};

enum err queue_put(struct queue *queue, const struct plan_op *op)
{
    struct packed packed = {
        .verb = (uint8_t)op->verb,
        .lease_length = (uint8_t)strlen(op->lease),
        .key_length = (uint8_t)strlen(op->key),
        .scope_length = (uint8_t)strlen(op->scope),
        .text_length = (uint16_t)strlen(op->text),
        .count = op->count,
        .duration_ns = op->duration_ns,
    };
    buffer_add(&queue->bytes, &packed, sizeof(packed));
    buffer_add(&queue->bytes, op->lease, packed.lease_length);
    buffer_add(&queue->bytes, op->key, packed.key_length);
    buffer_add(&queue->bytes, op->scope, packed.scope_length);
    buffer_add(&queue->bytes, op->text, packed.text_length);
    return queue->bytes.failed ? ERR_MEMORY : ERR_NONE;
}

static void take(struct queue *queue, void *out, size_t length)
{
    memcpy(out, queue->bytes.data + queue->taken, length);
    queue->taken += length;
}

/* Not the whole 500 bytes of *out are cleared: this is done for every operation of a plan. */
static void take_text(struct queue *queue, char *out, size_t length)
{
    take(queue, out, length);
    out[length] = '\0';
}

bool queue_take(struct queue *queue, struct plan_op *out)
{
    if (queue->taken == queue->bytes.length) {
        buffer_clear(&queue->bytes);
        queue->taken = 0;
        return false;
    }
    struct packed packed;
    take(queue, &packed, sizeof(packed));
    out->verb = (enum plan_verb)packed.verb;
    out->count = packed.count;
    out->duration_ns = packed.duration_ns;
    take_text(queue, out->lease, packed.lease_length);
    take_text(queue, out->key, packed.key_length);
    take_text(queue, out->scope, packed.scope_length);
    take_text(queue, out->text, packed.text_length);
    return true;
}

void queue_free(struct queue *queue)
{
    buffer_free(&queue->bytes);
    queue->taken = 0;
}
