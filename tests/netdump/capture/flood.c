/* Sends frames of one size out of an interface as fast as it can, or in bursts
 * with pauses: flood IF FRAMES BYTES BURST PAUSE_US. Says nothing. */
#define _GNU_SOURCE
#include <arpa/inet.h>
#include <linux/if_packet.h>
#include <net/ethernet.h>
#include <net/if.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/socket.h>
#include <unistd.h>

enum { BATCH = 64, MAX_BYTES = 9000 };

int main(int argc, char **argv) {
  if (argc != 6) return 2;
  long frames = atol(argv[2]);
  size_t bytes = (size_t)atol(argv[3]);
  long burst = atol(argv[4]);
  useconds_t pause = (useconds_t)atol(argv[5]);
  if (bytes < 42 || bytes > MAX_BYTES) return 2;
  static unsigned char frame[MAX_BYTES];
  static const unsigned char head[] = {
      2, 0, 0, 0, 0, 2, 2, 0, 0, 0, 0, 1, 8, 0, 0x45, 0};
  memcpy(frame, head, sizeof head);
  unsigned short total = htons((unsigned short)(bytes - 14));
  unsigned short length = htons((unsigned short)(bytes - 34));
  unsigned short port = htons(9);
  memcpy(frame + 16, &total, 2);
  frame[22] = 64;
  frame[23] = 17;
  memcpy(frame + 26, "\x0a\0\0\x01\x0a\0\0\x02", 8);
  memcpy(frame + 34, &port, 2);
  memcpy(frame + 36, &port, 2);
  memcpy(frame + 38, &length, 2);

  int fd = socket(AF_PACKET, SOCK_RAW, 0);
  struct sockaddr_ll address = {.sll_family = AF_PACKET,
                                .sll_protocol = htons(ETH_P_IP),
                                .sll_ifindex = (int)if_nametoindex(argv[1])};
  if (fd < 0 || bind(fd, (struct sockaddr *)&address, sizeof address) < 0) {
    perror(argv[1]);
    return 1;
  }
  struct iovec part = {.iov_base = frame, .iov_len = bytes};
  struct mmsghdr batch[BATCH];
  memset(batch, 0, sizeof batch);
  for (int at = 0; at < BATCH; at++) {
    batch[at].msg_hdr.msg_iov = &part;
    batch[at].msg_hdr.msg_iovlen = 1;
  }
  long in_burst = 0;
  while (frames > 0) {
    int sent = sendmmsg(fd, batch, frames < BATCH ? (unsigned)frames : BATCH, 0);
    if (sent < 0) {
      usleep(50);
      continue;
    }
    frames -= sent;
    in_burst += sent;
    if (pause > 0 && in_burst >= burst) {
      in_burst = 0;
      usleep(pause);
    }
  }
  return 0;
}
