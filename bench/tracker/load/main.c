// Load for trackers over UDP (BEP 15), HTTP and WebSocket from one thread with as few system calls as can be, so that it
// is never the slower side. The sinks answer without thinking: what the generator itself can do.
//   load udp  IP PORT SECONDS SWARMS PEERS WINDOW             WINDOW requests under way
//   load http IP PORT SECONDS SWARMS PEERS CONNECTIONS        kept-alive connections, one request under way on each
//   load tcp  IP PORT SECONDS SWARMS PEERS CONNECTIONS        a new connection for each request
//   load ws   IP PORT SECONDS SWARMS PEERS CONNECTIONS OFFERS PEERS swarms to each connection
//   load preload IP PORT 0 SWARMS PEERS WINDOW                every peer of every swarm once, over UDP
//   load udp-sink|tcp-sink IP PORT
//   load hashes SWARMS                                        the info hashes, in hex
// Prints "answers seconds errors bytes"; bytes are of answers, without headers of IP, UDP and TCP.
#include "load.h"

static uint32_t seed = 2463534242u;
static uint8_t *hashes;

uint32_t next_random(void) {
  seed ^= seed << 13;
  seed ^= seed >> 17;
  seed ^= seed << 5;
  return seed;
}

double seconds_now(void) {
  struct timespec t;
  clock_gettime(CLOCK_MONOTONIC, &t);
  return t.tv_sec + t.tv_nsec * 1e-9;
}

const uint8_t *hash_of(uint32_t swarm) {
  return hashes + 20 * (size_t)swarm;
}

void make_hashes(uint32_t swarms) {
  hashes = malloc(20 * (size_t)swarms);
  for (uint32_t swarm = 0; swarm < swarms; swarm++) {
    uint32_t state = swarm * 2654435761u + 12345;
    for (int i = 0; i < 20; i++) {
      state = state * 1664525u + 1013904223u;
      hashes[20 * (size_t)swarm + i] = state >> 24;
    }
  }
}

void put32(uint8_t *p, uint32_t v) {
  v = htonl(v);
  memcpy(p, &v, 4);
}

int dial(struct sockaddr_in to) {
  int fd = socket(AF_INET, SOCK_STREAM | SOCK_NONBLOCK, 0), on = 1;
  setsockopt(fd, IPPROTO_TCP, TCP_NODELAY, &on, sizeof on);
  // No TIME_WAIT: ports would run out in seconds.
  struct linger hard = {.l_onoff = 1};
  setsockopt(fd, SOL_SOCKET, SO_LINGER, &hard, sizeof hard);
  if (connect(fd, (struct sockaddr *)&to, sizeof to) == 0 || errno == EINPROGRESS) return fd;
  close(fd);
  return -1;
}

void watch(int poll_fd, int operation, int fd, uint32_t events, uint32_t number) {
  struct epoll_event event = {.events = events, .data.u32 = number};
  epoll_ctl(poll_fd, operation, fd, &event);
}

static struct sockaddr_in address(const char *ip, const char *port) {
  struct sockaddr_in a = {.sin_family = AF_INET, .sin_port = htons(atoi(port))};
  inet_pton(AF_INET, ip, &a.sin_addr);
  return a;
}

static int print_hashes(uint32_t swarms) {
  make_hashes(swarms);
  for (uint32_t swarm = 0; swarm < swarms; swarm++) {
    for (int i = 0; i < 20; i++) printf("%02x", hash_of(swarm)[i]);
    puts("");
  }
  return 0;
}

int main(int argc, char **argv) {
  if (argc == 3 && strcmp(argv[1], "hashes") == 0) return print_hashes(atoi(argv[2]));
  if (argc == 4 && strcmp(argv[1], "udp-sink") == 0) return udp_sink(address(argv[2], argv[3]));
  if (argc == 4 && strcmp(argv[1], "tcp-sink") == 0) return tcp_sink(address(argv[2], argv[3]));
  if (argc < 8) return fprintf(stderr, "see main.c\n"), 2;
  struct load load = {address(argv[2], argv[3]), atof(argv[4]), atoi(argv[5]), atoi(argv[6]), atoi(argv[7]), 0};
  if (argc > 8) load.offers = atoi(argv[8]);
  make_hashes(load.swarms);
  struct outcome outcome = {0};
  int failed = 2;
  if (strcmp(argv[1], "udp") == 0) failed = udp_load(&load, &outcome);
  if (strcmp(argv[1], "preload") == 0) failed = udp_preload(&load, &outcome);
  if (strcmp(argv[1], "http") == 0) failed = http_load(&load, 1, &outcome);
  if (strcmp(argv[1], "tcp") == 0) failed = http_load(&load, 0, &outcome);
  if (strcmp(argv[1], "ws") == 0) failed = websocket_load(&load, &outcome);
  if (failed == 0) printf("%ld %.6f %ld %ld\n", outcome.answers, outcome.seconds, outcome.errors, outcome.bytes);
  return failed;
}
