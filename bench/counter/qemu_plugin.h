/* SPDX-License-Identifier: BSD-2-Clause-Patent
 *
 * What the counter uses of QEMU's plugin interface, version 7 (QEMU 11.0 and newer).
 *
 * Debian ships no header for it, so these are declarations of our own, written from the interface's description.
 * QEMU refuses a plugin whose version it does not know, so a change of the interface is noticed at the start.
 */
#ifndef QEMU_PLUGIN_H_
#define QEMU_PLUGIN_H_

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#define QEMU_PLUGIN_VERSION 7

/* What a callback of translated code does with registers. */
#define QEMU_PLUGIN_CB_NO_REGS 0

/* Which accesses to memory are meant. */
#define QEMU_PLUGIN_MEM_W 2

/* Operations that QEMU puts into translated code itself. */
#define QEMU_PLUGIN_INLINE_ADD_U64 0
#define QEMU_PLUGIN_INLINE_STORE_U64 1

/* Why a processor goes on elsewhere than its program says. */
#define QEMU_PLUGIN_DISCON_INTERRUPT 1
#define QEMU_PLUGIN_DISCON_EXCEPTION 2

typedef uint64_t qemu_plugin_id_t;

struct qemu_plugin_tb;
struct qemu_plugin_insn;
struct qemu_plugin_scoreboard;

/* A 64-bit member of each processor's element of a scoreboard. */
typedef struct {
    struct qemu_plugin_scoreboard *score;
    size_t offset;
} qemu_plugin_u64;

typedef struct {
    const char *target_name;
    struct {
        int min;
        int cur;
    } version;
    bool system_emulation;
    struct {
        int smp_vcpus;
        int max_vcpus;
    } system;
} qemu_info_t;

/* GLib's array of bytes; QEMU's process has GLib. */
typedef struct {
    uint8_t *data;
    unsigned int len;
} GByteArray;

GByteArray *g_byte_array_new(void);
uint8_t *g_byte_array_free(GByteArray *array, int free_segment);

typedef void (*qemu_plugin_tb_trans_cb)(struct qemu_plugin_tb *tb, void *userdata);
typedef void (*qemu_plugin_vcpu_cb)(unsigned int vcpu, void *userdata);
typedef void (*qemu_plugin_mem_cb)(unsigned int vcpu, uint32_t info, uint64_t vaddr, void *userdata);
typedef void (*qemu_plugin_discon_cb)(unsigned int vcpu, int type, uint64_t from, uint64_t to, void *userdata);

void qemu_plugin_register_vcpu_tb_trans_cb(qemu_plugin_id_t id, qemu_plugin_tb_trans_cb call, void *userdata);
void qemu_plugin_register_vcpu_discon_cb(qemu_plugin_id_t id, int types, qemu_plugin_discon_cb call, void *userdata);
void qemu_plugin_register_vcpu_tb_exec_cb(struct qemu_plugin_tb *tb, qemu_plugin_vcpu_cb call, int flags,
                                          void *userdata);
void qemu_plugin_register_vcpu_insn_exec_cb(struct qemu_plugin_insn *insn, qemu_plugin_vcpu_cb call, int flags,
                                            void *userdata);
/* Called after each access, of a string instruction as well. */
void qemu_plugin_register_vcpu_mem_cb(struct qemu_plugin_insn *insn, qemu_plugin_mem_cb call, int flags, int which,
                                      void *userdata);
void qemu_plugin_register_vcpu_tb_exec_inline_per_vcpu(struct qemu_plugin_tb *tb, int operation,
                                                       qemu_plugin_u64 entry, uint64_t value);

size_t qemu_plugin_tb_n_insns(const struct qemu_plugin_tb *tb);
uint64_t qemu_plugin_tb_vaddr(const struct qemu_plugin_tb *tb);
struct qemu_plugin_insn *qemu_plugin_tb_get_insn(const struct qemu_plugin_tb *tb, size_t index);
size_t qemu_plugin_insn_data(const struct qemu_plugin_insn *insn, void *data, size_t size);
uint64_t qemu_plugin_insn_vaddr(const struct qemu_plugin_insn *insn);

/* The binary logarithm of an access's bytes, from the callback's `info`. */
unsigned int qemu_plugin_mem_size_shift(uint32_t info);

/* Only in callbacks of a processor; false when nothing is mapped there. */
bool qemu_plugin_translate_vaddr(uint64_t vaddr, uint64_t *hwaddr);
/* Zero when all of it could be read. */
int qemu_plugin_read_memory_hwaddr(uint64_t address, GByteArray *data, size_t size);

struct qemu_plugin_scoreboard *qemu_plugin_scoreboard_new(size_t element_size);
void *qemu_plugin_scoreboard_find(struct qemu_plugin_scoreboard *score, unsigned int vcpu);
int qemu_plugin_num_vcpus(void);

#endif
