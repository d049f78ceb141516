// WebSocket trackers: connections that stay, each a peer of some swarms, one announce under way on each. Offers of the
// others are read and dropped.
#include "load.h"

struct client {
  int fd, open;
  size_t have;
  char data[65536];
};

#define SDP                                                                                                            \
  "v=0\\r\\no=- 4611731400430051336 2 IN IP4 127.0.0.1\\r\\ns=-\\r\\nt=0 0\\r\\na=group:BUNDLE 0\\r\\n"                \
  "a=msid-semantic: WMS\\r\\nm=application 9 UDP/DTLS/SCTP webrtc-datachannel\\r\\nc=IN IP4 0.0.0.0\\r\\n"             \
  "a=candidate:1 1 udp 2113937151 192.0.2.17 51532 typ host generation 0 network-cost 999\\r\\na=ice-ufrag:Qb3z\\r\\n" \
  "a=ice-pwd:OnhPzXdwkJIsuLcQ4V5n5ybD\\r\\na=fingerprint:sha-256 00:11:22:33:44:55:66:77:88:99:AA:BB:CC:DD:EE:FF:00:"  \
  "11:22:33:44:55:66:77:88:99:AA:BB:CC:DD:EE:FF\\r\\na=setup:actpass\\r\\na=mid:0\\r\\na=sctp-port:5000\\r\\n"

static int announce(char *out, const struct load *load, uint32_t number) {
  char text[32768];
  uint32_t swarm = (number * 7 + next_random() % load->peers) % load->swarms;
  int length = sprintf(text,
                       "{\"action\":\"announce\",\"info_hash\":\"swarm-%014u\",\"peer_id\":\"-XX0001-%012u\",\"numwant\":%d,"
                       "\"uploaded\":0,\"downloaded\":0,\"left\":%u,\"offers\":[",
                       swarm, number, load->offers, number % 4);
  for (int i = 0; i < load->offers; i++)
    length += sprintf(text + length, "%s{\"offer_id\":\"%020u\",\"offer\":{\"type\":\"offer\",\"sdp\":\"" SDP "\"}}",
                      i == 0 ? "" : ",", next_random());
  length += sprintf(text + length, "]}");
  // Masked, as clients must; with zeros, which leave the text as it is.
  int at = 0;
  out[at++] = (char)0x81;
  if (length < 126) out[at++] = (char)(0x80 | length);
  else {
    out[at++] = (char)(0x80 | 126);
    out[at++] = length >> 8;
    out[at++] = length;
  }
  memset(out + at, 0, 4);
  memcpy(out + at + 4, text, length);
  return at + 4 + length;
}

/** Takes whole frames off the front; how many of them answer an announce. */
static int frames(struct client *c, struct outcome *outcome) {
  size_t at = 0;
  int answers = 0;
  while (c->have - at >= 4) {
    const uint8_t *p = (const uint8_t *)c->data + at;
    size_t length = p[1] & 127, head = 2;
    if (length == 126) length = p[2] << 8 | p[3], head = 4;
    if (c->have - at < head + length) break;
    if (memmem(p + head, length, "\"interval\"", 10)) answers++;
    else if (memmem(p + head, length, "failure", 7)) outcome->errors++;
    at += head + length;
  }
  memmove(c->data, c->data + at, c->have - at);
  c->have -= at;
  outcome->answers += answers;
  return answers;
}

int websocket_load(const struct load *load, struct outcome *outcome) {
  static const char upgrade[] = "GET /announce HTTP/1.1\r\nHost: tracker\r\nUpgrade: websocket\r\nConnection: Upgrade\r\n"
                                "Sec-WebSocket-Key: dGhlIHNhbXBsZSBub25jZQ==\r\nSec-WebSocket-Version: 13\r\n\r\n";
  struct client *clients = calloc(load->width, sizeof *clients);
  int poll_fd = epoll_create1(0);
  struct epoll_event events[EVENTS];
  static char text[40000];
  for (int i = 0; i < load->width; i++) {
    clients[i].fd = dial(load->to);
    watch(poll_fd, EPOLL_CTL_ADD, clients[i].fd, EPOLLOUT, i);
  }
  double begin = seconds_now();
  while ((outcome->seconds = seconds_now() - begin) < load->duration) {
    int n = epoll_wait(poll_fd, events, EVENTS, 200);
    for (int i = 0; i < n; i++) {
      uint32_t number = events[i].data.u32;
      struct client *c = &clients[number];
      if (events[i].events & EPOLLOUT) {
        watch(poll_fd, EPOLL_CTL_MOD, c->fd, EPOLLIN, number);
        send(c->fd, upgrade, sizeof upgrade - 1, MSG_NOSIGNAL);
        continue;
      }
      ssize_t got = recv(c->fd, c->data + c->have, sizeof c->data - c->have, 0);
      if (got <= 0) return fprintf(stderr, "a WebSocket was closed\n"), 1;
      c->have += got;
      outcome->bytes += got;
      int ask = 0;
      if (!c->open) {
        char *end = memmem(c->data, c->have, "\r\n\r\n", 4);
        if (!end) continue;
        c->have -= end + 4 - c->data;
        memmove(c->data, end + 4, c->have);
        ask = c->open = 1;
      }
      if (frames(c, outcome) > 0) ask = 1;
      if (!ask) continue;
      int length = announce(text, load, number);
      if (send(c->fd, text, length, MSG_NOSIGNAL) != length) return fprintf(stderr, "a WebSocket is full\n"), 1;
    }
  }
  return 0;
}
