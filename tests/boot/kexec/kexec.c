/* SPDX-License-Identifier: BSD-2-Clause-Patent */
/* `kexec KERNEL INITRD PARAMETERS`: starts another kernel in place of this one, and no firmware in between. */
#define _GNU_SOURCE
#include <fcntl.h>
#include <stdio.h>
#include <string.h>
#include <sys/reboot.h>
#include <sys/syscall.h>
#include <unistd.h>

#define RESTART_BY_KEXEC 0x45584543

int main(int count, char **words) {
  if (count != 4)
    return 2;
  int kernel = open(words[1], O_RDONLY), initrd = open(words[2], O_RDONLY);
  if (syscall(SYS_kexec_file_load, kernel, initrd, strlen(words[3]) + 1, words[3], 0UL) == 0)
    reboot(RESTART_BY_KEXEC);
  perror("kexec");
  return 1;
}
