// A raw echo on select(2) or poll(2) in C, one thread, as the textbooks have it: every wait hands all descriptors over.
// Its argument is the call. Prints `listening PORT`; ends when its input does.
#define _GNU_SOURCE
#include <arpa/inet.h>
#include <errno.h>
#include <netinet/tcp.h>
#include <poll.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/select.h>
#include <sys/socket.h>
#include <unistd.h>

#define MOST 65536
#define WORD_BITS (8 * sizeof(unsigned long))

static char buffer[65536];
static int open_fds[MOST], count;

/* Sets of any size: the kernel takes as many bits as it is told, C's fd_set has 1,024. */
static unsigned long wanted[MOST / WORD_BITS], found[MOST / WORD_BITS];
static struct pollfd entries[MOST];

static void add(int fd) {
  if (fd >= MOST) exit(1);
  open_fds[count] = fd;
  entries[count] = (struct pollfd){.fd = fd, .events = POLLIN};
  count++;
  wanted[fd / WORD_BITS] |= 1ul << fd % WORD_BITS;
}

static void drop(int i) {
  int fd = open_fds[i];
  wanted[fd / WORD_BITS] &= ~(1ul << fd % WORD_BITS);
  close(fd);
  count--;
  open_fds[i] = open_fds[count];
  entries[i] = entries[count];
}

/* False: the connection has ended. */
static int echo(int fd) {
  ssize_t got = recv(fd, buffer, sizeof buffer, 0);
  if (got <= 0) return got < 0 && errno == EAGAIN;
  for (ssize_t at = 0; at < got;) {
    ssize_t sent = send(fd, buffer + at, got - at, MSG_NOSIGNAL);
    if (sent > 0) at += sent;
    else if (errno != EAGAIN) return 0;
  }
  return 1;
}

static int wait_by_select(void) {
  int highest = 0;
  for (int i = 0; i < count; i++) {
    if (open_fds[i] > highest) highest = open_fds[i];
  }
  memcpy(found, wanted, (highest / WORD_BITS + 1) * sizeof *found);
  return select(highest + 1, (fd_set *)found, NULL, NULL, NULL);
}

int main(int argc, char **argv) {
  int selects = argc > 1 && strcmp(argv[1], "select") == 0;
  int listener = socket(AF_INET, SOCK_STREAM | SOCK_NONBLOCK, 0), one = 1;
  struct sockaddr_in address = {.sin_family = AF_INET, .sin_addr.s_addr = htonl(INADDR_LOOPBACK)};
  socklen_t length = sizeof address;
  if (bind(listener, (struct sockaddr *)&address, length) != 0 || listen(listener, 4096) != 0) return 1;
  getsockname(listener, (struct sockaddr *)&address, &length);
  printf("listening %d\n", ntohs(address.sin_port));
  fflush(stdout);
  add(listener);
  add(0);
  for (;;) {
    int ready = selects ? wait_by_select() : poll(entries, count, -1);
    for (int i = 0; i < count && ready > 0; i++) {
      int fd = open_fds[i];
      if (selects ? !(found[fd / WORD_BITS] >> fd % WORD_BITS & 1) : entries[i].revents == 0) continue;
      ready--;
      if (fd == 0) {
        if (read(0, buffer, sizeof buffer) <= 0) return 0;
      } else if (fd == listener) {
        for (int accepted; (accepted = accept4(listener, NULL, NULL, SOCK_NONBLOCK)) >= 0;) {
          setsockopt(accepted, IPPROTO_TCP, TCP_NODELAY, &one, sizeof one);
          add(accepted);
        }
      } else if (!echo(fd)) drop(i--);
    }
  }
}
