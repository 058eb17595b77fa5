/* See wire.h. */
#include "wire.h"

#include <arpa/inet.h>
#include <errno.h>
#include <poll.h>
#include <string.h>
#include <sys/socket.h>
#include <sys/time.h>
#include <sys/un.h>
#include <time.h>
#include <unistd.h>

static int64_t now_milliseconds(void)
{
	struct timespec now;
	clock_gettime(CLOCK_MONOTONIC, &now);
	return (int64_t)now.tv_sec * 1000 + now.tv_nsec / 1000000;
}

static void put(uint8_t *at, uint32_t value)
{
	uint32_t net = htonl(value);
	memcpy(at, &net, sizeof net);
}

static uint32_t get(const uint8_t *at)
{
	uint32_t net;
	memcpy(&net, at, sizeof net);
	return ntohl(net);
}

/* 0 when the socket is ready, else WIRE_HUNG at the deadline or WIRE_GONE when everything is being closed. */
static int ready(int fd, int closing, short events, int64_t deadline)
{
	struct pollfd watched[2] = { { .fd = fd, .events = events }, { .fd = closing, .events = POLLIN } };
	for (;;) {
		int64_t left = deadline - now_milliseconds();
		if (left <= 0)
			return WIRE_HUNG;
		int found = poll(watched, 2, (int)left);
		if (found < 0 && errno != EINTR)
			return WIRE_GONE;
		if (found > 0 && watched[1].revents != 0)
			return WIRE_GONE;
		if (found > 0 && watched[0].revents != 0)
			return 0;
	}
}

static int send_all(int fd, int closing, const uint8_t *data, size_t length, int64_t deadline)
{
	for (size_t done = 0; done < length;) {
		ssize_t sent = send(fd, data + done, length - done, MSG_NOSIGNAL | MSG_DONTWAIT);
		if (sent >= 0) {
			done += (size_t)sent;
			continue;
		}
		if (errno == EINTR)
			continue;
		if (errno != EAGAIN && errno != EWOULDBLOCK)
			return WIRE_GONE;
		int failed = ready(fd, closing, POLLOUT, deadline);
		if (failed)
			return failed;
	}
	return 0;
}

/* Reads on until `wanted` bytes are there; `*have` counts them. More than wanted may come. */
static int receive_until(struct wire *wire, size_t *have, size_t wanted, int64_t deadline)
{
	while (*have < wanted) {
		int failed = ready(wire->fd, wire->closing, POLLIN, deadline);
		if (failed)
			return failed;
		ssize_t got = recv(wire->fd, wire->buffer + *have, sizeof wire->buffer - *have, MSG_DONTWAIT);
		if (got > 0)
			*have += (size_t)got;
		else if (got == 0 || (errno != EINTR && errno != EAGAIN && errno != EWOULDBLOCK))
			return WIRE_GONE;
	}
	return 0;
}

/* The result, or WIRE_*. An answer that is too long, has bytes after its end or a result nobody knows is no answer. */
static long receive_answer(struct wire *wire, struct answer *answer, int64_t deadline)
{
	size_t have = 0;
	int failed = receive_until(wire, &have, ANSWER_HEAD, deadline);
	if (failed)
		return failed;
	uint32_t result = get(wire->buffer), length = get(wire->buffer + 4);
	if (result > RESULT_SILENT || length > LONGEST)
		return WIRE_GONE;
	failed = receive_until(wire, &have, ANSWER_HEAD + (size_t)length, deadline);
	if (failed)
		return failed;
	if (have != ANSWER_HEAD + (size_t)length)
		return WIRE_GONE;
	answer->data = wire->buffer + ANSWER_HEAD;
	answer->length = length;
	return (long)result;
}

long wire_exchange(struct wire *wire, char operation, uint32_t code, const void *data, size_t length,
	struct answer *answer)
{
	if (length > LONGEST)
		return WIRE_TOO_LONG;
	if (wire->fd < 0)
		return WIRE_GONE;
	int64_t deadline = now_milliseconds() + RECEIVE_MILLISECONDS;
	wire->buffer[0] = (uint8_t)operation;
	put(wire->buffer + 1, code);
	put(wire->buffer + 5, (uint32_t)length);
	if (length > 0)
		memcpy(wire->buffer + REQUEST_HEAD, data, length);
	long result = send_all(wire->fd, wire->closing, wire->buffer, REQUEST_HEAD + length, deadline);
	if (result == 0)
		result = receive_answer(wire, answer, deadline);
	if (result < 0)
		wire_hang_up(&wire->fd); /* whatever still comes would answer another request */
	return result;
}

int wire_dial(const char *path, int closing, char purpose, uint32_t slot)
{
	struct sockaddr_un address = { .sun_family = AF_UNIX };
	struct timeval patience = { .tv_sec = CONNECT_SECONDS };
	uint8_t hello[REQUEST_HEAD] = { (uint8_t)purpose };
	if (strlen(path) >= sizeof address.sun_path)
		return -1;
	memcpy(address.sun_path, path, strlen(path) + 1);
	put(hello + 1, slot);
	int fd = socket(AF_UNIX, SOCK_STREAM | SOCK_CLOEXEC, 0);
	if (fd < 0)
		return -1;
	setsockopt(fd, SOL_SOCKET, SO_SNDTIMEO, &patience, sizeof patience); /* connect: a backlog may be full */
	if (connect(fd, (struct sockaddr *)&address, sizeof address) != 0 ||
	    send_all(fd, closing, hello, sizeof hello, now_milliseconds() + RECEIVE_MILLISECONDS) != 0)
		wire_hang_up(&fd);
	return fd;
}

void wire_hang_up(int *fd)
{
	if (*fd >= 0)
		close(*fd);
	*fd = -1;
}
