// A raw echo on epoll in C, one thread, edge-triggered: what the poller's own echo is compared with.
// Prints `listening PORT`; ends when its input does.
#define _GNU_SOURCE
#include <arpa/inet.h>
#include <errno.h>
#include <netinet/tcp.h>
#include <stdio.h>
#include <stdlib.h>
#include <sys/epoll.h>
#include <sys/socket.h>
#include <unistd.h>

static char buffer[65536];

static void add(int set, int fd, unsigned events) {
  struct epoll_event event = {.events = events, .data.fd = fd};
  if (epoll_ctl(set, EPOLL_CTL_ADD, fd, &event) != 0) exit(1);
}

/* Reads until the kernel has no more; a write that does not fit waits, which a ping-pong never makes it do. */
static void echo(int fd) {
  for (;;) {
    ssize_t count = recv(fd, buffer, sizeof buffer, 0);
    if (count <= 0) {
      if (count == 0 || errno != EAGAIN) close(fd);
      return;
    }
    for (ssize_t at = 0; at < count;) {
      ssize_t sent = send(fd, buffer + at, count - at, MSG_NOSIGNAL);
      if (sent > 0) at += sent;
      else if (errno != EAGAIN) return;
    }
    if ((size_t)count < sizeof buffer) return;
  }
}

int main(void) {
  int set = epoll_create1(0), listener = socket(AF_INET, SOCK_STREAM | SOCK_NONBLOCK, 0), one = 1;
  struct sockaddr_in address = {.sin_family = AF_INET, .sin_addr.s_addr = htonl(INADDR_LOOPBACK)};
  socklen_t length = sizeof address;
  if (bind(listener, (struct sockaddr *)&address, length) != 0 || listen(listener, 4096) != 0) return 1;
  getsockname(listener, (struct sockaddr *)&address, &length);
  printf("listening %d\n", ntohs(address.sin_port));
  fflush(stdout);
  add(set, listener, EPOLLIN);
  add(set, 0, EPOLLIN);
  for (;;) {
    struct epoll_event events[256];
    int count = epoll_wait(set, events, 256, -1);
    for (int i = 0; i < count; i++) {
      int fd = events[i].data.fd;
      if (fd == 0) {
        if (read(0, buffer, sizeof buffer) <= 0) return 0;
      } else if (fd == listener) {
        int accepted = accept4(listener, NULL, NULL, SOCK_NONBLOCK);
        if (accepted < 0) continue;
        setsockopt(accepted, IPPROTO_TCP, TCP_NODELAY, &one, sizeof one);
        add(set, accepted, EPOLLIN | EPOLLRDHUP | EPOLLET);
      } else echo(fd);
    }
  }
}
