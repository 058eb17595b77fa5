/* See slots.h. */
#include "slots.h"

#include <string.h>
#include <sys/eventfd.h>
#include <unistd.h>

static struct slot slots[SLOTS];
static pthread_mutex_t table = PTHREAD_MUTEX_INITIALIZER;
static pthread_cond_t released = PTHREAD_COND_INITIALIZER;

static struct slot *find(DWORD lun)
{
	for (int i = 0; i < SLOTS; i++)
		if (slots[i].used && !slots[i].closing && slots[i].lun == lun)
			return &slots[i];
	return NULL;
}

static struct slot *find_free(void)
{
	for (int i = 0; i < SLOTS; i++)
		if (!slots[i].used)
			return &slots[i];
	return NULL;
}

static bool prepare(struct slot *slot, DWORD lun, const char *path)
{
	memset(slot, 0, sizeof *slot);
	slot->lun = lun;
	slot->events = slot->wire.fd = -1;
	memcpy(slot->path, path, strlen(path) + 1);
	slot->wake = eventfd(0, EFD_CLOEXEC | EFD_NONBLOCK);
	slot->close = slot->wire.closing = eventfd(0, EFD_CLOEXEC | EFD_NONBLOCK);
	if (slot->wake < 0 || slot->close < 0 || pthread_mutex_init(&slot->lock, NULL) != 0) {
		wire_hang_up(&slot->wake);
		wire_hang_up(&slot->close);
		return false;
	}
	return true;
}

bool slot_open(DWORD lun, const char *path)
{
	if (strlen(path) >= sizeof slots[0].path)
		return false;
	pthread_mutex_lock(&table);
	struct slot *slot = find(lun) == NULL ? find_free() : NULL;
	if (slot != NULL && prepare(slot, lun, path))
		slot->used = true;
	bool opened = slot != NULL && slot->used;
	pthread_mutex_unlock(&table);
	return opened;
}

bool slot_close(DWORD lun)
{
	pthread_mutex_lock(&table);
	struct slot *slot = find(lun);
	if (slot != NULL) {
		slot->closing = true;
		eventfd_write(slot->close, 1);
		while (slot->users > 0)
			pthread_cond_wait(&released, &table);
		wire_hang_up(&slot->wire.fd);
		wire_hang_up(&slot->events);
		wire_hang_up(&slot->wake);
		wire_hang_up(&slot->close);
		pthread_mutex_destroy(&slot->lock);
		slot->used = false;
	}
	pthread_mutex_unlock(&table);
	return slot != NULL;
}

struct slot *slot_acquire(DWORD lun)
{
	pthread_mutex_lock(&table);
	struct slot *slot = find(lun);
	if (slot != NULL)
		slot->users++;
	pthread_mutex_unlock(&table);
	return slot;
}

void slot_release(struct slot *slot)
{
	pthread_mutex_lock(&table);
	slot->users--;
	pthread_cond_broadcast(&released);
	pthread_mutex_unlock(&table);
}

void slot_polls(struct slot *slot)
{
	pthread_mutex_lock(&table);
	slot->poller = pthread_self();
	slot->polled = true;
	pthread_mutex_unlock(&table);
}

bool slot_is_polled_by_me(struct slot *slot)
{
	pthread_mutex_lock(&table);
	bool mine = !slot->polled || pthread_equal(slot->poller, pthread_self());
	pthread_mutex_unlock(&table);
	return mine;
}

bool slot_listens(struct slot *slot)
{
	if (slot->events < 0)
		slot->events = wire_dial(slot->path, slot->close, 'E', (uint32_t)(slot->lun & 0xFFFF));
	return slot->events >= 0;
}

static long exchange(struct slot *slot, char operation, uint32_t code, const void *data, size_t length,
	struct answer *answer)
{
	bool command = operation == 'X' || operation == 'C';
	long result = WIRE_GONE;
	for (int attempt = 0; attempt < 2 && result == WIRE_GONE; attempt++) {
		if (slot->wire.fd < 0)
			slot->wire.fd = wire_dial(slot->path, slot->close, 'R', (uint32_t)(slot->lun & 0xFFFF));
		result = wire_exchange(&slot->wire, operation, code, data, length, answer);
		if (command) /* the card may have seen it: never twice */
			break;
	}
	return result;
}

long slot_call(struct slot *slot, char operation, DWORD code, const void *data, DWORD length, UCHAR *out, DWORD *room)
{
	struct answer answer = { NULL, 0 };
	pthread_mutex_lock(&slot->lock);
	long result = exchange(slot, operation, (uint32_t)code, data, length, &answer);
	if (room != NULL && result == RESULT_OK) {
		if (answer.length > *room) {
			result = WIRE_TOO_LONG;
		} else {
			if (answer.length > 0)
				memcpy(out, answer.data, answer.length);
			*room = answer.length;
		}
	}
	pthread_mutex_unlock(&slot->lock);
	return result;
}
