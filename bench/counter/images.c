// SPDX-License-Identifier: BSD-2-Clause-Patent
//
// What is known of pages stays until code runs in them that is not the image's, or until images_forget(): a page that
// was no image's when its code first ran is not looked at again.

#include "images.h"

#include <stdlib.h>
#include <string.h>

#define SEARCH_PAGES 1024u // an image's header is looked for so far below its code
#define FIRST_MIB ((1ull << 20) >> PAGE_BITS)
#define FOUR_GIB ((1ull << 32) >> PAGE_BITS)

// What is known of a page: nothing, that it is no image's, or FIRST + the image's place.
enum { UNKNOWN, NONE, FIRST };

static Image images[MAX_IMAGES];
static int image_count;
static bool overflow;
static uint16_t *image_of;
static uint64_t page_count, low_count;

bool images_prepare(uint64_t pages, uint64_t low_pages)
{
    page_count = pages;
    low_count = low_pages;
    image_of = calloc(pages, sizeof *image_of);
    return image_of != NULL;
}

// Whether a page is RAM behind the first MiB.
static bool is_ram(uint64_t page)
{
    return (page >= FIRST_MIB && page < low_count) || (page >= FOUR_GIB && page < page_count);
}

unsigned int image_of_page(uint64_t page)
{
    return page < page_count && image_of[page] >= FIRST ? image_of[page] - FIRST + 1u : 0;
}

unsigned int number_of_image(const Image *image)
{
    return (unsigned int)(image - images) + 1u;
}

Image *image_number(int number)
{
    return number < image_count ? &images[number] : NULL;
}

bool images_overflowed(void)
{
    return overflow;
}

void images_forget(void)
{
    memset(image_of, UNKNOWN, page_count * sizeof *image_of);
}

bool read_memory(uint64_t address, void *data, size_t size)
{
    GByteArray *bytes = g_byte_array_new();
    bool done = qemu_plugin_read_memory_hwaddr(address, bytes, size) == 0 && bytes->len >= size;
    if (done) {
        memcpy(data, bytes->data, size);
    }
    g_byte_array_free(bytes, 1);
    return done;
}

uint32_t word(const uint8_t *bytes)
{
    return bytes[0] | bytes[1] << 8 | bytes[2] << 16 | (uint32_t)bytes[3] << 24;
}

// Reads an image's header (PE/COFF specification, "Optional Header"); false when there is none for x64.
static bool read_header(uint64_t base, Image *image)
{
    uint8_t bytes[PAGE_SIZE];
    if (!read_memory(base, bytes, 2) || bytes[0] != 'M' || bytes[1] != 'Z' || !read_memory(base, bytes, PAGE_SIZE)) {
        return false;
    }
    uint32_t place = word(bytes + 0x3C);
    if (place > PAGE_SIZE - 0x60 || memcmp(bytes + place, "PE\0\0\x64\x86", 6) != 0) {
        return false;
    }
    *image = (Image){ .base = base, .size = word(bytes + place + 0x50), .entry = word(bytes + place + 0x28),
                      .first_vcpu = NO_VCPU };
    return image->size >= PAGE_SIZE;
}

// Looks for the image that a page belongs to; returns what `image_of` says of the page.
static uint16_t find_image(uint64_t page)
{
    for (uint64_t distance = 0; distance < SEARCH_PAGES && is_ram(page - distance); distance++) {
        Image found;
        if (!read_header((page - distance) << PAGE_BITS, &found) || found.size <= distance << PAGE_BITS) {
            continue;
        }
        if (image_count == MAX_IMAGES) {
            overflow = true;
            return NONE;
        }
        found.copy = malloc(found.size);
        if (!found.copy || !read_memory(found.base, found.copy, found.size)) {
            free(found.copy);
            return NONE;
        }
        for (int number = 0; number < image_count; number++) {
            Image *known = &images[number];
            if (known->base == found.base && known->size == found.size && known->entry == found.entry) {
                free(known->copy);
                known->copy = found.copy;
                return number + FIRST;
            }
        }
        images[image_count] = found;
        return image_count++ + FIRST;
    }
    return NONE;
}

// Whether a block's bytes are still the image's: an OS may have other code where a firmware's module was.
static bool same_bytes(const struct qemu_plugin_tb *tb, uint64_t address, const Image *image)
{
    uint64_t start = qemu_plugin_tb_vaddr(tb);
    for (size_t index = 0; index < qemu_plugin_tb_n_insns(tb); index++) {
        uint8_t bytes[16];
        struct qemu_plugin_insn *insn = qemu_plugin_tb_get_insn(tb, index);
        size_t size = qemu_plugin_insn_data(insn, bytes, sizeof bytes);
        uint64_t offset = address - image->base + (qemu_plugin_insn_vaddr(insn) - start);
        if (offset >> PAGE_BITS != (address - image->base) >> PAGE_BITS) {
            break; // the next page may be mapped elsewhere
        }
        if (offset + size > image->size || memcmp(image->copy + offset, bytes, size) != 0) {
            return false;
        }
    }
    return true;
}

Image *image_at(const struct qemu_plugin_tb *tb, uint64_t address)
{
    uint64_t page = address >> PAGE_BITS;
    if (!is_ram(page)) {
        return NULL;
    }
    for (int attempt = 0; attempt < 2; attempt++) {
        if (image_of[page] == UNKNOWN) {
            image_of[page] = find_image(page);
        }
        if (image_of[page] == NONE) {
            return NULL;
        }
        Image *image = &images[image_of[page] - FIRST];
        if (same_bytes(tb, address, image)) {
            return image;
        }
        image_of[page] = UNKNOWN;
    }
    image_of[page] = NONE;
    return NULL;
}
