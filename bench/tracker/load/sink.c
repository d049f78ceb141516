// Servers that answer without thinking, with as many bytes as a tracker would.
#include "load.h"

enum { PEER_BYTES = 29 * 6 };

int udp_sink(struct sockaddr_in at) {
  static struct mmsghdr messages[BATCH];
  static struct iovec vectors[BATCH];
  static struct sockaddr_in senders[BATCH];
  static uint8_t packets[BATCH][PACKET];
  int fd = socket(AF_INET, SOCK_DGRAM, 0), buffer = 4 << 20;
  setsockopt(fd, SOL_SOCKET, SO_RCVBUFFORCE, &buffer, sizeof buffer);
  if (bind(fd, (struct sockaddr *)&at, sizeof at) != 0) return perror("bind"), 1;
  for (;;) {
    for (int i = 0; i < BATCH; i++) {
      vectors[i] = (struct iovec){packets[i], PACKET};
      messages[i].msg_hdr = (struct msghdr){&senders[i], sizeof senders[i], &vectors[i], 1, NULL, 0, 0};
    }
    int n = recvmmsg(fd, messages, BATCH, MSG_WAITFORONE, NULL);
    for (int i = 0; i < n; i++) {
      uint8_t action = packets[i][11];
      memmove(packets[i] + 4, packets[i] + 12, 4);
      put32(packets[i], action);
      vectors[i].iov_len = action == 0 ? 16 : action == 1 ? 20 + PEER_BYTES : 20;
    }
    if (n > 0) sendmmsg(fd, messages, n, 0);
  }
}

static size_t answer_to(char *data, size_t length, char *out) {
  if (data[0] != 'G') {
    const char text[] = "{\"action\":\"announce\",\"interval\":1800,\"info_hash\":\"01234567890123456789\",\"complete\":10,\"incomplete\":20}";
    out[0] = (char)0x81;
    out[1] = sizeof text - 1;
    memcpy(out + 2, text, sizeof text - 1);
    return sizeof text + 1;
  }
  if (memmem(data, length, "Upgrade:", 8)) return sprintf(out, "HTTP/1.1 101 Switching Protocols\r\n\r\n");
  int head = sprintf(out, "HTTP/1.1 200 OK\r\nContent-Type: text/plain\r\nContent-Length: %d\r\n\r\nd8:intervali1800e5:peers",
                     PEER_BYTES + 23);
  memset(out + head, 'x', PEER_BYTES);
  return head + PEER_BYTES;
}

int tcp_sink(struct sockaddr_in at) {
  int listener = socket(AF_INET, SOCK_STREAM | SOCK_NONBLOCK, 0), poll_fd = epoll_create1(0), on = 1;
  setsockopt(listener, SOL_SOCKET, SO_REUSEADDR, &on, sizeof on);
  if (bind(listener, (struct sockaddr *)&at, sizeof at) != 0 || listen(listener, 4096) != 0) return perror("bind"), 1;
  watch(poll_fd, EPOLL_CTL_ADD, listener, EPOLLIN, listener);
  struct epoll_event events[EVENTS];
  static char data[65536], out[1024];
  for (;;) {
    int n = epoll_wait(poll_fd, events, EVENTS, -1);
    for (int i = 0; i < n; i++) {
      int fd = events[i].data.u32;
      if (fd == listener) {
        for (int each; (each = accept4(listener, NULL, NULL, SOCK_NONBLOCK)) >= 0;)
          watch(poll_fd, EPOLL_CTL_ADD, each, EPOLLIN, each);
        continue;
      }
      ssize_t got = recv(fd, data, sizeof data, 0);
      if (got > 0) send(fd, out, answer_to(data, got, out), MSG_NOSIGNAL);
      if (got <= 0 || (data[0] == 'G' && memmem(data, got, "Connection: close", 17))) close(fd);
    }
  }
}
