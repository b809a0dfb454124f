// What an Embedded Swift program needs from below: memory, and a `_start` that calls its main.
// Blocks come in powers of two, each with a free list: all that a guest of a few requests wants.
#include <stddef.h>
#include <stdint.h>

extern unsigned char __heap_base;
int __main_argc_argv(int argc, char **argv);

enum { header = 16, classes = 30 };

static uintptr_t top;
static void *freed[classes];

static int class_of(size_t size) {
    int class = 5;
    while (((size_t)1 << class) < size) class++;
    return class;
}

static unsigned char *take(size_t size) {
    if (top == 0) top = ((uintptr_t)&__heap_base + 15) & ~(uintptr_t)15;
    uintptr_t at = top;
    top += size;
    size_t have = (size_t)__builtin_wasm_memory_size(0) << 16;
    if (top > have) {
        size_t pages = (top - have + 0xFFFF) >> 16;
        if (__builtin_wasm_memory_grow(0, pages) == (size_t)-1) __builtin_trap();
    }
    return (unsigned char *)at;
}

void *malloc(size_t size) {
    int class = class_of(size + header);
    unsigned char *block = freed[class];
    if (block == NULL)
        block = take((size_t)1 << class);
    else
        freed[class] = *(void **)(block + 8);
    *(int *)block = class;
    return block + header;
}

void free(void *pointer) {
    if (pointer == NULL) return;
    unsigned char *block = (unsigned char *)pointer - header;
    int class = *(int *)block;
    *(void **)(block + 8) = freed[class];
    freed[class] = block;
}

// Blocks are aligned to 16 bytes, which is as much as Swift asks for here.
int posix_memalign(void **out, size_t alignment, size_t size) {
    if (alignment > 16) __builtin_trap();
    *out = malloc(size);
    return 0;
}

// With bulk memory the compiler turns these loops into single instructions.
__attribute__((no_builtin("memcpy"))) void *memcpy(void *to, const void *from, size_t count) {
    unsigned char *t = to;
    const unsigned char *f = from;
    for (size_t i = 0; i < count; i++) t[i] = f[i];
    return to;
}

__attribute__((no_builtin("memmove"))) void *memmove(void *to, const void *from, size_t count) {
    unsigned char *t = to;
    const unsigned char *f = from;
    if (t < f)
        for (size_t i = 0; i < count; i++) t[i] = f[i];
    else
        for (size_t i = count; i > 0; i--) t[i - 1] = f[i - 1];
    return to;
}

__attribute__((no_builtin("memset"))) void *memset(void *to, int byte, size_t count) {
    unsigned char *t = to;
    for (size_t i = 0; i < count; i++) t[i] = (unsigned char)byte;
    return to;
}

void _start(void) { __main_argc_argv(0, NULL); }
