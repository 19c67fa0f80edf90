/* Memory of the decoder for browsers, where there is no C library.

   Memory is taken from the end and given back all at once: JavaScript notes what is taken, fills memory, calls a kernel
   and gives back down to its note. So nothing is ever freed singly, and kernels that allocate need no more than this. */
#include <stddef.h>
#include <stdint.h>

#define PAGE 65536
#define ALIGNMENT 64

extern unsigned char __heap_base;
static uintptr_t end; /* of what is taken; 0 before the first call */

/* Return where free memory begins. */
uintptr_t vqcodec_taken(void) {
    if (!end) end = (uintptr_t)&__heap_base;
    return end;
}

/* Return memory, or 0 if the browser has no more. Its bytes are as they were. */
uintptr_t vqcodec_take(size_t size) {
    uint64_t start = ((uint64_t)vqcodec_taken() + ALIGNMENT - 1) & ~(uint64_t)(ALIGNMENT - 1);
    uint64_t after = start + size, have = (uint64_t)__builtin_wasm_memory_size(0) * PAGE;
    if (after > have) {
        uint64_t pages = (after - have + PAGE - 1) / PAGE;
        if (pages > UINT32_MAX / PAGE || __builtin_wasm_memory_grow(0, (size_t)pages) == (size_t)-1) return 0;
    }
    end = (uintptr_t)after;
    return (uintptr_t)start;
}

/* Give back all from `start` on, which `vqcodec_taken` has returned. */
void vqcodec_give_back(uintptr_t start) { end = start; }

static void *malloc(size_t size) { return (void *)vqcodec_take(size); }
static void free(void *memory) { (void)memory; }

#include "runtime.c"

void *memset(void *target, int value, size_t size) {
    __builtin_memset(target, value, size);
    return target;
}

void *memcpy(void *target, const void *source, size_t size) {
    __builtin_memcpy(target, source, size);
    return target;
}

void *memmove(void *target, const void *source, size_t size) {
    __builtin_memmove(target, source, size);
    return target;
}

/* The product of 128 bits, which LLVM calls where numba checks that the size of an array does not overflow. */
typedef union {
    __int128 whole;
    struct { uint64_t low; int64_t high; } half;
} wide;

__int128 __multi3(__int128 x, __int128 y) {
    wide a, b, product;
    a.whole = x;
    b.whole = y;
    uint64_t a0 = a.half.low & UINT32_MAX, a1 = a.half.low >> 32, b0 = b.half.low & UINT32_MAX, b1 = b.half.low >> 32;
    uint64_t low = a0 * b0, cross = a0 * b1, other = a1 * b0;
    uint64_t middle = (low >> 32) + (cross & UINT32_MAX) + (other & UINT32_MAX);
    product.half.low = (low & UINT32_MAX) | middle << 32;
    product.half.high = (int64_t)(a1 * b1 + (cross >> 32) + (other >> 32) + (middle >> 32)
                                  + (uint64_t)a.half.high * b.half.low + a.half.low * (uint64_t)b.half.high);
    return product.whole;
}
