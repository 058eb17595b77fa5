/* A load generator for hosts that take a 2-byte length and a message.
 *
 * One thread, epoll. Each connection has requests of its own, in the order of the file, and at most one outstanding.
 * Closed loop: the next request leaves when the answer is there. Open loop (--rate): requests are due at a fixed rate,
 * leave on whichever connection is free, and their latency counts from when they were due, not from when they left.
 *
 * File, numbers little-endian: "HFL1", u32 connections; for each: u32 requests; for each: u8 class, then the frame
 * with its own 2-byte big-endian length. Classes 0..3 are measured apart.
 *
 * Each answer is checked: its MTI (--mti HEX, at --mti-at), its code (--code HEX, at --code-at), and that it repeats
 * what the request had (--same REQUEST:ANSWER:BYTES, such as the trace). Offsets count from the frame's first byte.
 *
 * Prints one line of JSON; latencies in microseconds. Status 2: it could not be done.
 */
#define _GNU_SOURCE
#include <arpa/inet.h>
#include <errno.h>
#include <fcntl.h>
#include <getopt.h>
#include <netinet/tcp.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/epoll.h>
#include <sys/mman.h>
#include <sys/resource.h>
#include <sys/stat.h>
#include <time.h>
#include <unistd.h>

enum { CLASSES = 4, LONGEST = 2048, EVENTS = 256 };
static const int64_t SECOND = 1000000000, PATIENCE = 10 * SECOND;

struct line {
    int fd;
    uint32_t next, count;
    const uint8_t **requests; /* each at its class byte */
    int busy;
    int64_t since; /* left, or in an open loop was due */
    size_t have;
    uint8_t in[2 * LONGEST];
};

struct latencies {
    float *us;
    size_t count, room;
};

struct expected { /* these bytes, at this place */
    uint8_t bytes[8];
    int size, at;
};

static struct {
    const char *path, *address;
    struct expected mti, code;
    int port, same_request, same_answer, same_bytes;
    double seconds, warm_up, rate;
} want = {.address = "127.0.0.1", .seconds = 2, .warm_up = 0.5};

static struct latencies measured[CLASSES];
static struct line *lines;
static uint32_t line_count, *idle, idle_first, idle_count;
static uint64_t answered, errors, exhausted, outstanding;
static char first_error[160];
static int64_t opens, ends;

static void die(const char *what) {
    fprintf(stderr, "load: %s: %s\n", what, errno ? strerror(errno) : "wrong");
    exit(2);
}

static int64_t now(void) {
    struct timespec t;
    clock_gettime(CLOCK_MONOTONIC, &t);
    return t.tv_sec * SECOND + t.tv_nsec;
}

/* ── the file ─────────────────────────────────────────────────────────────────────────────────────────────────── */

static uint32_t number(const uint8_t **at, const uint8_t *end) {
    uint32_t value;
    if (*at + 4 > end) die("the file of requests is cut short");
    memcpy(&value, *at, 4);
    *at += 4;
    return value;
}

static size_t frame_size(const uint8_t *frame) { return 2 + ((size_t)frame[0] << 8 | frame[1]); }

static void read_requests(void) {
    struct stat about;
    int fd = open(want.path, O_RDONLY);
    if (fd < 0 || fstat(fd, &about)) die(want.path);
    const uint8_t *at = mmap(NULL, about.st_size, PROT_READ, MAP_PRIVATE | MAP_POPULATE, fd, 0);
    if (at == MAP_FAILED) die(want.path);
    const uint8_t *end = at + about.st_size;
    errno = 0;
    if (about.st_size < 8 || memcmp(at, "HFL1", 4)) die("this is no file of requests");
    at += 4;
    line_count = number(&at, end);
    lines = calloc(line_count, sizeof *lines);
    idle = calloc(line_count, sizeof *idle);
    for (uint32_t i = 0; i < line_count; i++) {
        struct line *line = &lines[i];
        line->count = number(&at, end);
        line->requests = malloc(line->count * sizeof *line->requests);
        for (uint32_t j = 0; j < line->count; j++) {
            line->requests[j] = at;
            if (at + 3 > end || at + 1 + frame_size(at + 1) > end || *at >= CLASSES) die("the file is cut short");
            at += 1 + frame_size(at + 1);
        }
    }
}

/* ── what comes back ──────────────────────────────────────────────────────────────────────────────────────────── */

static void record(int class, int64_t took) {
    struct latencies *into = &measured[class];
    if (into->count == into->room) {
        into->room = into->room ? 2 * into->room : 1 << 16;
        into->us = realloc(into->us, into->room * sizeof *into->us);
        if (!into->us) die("memory");
    }
    into->us[into->count++] = took / 1000.0f;
}

static void wrong(const char *what, const uint8_t *answer, size_t size) {
    if (errors++) return;
    int used = snprintf(first_error, sizeof first_error, "%s: %zu bytes, code", what, size);
    for (int i = 0; i < want.code.size && (size_t)(want.code.at + i) < size; i++)
        used += snprintf(first_error + used, sizeof first_error - used, " %02X", answer[want.code.at + i]);
}

static int is_there(const struct expected *what, const uint8_t *answer, size_t size) {
    return (size_t)(what->at + what->size) <= size && !memcmp(answer + what->at, what->bytes, what->size);
}

static void check(const uint8_t *request, const uint8_t *answer, size_t size) {
    if (!is_there(&want.mti, answer, size))
        wrong("another MTI", answer, size);
    else if (!is_there(&want.code, answer, size))
        wrong("not approved", answer, size);
    else if ((size_t)(want.same_answer + want.same_bytes) > size ||
             memcmp(request + want.same_request, answer + want.same_answer, want.same_bytes))
        wrong("the answer to another request", answer, size);
    else if (!want.mti.size && size != frame_size(request))
        wrong("another length", answer, size);
}

/* ── the lines ────────────────────────────────────────────────────────────────────────────────────────────────── */

static void connect_all(int poll) {
    struct sockaddr_in to = {.sin_family = AF_INET, .sin_port = htons(want.port)};
    inet_pton(AF_INET, want.address, &to.sin_addr);
    for (uint32_t i = 0; i < line_count; i++) {
        int one = 1, fd = socket(AF_INET, SOCK_STREAM, 0);
        if (fd < 0 || connect(fd, (struct sockaddr *)&to, sizeof to)) die("connect");
        setsockopt(fd, IPPROTO_TCP, TCP_NODELAY, &one, sizeof one);
        struct epoll_event event = {.events = EPOLLIN, .data.u32 = i};
        if (epoll_ctl(poll, EPOLL_CTL_ADD, fd, &event)) die("epoll");
        lines[i].fd = fd;
        idle[i] = i;
    }
    idle_count = line_count;
}

static int send_next(struct line *line, int64_t since) {
    if (line->next == line->count) {
        exhausted++;
        return 0;
    }
    const uint8_t *frame = line->requests[line->next++] + 1;
    size_t size = frame_size(frame);
    line->since = since;
    line->busy = 1;
    outstanding++;
    if (send(line->fd, frame, size, MSG_NOSIGNAL) != (ssize_t)size) die("send");
    return 1;
}

static void receive(struct line *line) {
    ssize_t got = recv(line->fd, line->in + line->have, sizeof line->in - line->have, MSG_DONTWAIT);
    if (got < 0 && errno == EAGAIN) return;
    if (got <= 0) {
        if (got == 0) errno = 0;
        die(got ? "receive" : "the host has hung up: that");
    }
    line->have += got;
    if (line->have < 2 || line->have < frame_size(line->in)) return;
    int64_t at = now(), by = want.rate > 0 ? line->since : at;
    const uint8_t *request = line->requests[line->next - 1];
    size_t size = frame_size(line->in);
    check(request + 1, line->in, size);
    if (line->have != size || !line->busy) wrong("more than one answer", line->in, size);
    answered++;
    outstanding--;
    if (by >= opens && by < ends) record(*request, at - line->since);
    line->have = 0;
    line->busy = 0;
    if (want.rate > 0)
        idle[(idle_first + idle_count++) % line_count] = (uint32_t)(line - lines);
    else if (at < ends)
        send_next(line, now());
}

/* All that is due by now, as far as there is a free line for it; returns how many were due so far. */
static uint64_t send_due(uint64_t sent, int64_t start) {
    for (; idle_count; sent++) {
        int64_t due = start + (int64_t)(sent * (SECOND / want.rate));
        if (due > now() || due >= ends) break;
        struct line *line = &lines[idle[idle_first]];
        idle_first = (idle_first + 1) % line_count;
        idle_count--;
        send_next(line, due);
    }
    return sent;
}

static void run(int poll) {
    struct epoll_event events[EVENTS];
    int64_t start = now(), heard = start;
    uint64_t sent = 0;
    opens = start + (int64_t)(want.warm_up * SECOND);
    ends = opens + (int64_t)(want.seconds * SECOND);
    if (want.rate <= 0)
        for (uint32_t i = 0; i < line_count; i++) send_next(&lines[i], now());
    for (;;) {
        int64_t at = now();
        if (want.rate > 0) sent = send_due(sent, start);
        if (at >= ends && !outstanding) break;
        int count = epoll_wait(poll, events, EVENTS, want.rate > 0 ? 0 : 100);
        for (int i = 0; i < count; i++) receive(&lines[events[i].data.u32]);
        if (count) heard = at;
        errno = 0;
        if (outstanding && at - heard > PATIENCE) die("no answer for 10 seconds: that");
        if (!outstanding && exhausted && want.rate <= 0) break;
    }
}

/* ── the result ───────────────────────────────────────────────────────────────────────────────────────────────── */

static int by_value(const void *a, const void *b) {
    float x = *(const float *)a, y = *(const float *)b;
    return (x > y) - (x < y);
}

static double part(const struct latencies *of, double share) {
    size_t at = (size_t)(share * of->count);
    return of->us[at < of->count ? at : of->count - 1];
}

static void report(void) {
    struct rusage used;
    size_t all = 0;
    getrusage(RUSAGE_SELF, &used);
    for (int i = 0; i < CLASSES; i++) all += measured[i].count;
    printf("{\"requests\": %zu, \"answered\": %lu, \"per_second\": %.1f, \"errors\": %lu, \"first_error\": \"%s\", "
           "\"exhausted\": %lu, \"cpu_s\": %.3f, \"classes\": [",
           all, answered, all / want.seconds, errors, first_error, exhausted,
           used.ru_utime.tv_sec + used.ru_stime.tv_sec + (used.ru_utime.tv_usec + used.ru_stime.tv_usec) / 1e6);
    const char *comma = "";
    for (int i = 0; i < CLASSES; i++) {
        struct latencies *of = &measured[i];
        if (!of->count) continue;
        qsort(of->us, of->count, sizeof *of->us, by_value);
        printf("%s{\"class\": %d, \"count\": %zu, \"min\": %.1f, \"p50\": %.1f, \"p99\": %.1f, \"p999\": %.1f, "
               "\"max\": %.1f}", comma, i, of->count, of->us[0], part(of, 0.5), part(of, 0.99), part(of, 0.999),
               of->us[of->count - 1]);
        comma = ", ";
    }
    printf("]}\n");
}

static void read_hex(struct expected *into, const char *text) {
    for (into->size = 0; into->size < (int)sizeof into->bytes; into->size++)
        if (sscanf(text + 2 * into->size, "%2hhx", &into->bytes[into->size]) != 1) break;
}

int main(int argc, char **argv) {
    static const struct option known[] = {
        {"file", 1, 0, 'f'}, {"port", 1, 0, 'p'}, {"seconds", 1, 0, 's'}, {"warm-up", 1, 0, 'w'}, {"rate", 1, 0, 'r'},
        {"mti", 1, 0, 'm'}, {"mti-at", 1, 0, 'M'}, {"code", 1, 0, 'c'}, {"code-at", 1, 0, 'C'}, {"same", 1, 0, 'S'},
        {0},
    };
    for (int option; (option = getopt_long(argc, argv, "", known, NULL)) != -1;) {
        switch (option) {
        case 'f': want.path = optarg; break;
        case 'p': want.port = atoi(optarg); break;
        case 's': want.seconds = atof(optarg); break;
        case 'w': want.warm_up = atof(optarg); break;
        case 'r': want.rate = atof(optarg); break;
        case 'm': read_hex(&want.mti, optarg); break;
        case 'M': want.mti.at = atoi(optarg); break;
        case 'c': read_hex(&want.code, optarg); break;
        case 'C': want.code.at = atoi(optarg); break;
        case 'S':
            if (sscanf(optarg, "%d:%d:%d", &want.same_request, &want.same_answer, &want.same_bytes) != 3) return 2;
            break;
        default: return 2;
        }
    }
    if (!want.path || !want.port) {
        fprintf(stderr, "load: --file and --port are needed\n");
        return 2;
    }
    read_requests();
    int poll = epoll_create1(0);
    connect_all(poll);
    run(poll);
    report();
    return 0;
}
