/* The wire between pcscd and a reader model: a model process listens on an AF_UNIX socket, DEVICENAME in reader.conf.
 *
 *   request  u8 operation, u32be code, u32be length, data
 *   answer   u32be result, u32be length, data
 *
 * A connection opens with R ("requests follow") or E ("movements, please"); the code is the slot, and no answer comes.
 * On an E connection the model writes a byte at each movement of a card, so that pcscd sees it within a millisecond.
 *
 *   I  presence; code 1: asked by pcscd's status thread, whose looks alone move its state
 *   W  the status thread has looked: RESULT_OK lets it wait, RESULT_REFUSED makes it look again at once
 *   P  power; the code is IFD_POWER_UP, IFD_RESET or IFD_POWER_DOWN, the answer an ATR
 *   S  the protocol, T=code, is agreed upon: no command before
 *   X  a command; the code is its protocol     C  control code and data     G  capability; the code is its tag
 *
 * A request that cannot be answered is refused. A model that answers nothing for RECEIVE_MILLISECONDS in all, however
 * it dribbles, is hung; one that answers what cannot be read is hung up on.
 */
#ifndef HOLDFAST_WIRE_H
#define HOLDFAST_WIRE_H

#include <stddef.h>
#include <stdint.h>

#ifndef RECEIVE_MILLISECONDS /* tests have less patience */
#define RECEIVE_MILLISECONDS 30000
#endif

#pragma GCC visibility push(hidden) /* pcscd loads this into itself */

enum { REQUEST_HEAD = 9, ANSWER_HEAD = 8, LONGEST = 65600, CONNECT_SECONDS = 2 };
enum { RESULT_OK = 0, RESULT_REFUSED = 1, RESULT_SILENT = 2 };
enum { WIRE_GONE = -1, WIRE_HUNG = -2, WIRE_TOO_LONG = -3 };

struct wire {
	int fd;      /* -1: not connected */
	int closing; /* becomes readable when whoever waits has to give up */
	uint8_t buffer[REQUEST_HEAD + LONGEST];
};

struct answer {
	const uint8_t *data; /* in the wire's buffer, until the next exchange */
	size_t length;
};

/* Connects, and says what for. -1: there is no model, or its path is too long for a socket. */
int wire_dial(const char *path, int closing, char purpose, uint32_t slot);

void wire_hang_up(int *fd);

/* One request and its answer: the model's result, or WIRE_*; after WIRE_GONE and WIRE_HUNG nothing is connected. */
long wire_exchange(struct wire *wire, char operation, uint32_t code, const void *data, size_t length,
	struct answer *answer);

#pragma GCC visibility pop

#endif
