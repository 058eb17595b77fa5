/* The slots that pcscd has opened, each with its own connections to a reader model. */
#ifndef HOLDFAST_SLOTS_H
#define HOLDFAST_SLOTS_H

#include <ifdhandler.h>
#include <pthread.h>
#include <stdbool.h>
#include <sys/un.h>

#include "wire.h"

#pragma GCC visibility push(hidden) /* pcscd loads this into itself */

enum { SLOTS = 16 };

struct slot {
	/* the table's lock guards these */
	bool used, closing;
	int users; /* calls that go on */
	DWORD lun;
	bool polled;
	pthread_t poller; /* pcscd's status thread, once it has waited */

	/* the slot's own lock guards these */
	pthread_mutex_t lock;
	struct wire wire;
	UCHAR atr[MAX_ATR_SIZE];
	size_t atr_length;
	int events; /* -1: not connected */

	/* as long as the slot is open */
	int wake;  /* eventfd: the status thread shall look again */
	int close; /* eventfd: everything that waits has to give up */
	char path[sizeof(((struct sockaddr_un *)0)->sun_path)];
};

/* Opens a slot that is not open yet. False: no room, no descriptors, or the path is too long for a socket. */
bool slot_open(DWORD lun, const char *path);

/* Closes it: calls that hang are broken off, and it ends when none goes on. False: it is not open. */
bool slot_close(DWORD lun);

/* The slot for one call, or NULL when it is not open; each is given back with slot_release. */
struct slot *slot_acquire(DWORD lun);
void slot_release(struct slot *slot);

/* This thread is the status thread / whether it is, or none is known yet. */
void slot_polls(struct slot *slot);
bool slot_is_polled_by_me(struct slot *slot);

/* Whether the line of events is there; it is dialled when it is not. Wants the slot's own lock. */
bool slot_listens(struct slot *slot);

/* One request, as wire_exchange. An answer goes to `out`, `*room` is its space and becomes its length; NULL: nobody
 * wants it. A request that is no command is sent once more when the model had hung up. */
long slot_call(struct slot *slot, char operation, DWORD code, const void *data, DWORD length, UCHAR *out, DWORD *room);

#pragma GCC visibility pop

#endif
