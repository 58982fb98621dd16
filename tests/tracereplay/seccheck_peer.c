/*
 * A peer that speaks gVisor's remote sink protocol as upstream's programs do:
 * SOCK_SEQPACKET, a handshake of one packet each way, then one packet per
 * message from client to server, then close.
 *
 *   seccheck_peer receive PATH OUT            one client to a save file, one recv and two writes per message
 *   seccheck_peer receive1 PATH OUT           the same with one write per message
 *   seccheck_peer count PATH                  one client, nothing stored
 *   seccheck_peer send PATH FILE              the messages of a save file
 *   seccheck_peer flood PATH COUNT SIZE       COUNT messages of SIZE bytes
 *   seccheck_peer behave PATH HOW             one client that misbehaves
 *   seccheck_peer sizes                       sizes and offsets of the structs
 */
#define _GNU_SOURCE
#include <errno.h>
#include <fcntl.h>
#include <poll.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/socket.h>
#include <sys/un.h>
#include <time.h>
#include <unistd.h>

enum { MAX_MESSAGE = 1024 * 1024, SIGNATURE_BYTES = 16 };

static const char SIGNATURE[] = "tracereplay file";
static const char CONFIG[] = "{\"version\":1}";
static const unsigned char HANDSHAKE[] = {0x08, 0x01};
static unsigned char buffer[MAX_MESSAGE + 1];

static void die(const char *what) {
  fprintf(stderr, "%s: %s\n", what, strerror(errno));
  exit(1);
}

static socklen_t address_of(const char *path, struct sockaddr_un *address) {
  memset(address, 0, sizeof *address);
  address->sun_family = AF_UNIX;
  strncpy(address->sun_path, path, sizeof address->sun_path - 1);
  if (path[0] == '@') {
    address->sun_path[0] = 0;
    return offsetof(struct sockaddr_un, sun_path) + strlen(path);
  }
  return sizeof *address;
}

static void write_all(int fd, const void *bytes, size_t count) {
  if (write(fd, bytes, count) != (ssize_t)count) die("write");
}

static void write_sized(int fd, const void *bytes, uint64_t size) {
  write_all(fd, &size, sizeof size);
  write_all(fd, bytes, size);
}

static double now(void) {
  struct timespec time;
  clock_gettime(CLOCK_MONOTONIC, &time);
  return time.tv_sec + time.tv_nsec / 1e9;
}

static int connect_to(const char *path) {
  struct sockaddr_un address;
  socklen_t length = address_of(path, &address);
  int fd = socket(AF_UNIX, SOCK_SEQPACKET, 0);
  if (fd < 0) die("socket");
  if (connect(fd, (struct sockaddr *)&address, length) < 0) die("connect");
  return fd;
}

static void shake_hands_as_client(int fd) {
  unsigned char reply[10240];
  if (send(fd, HANDSHAKE, sizeof HANDSHAKE, MSG_NOSIGNAL) < 0) die("handshake");
  ssize_t size = recv(fd, reply, sizeof reply, 0);
  if (size != 2 || reply[0] != 8 || reply[1] < 1) {
    fprintf(stderr, "handshake: reply of %zd bytes\n", size);
    exit(1);
  }
}

static int accept_one(const char *path) {
  struct sockaddr_un address;
  socklen_t length = address_of(path, &address);
  int listener = socket(AF_UNIX, SOCK_SEQPACKET, 0);
  if (listener < 0) die("socket");
  if (bind(listener, (struct sockaddr *)&address, length) < 0) die("bind");
  if (listen(listener, 16) < 0) die("listen");
  puts("listening");
  fflush(stdout);
  int fd = accept(listener, NULL, NULL);
  if (fd < 0) die("accept");
  ssize_t size = recv(fd, buffer, 1024, 0);
  if (size != 2 || buffer[0] != 8 || buffer[1] != 1) {
    fprintf(stderr, "handshake: %zd bytes\n", size);
    exit(1);
  }
  if (send(fd, HANDSHAKE, sizeof HANDSHAKE, MSG_NOSIGNAL) < 0) die("reply");
  return fd;
}

static int receive(const char *path, const char *out, int joined) {
  int file = -1;
  if (out != NULL) {
    file = open(out, O_WRONLY | O_CREAT | O_TRUNC, 0666);
    if (file < 0) die("open");
    write_all(file, SIGNATURE, SIGNATURE_BYTES);
    write_sized(file, CONFIG, sizeof CONFIG - 1);
  }
  int fd = accept_one(path);
  static unsigned char record[8 + MAX_MESSAGE + 1];
  unsigned long count = 0;
  double start = now();
  while (1) {
    ssize_t size = recv(fd, record + 8, MAX_MESSAGE + 1, MSG_TRUNC);
    if (size < 0) die("recv");
    if (size == 0) break;
    count++;
    if (file < 0) continue;
    uint64_t wide = size;
    memcpy(record, &wide, 8);
    if (joined) {
      write_all(file, record, 8 + size);
    } else {
      write_all(file, record, 8);
      write_all(file, record + 8, size);
    }
  }
  printf("%lu %.6f\n", count, now() - start);
  return 0;
}

static int send_file(const char *path, const char *in) {
  FILE *file = fopen(in, "rb");
  if (file == NULL) die("open");
  uint64_t size;
  if (fread(buffer, 1, SIGNATURE_BYTES, file) != SIGNATURE_BYTES) die("read");
  if (fread(&size, 1, 8, file) != 8 || size > MAX_MESSAGE) die("read");
  if (fread(buffer, 1, size, file) != size) die("read");
  int fd = connect_to(path);
  shake_hands_as_client(fd);
  unsigned long count = 0;
  while (fread(&size, 1, 8, file) == 8) {
    if (size > MAX_MESSAGE || fread(buffer, 1, size, file) != size) die("read");
    if (send(fd, buffer, size, MSG_NOSIGNAL) != (ssize_t)size) die("send");
    count++;
  }
  close(fd);
  printf("%lu\n", count);
  return 0;
}

static void make_message(unsigned long index, size_t size) {
  memset(buffer, (int)(index & 0xff), size);
  const unsigned char header[8] = {8, 0, 39, 0, 0, 0, 0, 0};
  memcpy(buffer, header, 8);
  if (size >= 16) {
    uint64_t wide = index;
    memcpy(buffer + 8, &wide, 8);
  }
}

static int flood(const char *path, unsigned long count, size_t size) {
  int fd = connect_to(path);
  shake_hands_as_client(fd);
  double start = now();
  make_message(0, size);
  for (uint64_t index = 0; index < count; index++) {
    if (size >= 16) memcpy(buffer + 8, &index, 8);
    if (send(fd, buffer, size, MSG_NOSIGNAL) != (ssize_t)size) die("send");
  }
  double elapsed = now() - start;
  close(fd);
  printf("%lu %.6f\n", count, elapsed);
  return 0;
}

/* What a hostile or broken sandbox may do; ends without waiting for anybody. */
static int behave(const char *path, const char *how) {
  int fd = connect_to(path);
  if (strcmp(how, "silent") == 0) {
    /* The handshake never comes. */
    while (recv(fd, buffer, sizeof buffer, 0) > 0) continue;
  } else if (strcmp(how, "garbage") == 0) {
    memset(buffer, 0xff, 64);
    send(fd, buffer, 64, MSG_NOSIGNAL);
    recv(fd, buffer, sizeof buffer, 0);
  } else if (strcmp(how, "long-handshake") == 0) {
    memset(buffer, 0, 2000);
    send(fd, buffer, 2000, MSG_NOSIGNAL);
    recv(fd, buffer, sizeof buffer, 0);
  } else if (strcmp(how, "reset") == 0) {
    /* Closes with the reply unread: the server is told of a reset first. */
    send(fd, HANDSHAKE, sizeof HANDSHAKE, MSG_NOSIGNAL);
    struct pollfd poller = {.fd = fd, .events = POLLIN};
    poll(&poller, 1, 10000);
    for (unsigned long index = 0; index < 20; index++) {
      make_message(index, 100);
      send(fd, buffer, 100, MSG_NOSIGNAL);
    }
  } else if (strcmp(how, "oversized") == 0) {
    int wanted = 2 * MAX_MESSAGE;
    setsockopt(fd, SOL_SOCKET, SO_SNDBUF, &wanted, sizeof wanted);
    shake_hands_as_client(fd);
    for (unsigned long index = 0; index < 3; index++) {
      make_message(index, MAX_MESSAGE + 1);
      send(fd, buffer, MAX_MESSAGE + 1, MSG_NOSIGNAL);
      make_message(index, 100);
      send(fd, buffer, 100, MSG_NOSIGNAL);
    }
  } else if (strcmp(how, "slow") == 0) {
    shake_hands_as_client(fd);
    for (unsigned long index = 0; index < 20; index++) {
      make_message(index, 100);
      send(fd, buffer, 100, MSG_NOSIGNAL);
      usleep(20000);
    }
  } else if (strcmp(how, "short") == 0) {
    shake_hands_as_client(fd);
    for (size_t size = 1; size < 8; size++) send(fd, "\x08\0\0\0\0\0\0", size, MSG_NOSIGNAL);
    make_message(7, 100);
    send(fd, buffer, 100, MSG_NOSIGNAL);
  } else {
    fprintf(stderr, "unknown behaviour %s\n", how);
    return 2;
  }
  close(fd);
  return 0;
}

#define SIZE(type) printf(#type " %zu\n", sizeof(type))
#define OFFSET(type, field) printf(#type "." #field " %zu\n", offsetof(type, field))

static int sizes(void) {
  SIZE(struct pollfd);
  OFFSET(struct pollfd, fd);
  OFFSET(struct pollfd, events);
  OFFSET(struct pollfd, revents);
  SIZE(struct ucred);
  OFFSET(struct ucred, pid);
  OFFSET(struct ucred, uid);
  OFFSET(struct ucred, gid);
  SIZE(struct sockaddr_un);
  OFFSET(struct sockaddr_un, sun_path);
  printf("SOCK_SEQPACKET %d\n", SOCK_SEQPACKET);
  printf("SOCK_FLAGS %d\n", SOCK_NONBLOCK | SOCK_CLOEXEC);
  printf("POLLIN %d\nPOLLOUT %d\nPOLLERR %d\nPOLLHUP %d\nPOLLNVAL %d\n", POLLIN, POLLOUT, POLLERR, POLLHUP, POLLNVAL);
  return 0;
}

int main(int count, char **words) {
  const char *mode = count > 1 ? words[1] : "";
  if (strcmp(mode, "sizes") == 0) return sizes();
  if (count == 4 && strcmp(mode, "receive") == 0) return receive(words[2], words[3], 0);
  if (count == 4 && strcmp(mode, "receive1") == 0) return receive(words[2], words[3], 1);
  if (count == 3 && strcmp(mode, "count") == 0) return receive(words[2], NULL, 0);
  if (count == 4 && strcmp(mode, "send") == 0) return send_file(words[2], words[3]);
  if (count == 5 && strcmp(mode, "flood") == 0) return flood(words[2], strtoul(words[3], NULL, 10), strtoul(words[4], NULL, 10));
  if (count == 4 && strcmp(mode, "behave") == 0) return behave(words[2], words[3]);
  fprintf(stderr, "usage: seccheck_peer receive|receive1|count|send|flood|behave|sizes …\n");
  return 2;
}
