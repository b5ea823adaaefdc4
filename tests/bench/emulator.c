// SPDX-License-Identifier: BSD-2-Clause-Patent
//
// A machine of one processor and no instructions, for the counter: it has blocks of code "translated" and "executed",
// and accesses to memory told, as QEMU does.  What it says of memory is the caller's to arrange.
//
// usage: emulator RECORDS SOCKET

#include <stdlib.h>
#include <string.h>

#include "qemu_plugin.h"

#define MEMORY_SIZE 0x400000u
#define IMAGE 0x200000u
#define IMAGE_SIZE 0x2000u
#define MAILBOX 0x300000u
#define ELSEWHERE 0x390000u
#define MAX_OPERATIONS 16
#define MOVE 0x90 // what stands for any instruction

struct qemu_plugin_insn {
    uint64_t address;
    qemu_plugin_mem_cb wrote;
    void *of;
};

struct qemu_plugin_tb {
    struct qemu_plugin_insn insn;
    qemu_plugin_vcpu_cb run;
    void *of;
    struct {
        int operation;
        qemu_plugin_u64 entry;
        uint64_t value;
    } operations[MAX_OPERATIONS];
    size_t count;
};

struct qemu_plugin_scoreboard {
    uint8_t *element;
};

extern int qemu_plugin_install(qemu_plugin_id_t id, const qemu_info_t *info, int argc, char **argv);

static uint8_t memory[MEMORY_SIZE];
static qemu_plugin_tb_trans_cb translated;

GByteArray *g_byte_array_new(void)
{
    return calloc(1, sizeof(GByteArray));
}

uint8_t *g_byte_array_free(GByteArray *array, int free_segment)
{
    (void)free_segment;
    free(array->data);
    free(array);
    return NULL;
}

void qemu_plugin_register_vcpu_tb_trans_cb(qemu_plugin_id_t id, qemu_plugin_tb_trans_cb call, void *userdata)
{
    (void)id, (void)userdata;
    translated = call;
}

void qemu_plugin_register_vcpu_discon_cb(qemu_plugin_id_t id, int types, qemu_plugin_discon_cb call, void *userdata)
{
    (void)id, (void)types, (void)call, (void)userdata;
}

void qemu_plugin_register_vcpu_tb_exec_cb(struct qemu_plugin_tb *tb, qemu_plugin_vcpu_cb call, int flags,
                                          void *userdata)
{
    (void)flags;
    tb->run = call;
    tb->of = userdata;
}

void qemu_plugin_register_vcpu_insn_exec_cb(struct qemu_plugin_insn *insn, qemu_plugin_vcpu_cb call, int flags,
                                            void *userdata)
{
    (void)insn, (void)call, (void)flags, (void)userdata;
}

void qemu_plugin_register_vcpu_mem_cb(struct qemu_plugin_insn *insn, qemu_plugin_mem_cb call, int flags, int which,
                                      void *userdata)
{
    (void)flags, (void)which;
    insn->wrote = call;
    insn->of = userdata;
}

void qemu_plugin_register_vcpu_tb_exec_inline_per_vcpu(struct qemu_plugin_tb *tb, int operation,
                                                       qemu_plugin_u64 entry, uint64_t value)
{
    tb->operations[tb->count].operation = operation;
    tb->operations[tb->count].entry = entry;
    tb->operations[tb->count++].value = value;
}

size_t qemu_plugin_tb_n_insns(const struct qemu_plugin_tb *tb)
{
    (void)tb;
    return 1;
}

uint64_t qemu_plugin_tb_vaddr(const struct qemu_plugin_tb *tb)
{
    return tb->insn.address;
}

struct qemu_plugin_insn *qemu_plugin_tb_get_insn(const struct qemu_plugin_tb *tb, size_t index)
{
    (void)index;
    return (struct qemu_plugin_insn *)&tb->insn;
}

size_t qemu_plugin_insn_data(const struct qemu_plugin_insn *insn, void *data, size_t size)
{
    (void)size;
    memcpy(data, memory + insn->address, 1);
    return 1;
}

uint64_t qemu_plugin_insn_vaddr(const struct qemu_plugin_insn *insn)
{
    return insn->address;
}

unsigned int qemu_plugin_mem_size_shift(uint32_t info)
{
    return info;
}

bool qemu_plugin_translate_vaddr(uint64_t vaddr, uint64_t *hwaddr)
{
    *hwaddr = vaddr;
    return vaddr < MEMORY_SIZE;
}

int qemu_plugin_read_memory_hwaddr(uint64_t address, GByteArray *data, size_t size)
{
    if (address + size > MEMORY_SIZE) {
        return -1;
    }
    data->data = malloc(size);
    memcpy(data->data, memory + address, size);
    data->len = (unsigned int)size;
    return 0;
}

struct qemu_plugin_scoreboard *qemu_plugin_scoreboard_new(size_t element_size)
{
    struct qemu_plugin_scoreboard *score = malloc(sizeof *score);
    score->element = calloc(1, element_size);
    return score;
}

void *qemu_plugin_scoreboard_find(struct qemu_plugin_scoreboard *score, unsigned int vcpu)
{
    (void)vcpu;
    return score->element;
}

int qemu_plugin_num_vcpus(void)
{
    return 1;
}

static struct qemu_plugin_tb *translate(uint64_t address)
{
    struct qemu_plugin_tb *tb = calloc(1, sizeof *tb);
    tb->insn.address = address;
    translated(tb, NULL);
    return tb;
}

static void run(struct qemu_plugin_tb *tb)
{
    for (size_t index = 0; index < tb->count; index++) {
        qemu_plugin_u64 entry = tb->operations[index].entry;
        uint64_t *member = (uint64_t *)(entry.score->element + entry.offset);
        uint64_t before = tb->operations[index].operation == QEMU_PLUGIN_INLINE_ADD_U64 ? *member : 0;
        *member = before + tb->operations[index].value;
    }
    if (tb->run) {
        tb->run(0, tb->of);
    }
}

// Writes as many bytes as the shift says, a number of times, each behind the one before.
static void write_bytes(struct qemu_plugin_tb *tb, uint64_t address, unsigned int shift, int times)
{
    for (int index = 0; index < times && tb->insn.wrote; index++) {
        tb->insn.wrote(0, shift, address + ((uint64_t)index << shift), tb->insn.of);
    }
}

static void set(uint64_t address, uint32_t value)
{
    memcpy(memory + address, &value, sizeof value);
}

int main(int argc, char **argv)
{
    char records[512] = "out=", control[512] = "control=", low[] = "low=0x400000", top[] = "top=0x400000";
    if (argc != 3) {
        return 2;
    }
    strncat(records, argv[1], sizeof records - 8);
    strncat(control, argv[2], sizeof control - 16);
    memset(memory, MOVE, sizeof memory);
    // PE/COFF specification: the header's place, its signature, SizeOfImage and AddressOfEntryPoint.
    memcpy(memory + IMAGE, "MZ", 2);
    set(IMAGE + 0x3C, 0x80);
    memcpy(memory + IMAGE + 0x80, "PE\0\0\x64\x86", 6);
    set(IMAGE + 0x80 + 0x50, IMAGE_SIZE);
    set(IMAGE + 0x80 + 0x28, 0x1000);
    memcpy(memory + MAILBOX, "MRMB", 4);

    qemu_info_t info = { .system_emulation = true };
    if (qemu_plugin_install(0, &info, 4, (char *[]){ records, control, low, top }) != 0) {
        return 1;
    }
    struct qemu_plugin_tb *image = translate(IMAGE + 0x1000), *other = translate(ELSEWHERE);
    run(image);
    write_bytes(image, 0x350000, 3, 4); // a string instruction
    write_bytes(image, 0x350100, 0, 1);
    run(other);
    write_bytes(other, 0x350200, 3, 100);
    set(MAILBOX + 8, 1);
    write_bytes(image, MAILBOX + 8, 2, 1);
    run(image);
    write_bytes(image, 0x350000, 4, 1);
    set(MAILBOX + 8, 2);
    write_bytes(image, MAILBOX + 8, 2, 1);
    return 0;
}
