// What the parts of the load generator share. See main.c.
#pragma once
#define _GNU_SOURCE
#include <arpa/inet.h>
#include <errno.h>
#include <netinet/tcp.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/epoll.h>
#include <sys/socket.h>
#include <time.h>
#include <unistd.h>

enum { BATCH = 64, PACKET = 2048, EVENTS = 256, WANTED = 50 };
/** Of a hundred requests: scrapes, and (UDP alone) connects. The rest are announces. */
enum { SCRAPES = 5, CONNECTS = 10 };

struct load {
  struct sockaddr_in to;
  double duration;
  uint32_t swarms, peers;
  /** Requests under way at once, each on a connection of its own where there are connections. */
  int width;
  /** Of each WebSocket announce. */
  int offers;
};

struct outcome {
  long answers, errors, bytes;
  double seconds;
};

uint32_t next_random(void);
double seconds_now(void);
/** 20 bytes for each swarm, made once. */
const uint8_t *hash_of(uint32_t swarm);
void make_hashes(uint32_t swarms);
void put32(uint8_t *p, uint32_t v);
/** A non-blocking connection under way, or -1. */
int dial(struct sockaddr_in to);
void watch(int poll_fd, int operation, int fd, uint32_t events, uint32_t number);

int udp_load(const struct load *load, struct outcome *outcome);
int udp_preload(const struct load *load, struct outcome *outcome);
int http_load(const struct load *load, int keep, struct outcome *outcome);
int websocket_load(const struct load *load, struct outcome *outcome);
int udp_sink(struct sockaddr_in at);
int tcp_sink(struct sockaddr_in at);
