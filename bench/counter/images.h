/* SPDX-License-Identifier: BSD-2-Clause-Patent
 *
 * PE images in the machine's memory: found around code that runs, by the header that a firmware leaves before it.
 */
#ifndef IMAGES_H_
#define IMAGES_H_

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "qemu_plugin.h"

#define PAGE_BITS 12
#define PAGE_SIZE (1u << PAGE_BITS)
#define NO_VCPU (-1)
#define MAX_IMAGES 2048

/* A PE image found in memory around code that has run. */
typedef struct {
    uint64_t base;
    uint32_t size;     /* SizeOfImage */
    uint32_t entry;    /* AddressOfEntryPoint */
    uint8_t *copy;     /* of its memory, as it was when its code first ran */
    int first_vcpu;    /* the processor that first ran it, or NO_VCPU */
    uint64_t first_at; /* how many instructions that processor had executed */
} Image;

/*
 * Prepares for memory that ends with a page, and whose part below 4 GiB ends with another one.  Images are looked for
 * in RAM only: what lies between, and below 1 MiB, may be registers of devices.  False without memory.
 */
bool images_prepare(uint64_t pages, uint64_t low_pages);

/* The image that a block of code belongs to, or NULL.  Only in callbacks of a processor. */
Image *image_at(const struct qemu_plugin_tb *tb, uint64_t address);

/* What is known of a page: the number of its image, from 1 on, or 0. */
unsigned int image_of_page(uint64_t page);

/* The number of an image, from 1 on. */
unsigned int number_of_image(const Image *image);

/* An image by its number less 1, or NULL behind the last one. */
Image *image_number(int number);

/* Whether there were too many images to know them all. */
bool images_overflowed(void);

/* Has pages looked at anew. */
void images_forget(void);

/* Reads physical memory; false when not all of it could be read.  Only in callbacks of a processor. */
bool read_memory(uint64_t address, void *data, size_t size);

/* A 32-bit word. */
uint32_t word(const uint8_t *bytes);

#endif
