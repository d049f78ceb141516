// UDP trackers (BEP 15): many requests under way, sent and received by the batch.
#include "load.h"

static struct mmsghdr messages[BATCH];
static struct iovec vectors[BATCH];
static uint8_t packets[BATCH][PACKET];
static uint8_t connection[8];

static void prepare(void) {
  for (int i = 0; i < BATCH; i++) {
    vectors[i] = (struct iovec){packets[i], PACKET};
    messages[i].msg_hdr = (struct msghdr){.msg_iov = &vectors[i], .msg_iovlen = 1};
  }
}

static const uint8_t hello[16] = {0, 0, 4, 0x17, 0x27, 0x10, 0x19, 0x80};

static size_t write_scrape(uint8_t *p, uint32_t swarm) {
  memcpy(p, connection, 8);
  put32(p + 8, 2);
  put32(p + 12, swarm);
  memcpy(p + 16, hash_of(swarm), 20);
  return 36;
}

static size_t write_announce(uint8_t *p, uint32_t swarm, uint32_t peer) {
  memset(p, 0, 98);
  memcpy(p, connection, 8);
  put32(p + 8, 1);
  put32(p + 12, swarm);
  memcpy(p + 16, hash_of(swarm), 20);
  memcpy(p + 36, "-XX0001-", 8);
  put32(p + 44, peer);
  put32(p + 68, peer % 4);
  put32(p + 92, WANTED);
  p[96] = 4 + (peer >> 8) % 200;
  p[97] = peer;
  return 98;
}

static size_t write_any(uint8_t *p, const struct load *load) {
  uint32_t kind = next_random() % 100, swarm = next_random() % load->swarms;
  if (kind < CONNECTS) return memcpy(p, hello, 16), 16;
  if (kind < CONNECTS + SCRAPES) return write_scrape(p, swarm);
  return write_announce(p, swarm, next_random() % load->peers);
}

static int open_udp(const struct load *load) {
  int fd = socket(AF_INET, SOCK_DGRAM, 0), buffer = 8 << 20;
  setsockopt(fd, SOL_SOCKET, SO_RCVBUFFORCE, &buffer, sizeof buffer);
  struct timeval patience = {.tv_sec = 1};
  setsockopt(fd, SOL_SOCKET, SO_RCVTIMEO, &patience, sizeof patience);
  uint8_t answer[PACKET];
  if (connect(fd, (struct sockaddr *)&load->to, sizeof load->to) != 0) return perror("connect"), -1;
  if (send(fd, hello, 16, 0) != 16 || recv(fd, answer, sizeof answer, 0) < 16) return fprintf(stderr, "no connect\n"), -1;
  memcpy(connection, answer + 8, 8);
  return fd;
}

/** Takes what has come; how many that were, 0 after a while without any. */
static int receive(int fd, struct outcome *outcome) {
  for (int i = 0; i < BATCH; i++) vectors[i].iov_len = PACKET;
  int n = recvmmsg(fd, messages, BATCH, MSG_WAITFORONE, NULL);
  for (int i = 0; i < n; i++) {
    packets[i][3] <= 2 ? outcome->answers++ : outcome->errors++;
    outcome->bytes += messages[i].msg_len;
  }
  return n < 0 ? 0 : n;
}

int udp_load(const struct load *load, struct outcome *outcome) {
  int fd = open_udp(load), underway = 0;
  if (fd < 0) return 1;
  prepare();
  double begin = seconds_now();
  while ((outcome->seconds = seconds_now() - begin) < load->duration) {
    while (underway < load->width) {
      int n = load->width - underway < BATCH ? load->width - underway : BATCH;
      for (int i = 0; i < n; i++) vectors[i].iov_len = write_any(packets[i], load);
      int sent = sendmmsg(fd, messages, n, 0);
      if (sent <= 0) break;
      underway += sent;
    }
    int n = receive(fd, outcome);
    // Nothing has come for a while, so nothing is under way: lost.
    if (n == 0) outcome->errors += underway, underway = 0;
    else underway -= n;
  }
  return 0;
}

int udp_preload(const struct load *load, struct outcome *outcome) {
  int fd = open_udp(load), underway = 0;
  if (fd < 0) return 1;
  prepare();
  long total = (long)load->swarms * load->peers, next = 0;
  double begin = seconds_now();
  while (next < total || underway > 0) {
    while (underway < load->width && next < total) {
      int n = load->width - underway < BATCH ? load->width - underway : BATCH;
      if (n > total - next) n = total - next;
      for (int i = 0; i < n; i++)
        vectors[i].iov_len = write_announce(packets[i], (next + i) % load->swarms, (next + i) / load->swarms);
      int sent = sendmmsg(fd, messages, n, 0);
      if (sent <= 0) break;
      underway += sent;
      next += sent;
    }
    int n = receive(fd, outcome);
    if (n == 0) outcome->errors += underway, underway = 0;
    else underway -= n;
  }
  outcome->seconds = seconds_now() - begin;
  return 0;
}
