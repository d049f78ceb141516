// HTTP trackers: one request under way on each of many connections, which are kept or made anew for each.
#include "load.h"

struct client {
  int fd, answered;
  size_t have;
  char data[16384];
};

/** Of each swarm, percent-encoded. */
static char (*escaped)[61];

static void escape_hashes(uint32_t swarms) {
  escaped = malloc(61 * (size_t)swarms);
  for (uint32_t swarm = 0; swarm < swarms; swarm++)
    for (int i = 0; i < 20; i++) sprintf(escaped[swarm] + 3 * i, "%%%02X", hash_of(swarm)[i]);
}

static int request(char *out, const struct load *load, int keep) {
  const char *tail = keep ? "" : "Connection: close\r\n";
  const char *hash = escaped[next_random() % load->swarms];
  if (next_random() % 100 < SCRAPES)
    return sprintf(out, "GET /scrape?info_hash=%s HTTP/1.1\r\nHost: tracker\r\nUser-Agent: load\r\n%s\r\n", hash, tail);
  uint32_t peer = next_random() % load->peers;
  return sprintf(out,
                 "GET /announce?info_hash=%s&peer_id=-XX0001-%012u&port=%u&uploaded=0&downloaded=0&left=%u&compact=1"
                 "&numwant=%d&key=%08x HTTP/1.1\r\nHost: tracker\r\nUser-Agent: load\r\n%s\r\n",
                 hash, peer, (4 + (peer >> 8) % 200) * 256 + peer % 256, peer % 4, WANTED, peer, tail);
}

static int whole(struct client *c) {
  char *end = memmem(c->data, c->have, "\r\n\r\n", 4);
  if (!end) return 0;
  c->data[c->have] = 0;
  char *field = strcasestr(c->data, "content-length:");
  size_t length = field && field < end ? strtoul(field + 15, NULL, 10) : 0;
  return c->have >= (size_t)(end + 4 - c->data) + length;
}

/** Reads; 1 when the connection has come to its end. */
static int receive(struct client *c, struct outcome *outcome, int *ask) {
  ssize_t got = recv(c->fd, c->data + c->have, sizeof c->data - 1 - c->have, 0);
  if (got <= 0) {
    if (!c->answered) outcome->errors++;
    return 1;
  }
  c->have += got;
  outcome->bytes += got;
  if (!whole(c)) return 0;
  int good = memmem(c->data, c->have, "8:interval", 10) || memmem(c->data, c->have, "5:files", 7);
  good ? outcome->answers++ : outcome->errors++;
  c->have = 0;
  c->answered = 1;
  *ask = 1;
  return 0;
}

int http_load(const struct load *load, int keep, struct outcome *outcome) {
  struct client *clients = calloc(load->width, sizeof *clients);
  int poll_fd = epoll_create1(0), alive = 0;
  struct epoll_event events[EVENTS];
  char text[1024];
  escape_hashes(load->swarms);
  for (int i = 0; i < load->width; i++) clients[i].fd = -1;
  double begin = seconds_now();
  while ((outcome->seconds = seconds_now() - begin) < load->duration) {
    for (int i = 0; alive < load->width && i < load->width; i++) {
      if (clients[i].fd >= 0 || (clients[i].fd = dial(load->to)) < 0) continue;
      alive++;
      clients[i].have = 0;
      clients[i].answered = 0;
      watch(poll_fd, EPOLL_CTL_ADD, clients[i].fd, EPOLLOUT, i);
    }
    int n = epoll_wait(poll_fd, events, EVENTS, 200);
    for (int i = 0; i < n; i++) {
      struct client *c = &clients[events[i].data.u32];
      int ask = (events[i].events & EPOLLOUT) != 0, ended = (events[i].events & EPOLLERR) != 0, answered = 0;
      if (ask) watch(poll_fd, EPOLL_CTL_MOD, c->fd, EPOLLIN, events[i].data.u32);
      else if (!ended) ended = receive(c, outcome, &answered);
      // Without keep-alive the server closes: wait for that, as clients do.
      if (!ended && (ask || (answered && keep))) {
        int length = request(text, load, keep);
        if (send(c->fd, text, length, MSG_NOSIGNAL) != length) ended = 1;
      }
      if (!ended) continue;
      close(c->fd);
      c->fd = -1;
      alive--;
    }
  }
  return 0;
}
