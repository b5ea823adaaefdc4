// SPDX-License-Identifier: BSD-2-Clause-Patent
//
// Counts the instructions of each processor of an emulated machine, by the page of physical memory that they lie in:
// a plugin of QEMU's translator (TCG).  bench/counter/__init__.py builds and reads it; docs/performance.md says what
// the figures mean.
//
// Counting alone needs no call from translated code: QEMU puts an addition into it.  Code of a PE image, such as a
// module of a firmware, calls us once for each translation block.  So we see when a processor comes into such an image
// from elsewhere, for instance when an OS calls a runtime service.
//
// Arguments: out=FILE receives the records, control=PATH is the Unix socket for requests, low=BYTES and top=BYTES are
// the ends of RAM below and above 4 GiB.
//
// A block is counted as a whole when it begins.  If an exception ends it in its middle, what follows there is counted,
// too, and once more when it goes on.  With -icount QEMU 11.1.3 ends by a signal.
//
// Bytes that code of images writes to memory are counted, too, by image: a string instruction is one, however much it
// copies.  What other code writes, such as an OS, is not counted, nor what devices write.
//
// A request is a line.  "snapshot NAME" writes a record and answers "done"; "forget" has pages looked at anew, which
// is needed before other code is loaded to where code has run.
//
// A program in the machine can have a short record written of its own processor.  It executes the marker
//     nopl 0x4D524Dnn(%rax)
// which does nothing on any processor and needs no privilege.  What that tells leaves out interrupts, from their
// arrival to the IRETQ that goes on where they came: how many there are depends on the host.  A record of all
// processors, "phase-N", is written when an image's code sets a partition's phase in its mailbox
// (MrmPkg/Include/MrmMailbox.h).

#include <pthread.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "control.h"
#include "images.h"
#include "qemu_plugin.h"

#define EXPORT __attribute__((visibility("default")))

#define MAX_ENTRIES 512
#define MAX_VCPUS 64
#define LINE_SIZE 256

#define MARKER_SIZE 7
static const uint8_t marker[] = { 0x0F, 0x1F, 0x80 };        // nopl disp32(%rax); the lowest byte is the number
static const uint8_t marker_end[] = { 0x4D, 0x52, 0x4D };

static const uint8_t iretq[] = { 0x48, 0xCF };

// MRM_MAILBOX: its signature, and where the phase is.
static const uint8_t mailbox[] = { 'M', 'R', 'M', 'B' };
#define PHASE_OFFSET 8

EXPORT int qemu_plugin_version = QEMU_PLUGIN_VERSION;

// Where processors come into images from outside.
typedef struct {
    uint64_t address;
    uint64_t calls;
    uint64_t resumed; // how often a call went on after an interrupt
    uint64_t instructions;
    uint64_t least;
    uint64_t most;
} Entry;

typedef struct {
    Entry entries[MAX_ENTRIES];
    int entry_count;
    Entry *entry;      // the call that is going on, or the last one
    uint64_t call;     // instructions of it
    uint64_t resume;   // where it was interrupted last
    bool overflow;
    bool exception;    // the last that was told of
    int depth;         // of an interrupt that is being handled, and of what has come meanwhile; 0 = none
    uint64_t arrived;  // instructions before it
    uint64_t handling; // instructions of all interrupts that have ended
    uint64_t written[MAX_IMAGES + 1]; // bytes, by the number of the image whose code wrote them
} Processor;

// A block of an image's code.
typedef struct {
    uint64_t address;
    uint64_t count;
    Image *image;
} Block;

// Element of the scoreboard: these, then a counter for each page, and one for all that lies elsewhere.
typedef struct {
    uint64_t inside; // whether the last block was an image's
    uint64_t total;
    uint64_t pages[];
} Counts;

static pthread_mutex_t lock = PTHREAD_MUTEX_INITIALIZER;
static struct qemu_plugin_scoreboard *board;
static uint64_t page_count = (8ull << 30) >> PAGE_BITS, low_count = (2ull << 30) >> PAGE_BITS;
static FILE *out;
static Processor processors[MAX_VCPUS];

static Counts *counts_of(unsigned int vcpu)
{
    return qemu_plugin_scoreboard_find(board, vcpu);
}

static uint64_t index_of(uint64_t address)
{
    uint64_t page = address >> PAGE_BITS;
    return page < page_count ? page : page_count;
}

static void end_call(Processor *processor)
{
    Entry *entry = processor->entry;
    if (entry && processor->call) {
        entry->least = entry->least == 0 || processor->call < entry->least ? processor->call : entry->least;
        entry->most = processor->call > entry->most ? processor->call : entry->most;
        processor->call = 0;
    }
}

static void write_processor(unsigned int vcpu)
{
    Counts *counts = counts_of(vcpu);
    Processor *processor = &processors[vcpu];
    fprintf(out, "processor %u %llu\n", vcpu, (unsigned long long)counts->total);
    for (uint64_t page = 0; page <= page_count; page++) {
        if (counts->pages[page]) {
            fprintf(out, "page %llx %llu %u\n", (unsigned long long)(page << PAGE_BITS),
                    (unsigned long long)counts->pages[page], image_of_page(page));
        }
    }
    if (!counts->inside) {
        end_call(processor);
    }
    for (int index = 0; index < processor->entry_count; index++) {
        Entry *entry = &processor->entries[index];
        fprintf(out, "entry %llx %llu %llu %llu %llu %llu\n", (unsigned long long)entry->address,
                (unsigned long long)entry->calls, (unsigned long long)entry->resumed,
                (unsigned long long)entry->instructions, (unsigned long long)entry->least,
                (unsigned long long)entry->most);
    }
    for (int number = 1; number <= MAX_IMAGES; number++) {
        if (processor->written[number]) {
            fprintf(out, "written %d %llu\n", number, (unsigned long long)processor->written[number]);
        }
    }
    if (processor->overflow) {
        fprintf(out, "problem more than %d entries\n", MAX_ENTRIES);
    }
}

// Writes a record of all processors; `by` is the one that brought it about, or NO_VCPU.  The caller has the lock.
static void write_record(const char *name, int by)
{
    fprintf(out, "record %s\n", name);
    if (by != NO_VCPU) {
        fprintf(out, "by %d\n", by);
    }
    Image *image;
    for (int number = 0; (image = image_number(number)) != NULL; number++) {
        if (image->first_vcpu != NO_VCPU) {
            fprintf(out, "image %d %llx %x %x %d %llu\n", number + 1, (unsigned long long)image->base, image->size,
                    image->entry, image->first_vcpu, (unsigned long long)image->first_at);
        }
    }
    for (int vcpu = 0; vcpu < qemu_plugin_num_vcpus() && vcpu < MAX_VCPUS; vcpu++) {
        write_processor(vcpu);
    }
    if (images_overflowed()) {
        fprintf(out, "problem too many images\n");
    }
    fprintf(out, "end\n");
    fflush(out);
}

// A processor begins a block of an image's code.
static void run_image(unsigned int vcpu, void *userdata)
{
    Block *block = userdata;
    Counts *counts = counts_of(vcpu);
    if (vcpu >= MAX_VCPUS) {
        return;
    }
    Processor *processor = &processors[vcpu];
    if (block->image->first_vcpu == NO_VCPU) {
        pthread_mutex_lock(&lock);
        block->image->first_vcpu = (int)vcpu;
        block->image->first_at = counts->total;
        pthread_mutex_unlock(&lock);
    }
    if (!counts->inside) {
        counts->inside = 1;
        if (processor->entry && block->address == processor->resume) {
            processor->entry->resumed++;
        } else {
            end_call(processor);
            Entry *entry = processor->entries;
            while (entry < processor->entries + processor->entry_count && entry->address != block->address) {
                entry++;
            }
            if (entry == processor->entries + MAX_ENTRIES) {
                processor->overflow = true;
                entry--;
            } else if (entry == processor->entries + processor->entry_count) {
                *entry = (Entry){ .address = block->address };
                processor->entry_count++;
            }
            entry->calls++;
            processor->entry = entry;
        }
        processor->resume = 0;
    }
    processor->entry->instructions += block->count;
    processor->call += block->count;
}

// A processor is interrupted: remember where an image's code will go on.
static void interrupted(unsigned int vcpu, int type, uint64_t from, uint64_t to, void *userdata)
{
    (void)to, (void)userdata;
    uint64_t address;
    if (vcpu >= MAX_VCPUS) {
        return;
    }
    Processor *processor = &processors[vcpu];
    // QEMU tells of an exception twice: as what it is, then as an interrupt that goes to the handler.
    bool told = processor->exception;
    processor->exception = type == QEMU_PLUGIN_DISCON_EXCEPTION;
    if (!processor->exception && processor->depth > 0) {
        processor->depth++;
    } else if (!processor->exception && !told) {
        processor->depth = 1;
        processor->arrived = counts_of(vcpu)->total;
    }
    if (counts_of(vcpu)->inside && qemu_plugin_translate_vaddr(from, &address)) {
        processor->resume = address;
    }
}

// A processor is about to execute IRETQ, the last instruction of its block.
static void run_iretq(unsigned int vcpu, void *userdata)
{
    (void)userdata;
    if (vcpu < MAX_VCPUS && processors[vcpu].depth > 0 && --processors[vcpu].depth == 0) {
        processors[vcpu].handling += counts_of(vcpu)->total - processors[vcpu].arrived;
    }
}

// A program of the machine asks for a record.
static void run_marker(unsigned int vcpu, void *userdata)
{
    // Short, so that the time it takes does not bring a timer interrupt into what is counted.
    if (vcpu >= MAX_VCPUS) {
        return;
    }
    Processor *processor = &processors[vcpu];
    // A program is running, so none is handled.  One that ended otherwise is not left out.
    processor->depth = 0;
    pthread_mutex_lock(&lock);
    fprintf(out, "record mark-%u\ntotal %u %llu\nend\n", (unsigned)(uintptr_t)userdata, vcpu,
            (unsigned long long)(counts_of(vcpu)->total - processor->handling));
    pthread_mutex_unlock(&lock);
}

// An image's code has written to memory: how much, and was it the phase of a mailbox?
static void wrote(unsigned int vcpu, uint32_t info, uint64_t vaddr, void *userdata)
{
    uint64_t address;
    uint8_t bytes[PHASE_OFFSET + 4];
    if (vcpu < MAX_VCPUS) {
        processors[vcpu].written[number_of_image(userdata)] += 1ull << qemu_plugin_mem_size_shift(info);
    }
    if (vaddr % PAGE_SIZE != PHASE_OFFSET || !qemu_plugin_translate_vaddr(vaddr, &address) ||
        !read_memory(address - PHASE_OFFSET, bytes, sizeof bytes) || memcmp(bytes, mailbox, sizeof mailbox) != 0) {
        return;
    }
    char name[LINE_SIZE];
    snprintf(name, sizeof name, "phase-%u", word(bytes + PHASE_OFFSET));
    pthread_mutex_lock(&lock);
    write_record(name, (int)vcpu);
    pthread_mutex_unlock(&lock);
}

static qemu_plugin_u64 counter_of(uint64_t page)
{
    return (qemu_plugin_u64){ board, offsetof(Counts, pages) + page * sizeof(uint64_t) };
}

static void translated(struct qemu_plugin_tb *tb, void *userdata)
{
    (void)userdata;
    uint64_t start = qemu_plugin_tb_vaddr(tb), address = ~0ull, page = page_count;
    size_t count = qemu_plugin_tb_n_insns(tb), on_page = 0;
    if (qemu_plugin_translate_vaddr(start, &address)) {
        page = index_of(address);
    }
    pthread_mutex_lock(&lock);
    Image *image = image_at(tb, address);
    pthread_mutex_unlock(&lock);
    Block *block = image ? malloc(sizeof *block) : NULL;
    if (block) {
        *block = (Block){ address, count, image };
        qemu_plugin_register_vcpu_tb_exec_cb(tb, run_image, QEMU_PLUGIN_CB_NO_REGS, block);
    } else {
        qemu_plugin_register_vcpu_tb_exec_inline_per_vcpu(
            tb, QEMU_PLUGIN_INLINE_STORE_U64, (qemu_plugin_u64){ board, offsetof(Counts, inside) }, 0);
    }
    qemu_plugin_u64 total = { board, offsetof(Counts, total) };
    qemu_plugin_register_vcpu_tb_exec_inline_per_vcpu(tb, QEMU_PLUGIN_INLINE_ADD_U64, total, count);
    uint64_t virtual_page = start >> PAGE_BITS;
    for (size_t index = 0; index < count; index++) {
        uint8_t bytes[MARKER_SIZE];
        struct qemu_plugin_insn *insn = qemu_plugin_tb_get_insn(tb, index);
        uint64_t place = qemu_plugin_insn_vaddr(insn);
        if (place >> PAGE_BITS != virtual_page) {
            qemu_plugin_register_vcpu_tb_exec_inline_per_vcpu(tb, QEMU_PLUGIN_INLINE_ADD_U64, counter_of(page),
                                                              on_page);
            page = qemu_plugin_translate_vaddr(place, &address) ? index_of(address) : page_count;
            virtual_page = place >> PAGE_BITS;
            on_page = 0;
        }
        on_page++;
        if (block) {
            qemu_plugin_register_vcpu_mem_cb(insn, wrote, QEMU_PLUGIN_CB_NO_REGS, QEMU_PLUGIN_MEM_W, image);
        }
        size_t size = qemu_plugin_insn_data(insn, bytes, sizeof bytes);
        if (size == sizeof iretq && memcmp(bytes, iretq, sizeof iretq) == 0) {
            qemu_plugin_register_vcpu_insn_exec_cb(insn, run_iretq, QEMU_PLUGIN_CB_NO_REGS, NULL);
        }
        if (size == sizeof bytes && memcmp(bytes, marker, sizeof marker) == 0 &&
            memcmp(bytes + sizeof marker + 1, marker_end, sizeof marker_end) == 0) {
            qemu_plugin_register_vcpu_insn_exec_cb(insn, run_marker, QEMU_PLUGIN_CB_NO_REGS,
                                                   (void *)(uintptr_t)bytes[sizeof marker]);
        }
    }
    qemu_plugin_register_vcpu_tb_exec_inline_per_vcpu(tb, QEMU_PLUGIN_INLINE_ADD_U64, counter_of(page), on_page);
}

static void answer(const char *request)
{
    pthread_mutex_lock(&lock);
    if (strncmp(request, "snapshot ", 9) == 0) {
        write_record(request + 9, NO_VCPU);
    } else if (strcmp(request, "forget") == 0) {
        images_forget();
    } else {
        fprintf(out, "problem unknown request\n");
        fflush(out);
    }
    pthread_mutex_unlock(&lock);
}

EXPORT int qemu_plugin_install(qemu_plugin_id_t id, const qemu_info_t *info, int argc, char **argv)
{
    const char *path = NULL;
    for (int index = 0; index < argc; index++) {
        char *value = strchr(argv[index], '=');
        size_t length = value ? (size_t)(value - argv[index]) : 0;
        if (value && length == 3 && strncmp(argv[index], "out", length) == 0) {
            out = fopen(value + 1, "w");
        } else if (value && length == 7 && strncmp(argv[index], "control", length) == 0) {
            path = value + 1;
        } else if (value && length == 3 && strncmp(argv[index], "top", length) == 0) {
            page_count = strtoull(value + 1, NULL, 0) >> PAGE_BITS;
        } else if (value && length == 3 && strncmp(argv[index], "low", length) == 0) {
            low_count = strtoull(value + 1, NULL, 0) >> PAGE_BITS;
        } else {
            fprintf(stderr, "counter: unknown argument %s\n", argv[index]);
            return 1;
        }
    }
    if (!info->system_emulation || !out || !path) {
        fprintf(stderr, "counter: needs system emulation, out=FILE that can be written, control=PATH\n");
        return 1;
    }
    board = qemu_plugin_scoreboard_new(sizeof(Counts) + (page_count + 1) * sizeof(uint64_t));
    if (!images_prepare(page_count, low_count) || !board || !control_listen(path, answer)) {
        fprintf(stderr, "counter: no memory, or no socket at %s\n", path);
        return 1;
    }
    qemu_plugin_register_vcpu_tb_trans_cb(id, translated, NULL);
    qemu_plugin_register_vcpu_discon_cb(id, QEMU_PLUGIN_DISCON_INTERRUPT | QEMU_PLUGIN_DISCON_EXCEPTION, interrupted,
                                        NULL);
    return 0;
}
