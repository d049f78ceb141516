// Load for trackers over UDP (BEP 15) and HTTP, from one thread with as few system calls as can be, so that it is
// never the slower side. `sink` answers UDP without thinking: what the generator itself can do.
//   load udp  IP PORT SECONDS SWARMS PEERS WINDOW      announces, WINDOW of them under way
//   load http IP PORT SECONDS SWARMS PEERS CONNECTIONS kept-alive connections, one announce under way on each
//   load tcp  IP PORT SECONDS SWARMS PEERS CONNECTIONS a new connection for each announce
//   load sink IP PORT                                  a UDP server that answers every announce with 50 peers
// Prints "answers seconds errors". Swarm i has the info hash that hash() makes; `load hashes SWARMS` prints them.
#define _GNU_SOURCE
#include <arpa/inet.h>
#include <errno.h>
#include <netinet/tcp.h>
#include <poll.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/epoll.h>
#include <sys/socket.h>
#include <time.h>
#include <unistd.h>

enum { BATCH = 64, PACKET = 2048 };

static uint32_t seed = 2463534242u;
static uint32_t next_random(void) {
  seed ^= seed << 13;
  seed ^= seed >> 17;
  seed ^= seed << 5;
  return seed;
}

static double seconds(void) {
  struct timespec t;
  clock_gettime(CLOCK_MONOTONIC, &t);
  return t.tv_sec + t.tv_nsec * 1e-9;
}

static void hash(uint32_t swarm, uint8_t *out) {
  uint32_t state = swarm * 2654435761u + 12345;
  for (int i = 0; i < 20; i++) {
    state = state * 1664525u + 1013904223u;
    out[i] = state >> 24;
  }
}

static struct sockaddr_in address(const char *ip, const char *port) {
  struct sockaddr_in a = {.sin_family = AF_INET, .sin_port = htons(atoi(port))};
  inet_pton(AF_INET, ip, &a.sin_addr);
  return a;
}

static void put32(uint8_t *p, uint32_t v) {
  v = htonl(v);
  memcpy(p, &v, 4);
}

static struct mmsghdr messages[BATCH];
static struct iovec vectors[BATCH];
static struct sockaddr_in senders[BATCH];
static uint8_t packets[BATCH][PACKET];

static void prepare(size_t length) {
  for (int i = 0; i < BATCH; i++) {
    vectors[i] = (struct iovec){packets[i], length};
    messages[i].msg_hdr = (struct msghdr){.msg_iov = &vectors[i], .msg_iovlen = 1};
  }
}

static int sink(struct sockaddr_in to) {
  int fd = socket(AF_INET, SOCK_DGRAM, 0);
  if (bind(fd, (struct sockaddr *)&to, sizeof to) != 0) return perror("bind"), 1;
  for (;;) {
    prepare(PACKET);
    for (int i = 0; i < BATCH; i++) {
      messages[i].msg_hdr.msg_name = &senders[i];
      messages[i].msg_hdr.msg_namelen = sizeof senders[i];
    }
    int n = recvmmsg(fd, messages, BATCH, MSG_WAITFORONE, NULL);
    for (int i = 0; i < n; i++) {
      int connect = packets[i][11] == 0;
      memmove(packets[i] + 4, packets[i] + 12, 4);
      put32(packets[i], connect ? 0 : 1);
      vectors[i].iov_len = connect ? 16 : 320;
    }
    if (n > 0) sendmmsg(fd, messages, n, 0);
  }
}

static int udp(struct sockaddr_in to, double duration, uint32_t swarms, uint32_t peers, int window) {
  int fd = socket(AF_INET, SOCK_DGRAM, 0);
  int buffer = 8 << 20;
  setsockopt(fd, SOL_SOCKET, SO_RCVBUFFORCE, &buffer, sizeof buffer);
  struct timeval patience = {.tv_usec = 200000};
  setsockopt(fd, SOL_SOCKET, SO_RCVTIMEO, &patience, sizeof patience);
  if (connect(fd, (struct sockaddr *)&to, sizeof to) != 0) return perror("connect"), 1;
  uint8_t hello[16] = {0, 0, 4, 0x17, 0x27, 0x10, 0x19, 0x80}, answer[PACKET];
  if (send(fd, hello, 16, 0) != 16 || recv(fd, answer, sizeof answer, 0) < 16) return fprintf(stderr, "no connect\n"), 1;
  double begin = seconds(), now = begin;
  long answers = 0, errors = 0;
  int underway = 0;
  while (now - begin < duration) {
    while (underway < window) {
      int n = window - underway < BATCH ? window - underway : BATCH;
      prepare(98);
      for (int i = 0; i < n; i++) {
        uint8_t *p = packets[i];
        uint32_t swarm = next_random() % swarms, peer = next_random() % peers;
        memset(p, 0, 98);
        memcpy(p, answer + 8, 8);
        put32(p + 8, 1);
        put32(p + 12, swarm);
        hash(swarm, p + 16);
        memcpy(p + 36, "-XX0001-", 8);
        put32(p + 44, peer);
        put32(p + 68, peer % 4);
        put32(p + 92, 50);
        p[96] = 4 + (peer >> 8) % 200;
        p[97] = peer;
      }
      int sent = sendmmsg(fd, messages, n, 0);
      if (sent <= 0) break;
      underway += sent;
    }
    prepare(PACKET);
    int n = recvmmsg(fd, messages, BATCH, MSG_WAITFORONE, NULL);
    now = seconds();
    if (n <= 0) {
      // Lost packets: nothing has come for a while, so nothing is under way.
      errors += underway;
      underway = 0;
      continue;
    }
    for (int i = 0; i < n; i++) packets[i][3] == 1 ? answers++ : errors++;
    underway -= n;
  }
  printf("%ld %.6f %ld\n", answers, now - begin, errors);
  return 0;
}

static int request(char *out, uint32_t swarm, uint32_t peer, int keep) {
  uint8_t h[20];
  hash(swarm, h);
  char escaped[61];
  for (int i = 0; i < 20; i++) sprintf(escaped + 3 * i, "%%%02X", h[i]);
  return sprintf(out,
                 "GET /announce?info_hash=%s&peer_id=-XX0001-%012u&port=%u&uploaded=0&downloaded=0&left=%u&compact=1"
                 "&numwant=50&key=%08x HTTP/1.1\r\nHost: tracker\r\nUser-Agent: load\r\n%s\r\n",
                 escaped, peer, 1024 + peer % 60000, peer % 4, peer, keep ? "" : "Connection: close\r\n");
}

struct client {
  int fd, answered;
  size_t have;
  char data[8192];
};

static int dial(struct sockaddr_in to) {
  int fd = socket(AF_INET, SOCK_STREAM | SOCK_NONBLOCK, 0), on = 1;
  setsockopt(fd, IPPROTO_TCP, TCP_NODELAY, &on, sizeof on);
  // No TIME_WAIT: ports would run out in seconds.
  struct linger hard = {.l_onoff = 1};
  setsockopt(fd, SOL_SOCKET, SO_LINGER, &hard, sizeof hard);
  if (connect(fd, (struct sockaddr *)&to, sizeof to) != 0 && errno != EINPROGRESS) {
    close(fd);
    return -1;
  }
  return fd;
}

static int whole(struct client *c) {
  c->data[c->have] = 0;
  char *end = memmem(c->data, c->have, "\r\n\r\n", 4);
  if (!end) return 0;
  char *field = strcasestr(c->data, "content-length:");
  size_t length = field ? strtoul(field + 15, NULL, 10) : 0;
  return c->have >= (size_t)(end + 4 - c->data) + length;
}

static int http(struct sockaddr_in to, double duration, uint32_t swarms, uint32_t peers, int count, int keep) {
  struct client *clients = calloc(count, sizeof *clients);
  int poll_fd = epoll_create1(0);
  struct epoll_event events[256];
  char text[1024];
  long answers = 0, errors = 0;
  for (int i = 0; i < count; i++) clients[i].fd = -1;
  double begin = seconds(), now = begin;
  int alive = 0;
  while (now - begin < duration) {
    for (int i = 0; alive < count && i < count; i++) {
      if (clients[i].fd >= 0 || (clients[i].fd = dial(to)) < 0) continue;
      alive++;
      clients[i].have = 0;
      clients[i].answered = 0;
      struct epoll_event e = {.events = EPOLLOUT, .data.u32 = i};
      epoll_ctl(poll_fd, EPOLL_CTL_ADD, clients[i].fd, &e);
    }
    int n = epoll_wait(poll_fd, events, 256, 200);
    now = seconds();
    for (int i = 0; i < n; i++) {
      struct client *c = &clients[events[i].data.u32];
      int ask = (events[i].events & EPOLLOUT) != 0, ended = (events[i].events & EPOLLERR) != 0;
      if (ask) {
        struct epoll_event e = {.events = EPOLLIN, .data = events[i].data};
        epoll_ctl(poll_fd, EPOLL_CTL_MOD, c->fd, &e);
      } else if (!ended) {
        ssize_t got = recv(c->fd, c->data + c->have, sizeof c->data - 1 - c->have, 0);
        if (got <= 0) ended = 1;
        else if ((c->have += got), whole(c)) {
          // Without keep-alive the server closes: wait for that, as clients do.
          memmem(c->data, c->have, "8:interval", 10) ? answers++ : errors++;
          c->have = 0;
          c->answered = 1;
          ask = keep;
        }
        if (got <= 0 && !c->answered) errors++;
      }
      if (ask && !ended) {
        int length = request(text, next_random() % swarms, next_random() % peers, keep);
        if (send(c->fd, text, length, MSG_NOSIGNAL) != length) ended = 1;
      }
      if (ended) {
        close(c->fd);
        c->fd = -1;
        alive--;
      }
    }
  }
  printf("%ld %.6f %ld\n", answers, now - begin, errors);
  return 0;
}

int main(int argc, char **argv) {
  if (argc == 3 && strcmp(argv[1], "hashes") == 0) {
    for (int i = 0; i < atoi(argv[2]); i++) {
      uint8_t h[20];
      hash(i, h);
      for (int k = 0; k < 20; k++) printf("%02x", h[k]);
      puts("");
    }
    return 0;
  }
  if (argc == 4 && strcmp(argv[1], "sink") == 0) return sink(address(argv[2], argv[3]));
  if (argc != 8) return fprintf(stderr, "see the head of load.c\n"), 2;
  struct sockaddr_in to = address(argv[2], argv[3]);
  double duration = atof(argv[4]);
  uint32_t swarms = atoi(argv[5]), peers = atoi(argv[6]);
  int width = atoi(argv[7]);
  if (strcmp(argv[1], "udp") == 0) return udp(to, duration, swarms, peers, width);
  return http(to, duration, swarms, peers, width, strcmp(argv[1], "http") == 0);
}
