/* Where the numbers were taken: enough to explain a difference, nothing that names a person or a host. */
#include "harness/record/record_internal.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/utsname.h>
#include <unistd.h>

/* "model name : AMD EPYC" of the first processor; other architectures say "Model" or nothing. */
static void read_processor(char *out, size_t size)
{
    char line[512];
    FILE *file = fopen("/proc/cpuinfo", "re");
    snprintf(out, size, "unknown");
    if (!file)
        return;
    while (fgets(line, sizeof(line), file)) {
        char *value = strchr(line, ':');
        if (!value || (strncmp(line, "model name", 10) != 0 && strncmp(line, "Model", 5) != 0))
            continue;
        value += 1 + strspn(value + 1, " \t");
        value[strcspn(value, "\n")] = '\0';
        snprintf(out, size, "%s", value);
        break;
    }
    fclose(file);
}

static const char *compiler_version(void)
{
#if defined(__clang__)
    return "clang " __clang_version__;
#else
    return "gcc " __VERSION__;
#endif
}

/* What the size of a requested block depends on: the processor, the width of a pointer, the C library's types. */
static void describe_abi(const char *processor, char *out, size_t size)
{
#if defined(__GLIBC__)
    static const char library[] = "glibc";
#else
    static const char library[] = "another C library";
#endif
    snprintf(out, size, "%s %zu-bit %s", processor, 8 * sizeof(void *), library);
}

enum err machine_describe(struct machine *machine)
{
    struct utsname name;
    char system[2 * sizeof(name.sysname) + 2], processor[256], abi[sizeof(name.machine) + 40];
    if (uname(&name) != 0)
        return ERR_SYSTEM;
    snprintf(system, sizeof(system), "%s %s", name.sysname, name.machine);
    read_processor(processor, sizeof(processor));
    describe_abi(name.machine, abi, sizeof(abi));
    machine->cores = sysconf(_SC_NPROCESSORS_ONLN);
    machine->memory_bytes = (int64_t)sysconf(_SC_PHYS_PAGES) * sysconf(_SC_PAGESIZE);
    if (run_set_text(&machine->system, system) != ERR_NONE ||
        run_set_text(&machine->kernel, name.release) != ERR_NONE ||
        run_set_text(&machine->processor, processor) != ERR_NONE || run_set_text(&machine->abi, abi) != ERR_NONE)
        return ERR_MEMORY;
    return run_set_text(&machine->compiler, compiler_version());
}

void machine_fini(struct machine *machine)
{
    char *texts[] = {machine->system,   machine->kernel,      machine->processor, machine->compiler,
                     machine->valgrind, machine->libfaketime, machine->lua,       machine->abi};
    for (size_t i = 0; i < ARRAY_LEN(texts); i++)
        free(texts[i]);
    *machine = (struct machine){0};
}
