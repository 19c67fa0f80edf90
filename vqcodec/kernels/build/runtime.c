/* What the kernels' code asks of numba's run-time library, for those that allocate, and the check of the processor.
   The layout of `mem_info` is that of numba.core.runtime.nrtdynmod, whose code is compiled along. */
#include <stdint.h>
#ifndef __wasm__ /* there browser_memory.c includes this file, and has malloc and free */
#include <stdlib.h>
#endif

struct mem_info { int64_t count; void (*destroy)(void *, int64_t, void *); void *destroy_info; void *data; int64_t size; void *allocator; };

void *NRT_MemInfo_alloc_aligned(int64_t size, int32_t align) {
    if (size < 0 || size > INT64_MAX - (int64_t)sizeof(struct mem_info) - align) return 0;
    struct mem_info *info = malloc(sizeof *info + (size_t)size + (size_t)align);
    if (!info) return 0;
    uintptr_t data = (uintptr_t)(info + 1);
    data += (align - data % align) % align;
    info->count = 1;
    info->destroy = 0;
    info->destroy_info = 0;
    info->data = (void *)data;
    info->size = size;
    info->allocator = 0;
    return info;
}

void *NRT_MemInfo_alloc(int64_t size) { return NRT_MemInfo_alloc_aligned(size, 16); }

void NRT_MemInfo_call_dtor(struct mem_info *info) {
    if (info->destroy) info->destroy(info->data, info->size, info->destroy_info);
    free(info);
}

void *NRT_Allocate(int64_t size) { return size < 0 ? 0 : malloc((size_t)size); }

void NRT_Free(void *memory) { free(memory); }

#ifndef LEVEL
#define LEVEL 0 /* of x86-64 that the kernels are compiled for; 0 for other processors */
#endif

#if LEVEL
#include <cpuid.h>

static int all_of(unsigned value, unsigned wanted) { return (value & wanted) == wanted; }
#endif

/* Whether this processor, and the system on it, have the instructions that the kernels use. */
__attribute__((visibility("default"))) int vqcodec_processor_fits(void) {
#if LEVEL
    unsigned a, b, c, d;
    if (!__get_cpuid(1, &a, &b, &c, &d)) return 0;
    if (!all_of(c, 1u << 0 | 1u << 9 | 1u << 13 | 1u << 19 | 1u << 20 | 1u << 23)) return 0; /* SSE3 to SSE4.2, CMPXCHG16B, POPCNT */
#if LEVEL >= 3
    if (!all_of(c, 1u << 12 | 1u << 22 | 1u << 27 | 1u << 28 | 1u << 29)) return 0; /* FMA, MOVBE, OSXSAVE, AVX, F16C */
    unsigned enabled, high;
    __asm__("xgetbv" : "=a"(enabled), "=d"(high) : "c"(0));
    if (!all_of(enabled, 6)) return 0; /* the system keeps the wide registers */
    if (!__get_cpuid_count(7, 0, &a, &b, &c, &d)) return 0;
    if (!all_of(b, 1u << 3 | 1u << 5 | 1u << 8)) return 0; /* BMI1, AVX2, BMI2 */
    if (!__get_cpuid(0x80000001, &a, &b, &c, &d) || !all_of(c, 1u << 5)) return 0; /* LZCNT */
#endif
#endif
    return 1;
}
