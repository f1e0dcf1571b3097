// Drives an echo: CONNECTIONS connections send BYTES, wait for all of them to come back, and send again.
// Takes the arguments of ../drive.mjs, prints "measuring" after the warm-up, then figures as one line of JSON.
#define _GNU_SOURCE
#include <arpa/inet.h>
#include <errno.h>
#include <netinet/tcp.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/epoll.h>
#include <sys/resource.h>
#include <sys/socket.h>
#include <time.h>
#include <unistd.h>

#define MAX_SAMPLES 4000000

struct connection {
  int fd;
  int missing;
  double sent_at;
};

static char payload[65536], buffer[65536];
static float samples[MAX_SAMPLES];
static long sample_count, count, wrong;

static double now(void) {
  struct timespec time;
  clock_gettime(CLOCK_MONOTONIC, &time);
  return time.tv_sec + time.tv_nsec * 1e-9;
}

static double cpu(void) {
  struct rusage usage;
  getrusage(RUSAGE_SELF, &usage);
  return usage.ru_utime.tv_sec + usage.ru_stime.tv_sec + (usage.ru_utime.tv_usec + usage.ru_stime.tv_usec) * 1e-6;
}

static int compare(const void *a, const void *b) {
  float x = *(const float *)a, y = *(const float *)b;
  return (x > y) - (x < y);
}

static void ping(struct connection *connection, int bytes) {
  connection->missing = bytes;
  connection->sent_at = now();
  if (send(connection->fd, payload, bytes, MSG_NOSIGNAL) != bytes) {
    fprintf(stderr, "error: a short write\n");
    exit(1);
  }
}

static void run(int set, int bytes, double seconds) {
  struct epoll_event events[256];
  for (double end = now() + seconds; now() < end;) {
    int ready = epoll_wait(set, events, 256, 1000);
    for (int i = 0; i < ready; i++) {
      struct connection *connection = events[i].data.ptr;
      ssize_t got = recv(connection->fd, buffer, connection->missing, 0);
      if (got <= 0) {
        fprintf(stderr, "error: the connection ended\n");
        exit(1);
      }
      if (memcmp(buffer, payload + bytes - connection->missing, got) != 0) wrong++;
      connection->missing -= got;
      if (connection->missing > 0) continue;
      count++;
      if (sample_count < MAX_SAMPLES) samples[sample_count++] = (now() - connection->sent_at) * 1e6;
      ping(connection, bytes);
    }
  }
}

/* The number in `--name=number`. */
static double option(int argc, char **argv, const char *name) {
  size_t length = strlen(name);
  for (int i = 1; i < argc; i++) {
    if (strncmp(argv[i], "--", 2) == 0 && strncmp(argv[i] + 2, name, length) == 0 && argv[i][2 + length] == '=') {
      return atof(argv[i] + 3 + length);
    }
  }
  fprintf(stderr, "error: there is no --%s\n", name);
  exit(2);
}

int main(int argc, char **argv) {
  int connections = option(argc, argv, "connections"), bytes = option(argc, argv, "bytes");
  int set = epoll_create1(0), one = 1;
  for (int i = 0; i < bytes; i++) payload[i] = i * 31 + (i >> 8);
  struct sockaddr_in address = {
      .sin_family = AF_INET, .sin_port = htons(option(argc, argv, "port")), .sin_addr.s_addr = htonl(INADDR_LOOPBACK)};
  struct connection *all = calloc(connections, sizeof *all);
  for (int i = 0; i < connections; i++) {
    all[i].fd = socket(AF_INET, SOCK_STREAM, 0);
    if (connect(all[i].fd, (struct sockaddr *)&address, sizeof address) != 0) {
      perror("error: connect");
      return 1;
    }
    setsockopt(all[i].fd, IPPROTO_TCP, TCP_NODELAY, &one, sizeof one);
    struct epoll_event event = {.events = EPOLLIN, .data.ptr = &all[i]};
    epoll_ctl(set, EPOLL_CTL_ADD, all[i].fd, &event);
    ping(&all[i], bytes);
  }
  run(set, bytes, option(argc, argv, "warm-up") / 1e3);
  sample_count = count = wrong = 0;
  printf("measuring\n");
  fflush(stdout);
  double started = now(), cpu_before = cpu();
  run(set, bytes, option(argc, argv, "seconds"));
  double elapsed = now() - started, spent = cpu() - cpu_before;
  qsort(samples, sample_count, sizeof *samples, compare);
  printf("{\"count\":%ld,\"wrong\":%ld,\"elapsedMs\":%f,\"cpuMicroseconds\":%f,\"latencyMicroseconds\":[", count, wrong,
         elapsed * 1e3, spent * 1e6);
  const double shares[] = {0.01, 0.1, 0.25, 0.5, 0.75, 0.9, 0.99, 0.999, 1};
  for (int i = 0; i < 9; i++) {
    long at = sample_count > 0 ? (long)((sample_count - 1) * shares[i]) : 0;
    printf("%s[%g,%f]", i > 0 ? "," : "", shares[i], samples[at]);
  }
  printf("]}\n");
  return 0;
}
