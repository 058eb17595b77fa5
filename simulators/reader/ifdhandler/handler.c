/* PC/SC IFD handler, API version 3, whose reader is a model process: see wire.h. pcscd calls these functions, each of
 * them from many threads; one library serves all readers and their slots, told apart by `lun` (reader << 16 | slot).
 */
#include <errno.h>
#include <poll.h>
#include <reader.h>
#include <string.h>
#include <sys/eventfd.h>
#include <sys/socket.h>

#include "slots.h"

enum { IDLE_MILLISECONDS = 50 };

RESPONSECODE IFDHCreateChannelByName(DWORD lun, LPSTR name)
{
	if (!slot_open(lun, name))
		return IFD_COMMUNICATION_ERROR;
	struct slot *slot = slot_acquire(lun);
	pthread_mutex_lock(&slot->lock); /* the slot can be found by now: another thread may wait for movements already */
	bool there = slot_listens(slot);
	pthread_mutex_unlock(&slot->lock);
	slot_release(slot);
	if (there)
		return IFD_SUCCESS;
	slot_close(lun);
	return IFD_NO_SUCH_DEVICE;
}

RESPONSECODE IFDHCreateChannel(DWORD lun, DWORD channel)
{
	(void)lun;
	(void)channel;
	return IFD_NOT_SUPPORTED; /* a model has a path, no number */
}

RESPONSECODE IFDHCloseChannel(DWORD lun)
{
	return slot_close(lun) ? IFD_SUCCESS : IFD_NO_SUCH_DEVICE;
}

/* ── waiting for cards ─────────────────────────────────────────────────────────────────────────────────────────── */

/* Movements told so far are forgotten: the model knows whether any of them is still to be seen. Returns the line of
 * events, or -1 where there is none. */
static int drain_events(struct slot *slot)
{
	char told[64];
	ssize_t got;
	pthread_mutex_lock(&slot->lock);
	do
		got = slot_listens(slot) ? recv(slot->events, told, sizeof told, MSG_DONTWAIT) : 0;
	while (got > 0 || (got < 0 && errno == EINTR));
	if (got == 0 || (errno != EAGAIN && errno != EWOULDBLOCK))
		wire_hang_up(&slot->events);
	int events = slot->events;
	pthread_mutex_unlock(&slot->lock);
	return events;
}

/* pcscd's status thread calls this in place of sleeping between two looks at the card. It returns at a movement, when
 * it is to stop or begin again with another time, or when the time is over. */
static RESPONSECODE wait_for_movement(DWORD lun, int milliseconds)
{
	eventfd_t count;
	struct slot *slot = slot_acquire(lun);
	if (slot == NULL)
		return IFD_NO_SUCH_DEVICE;
	slot_polls(slot);
	int events = drain_events(slot);
	long settled = slot_call(slot, 'W', 0, NULL, 0, NULL, NULL);
	if (settled != RESULT_REFUSED) {
		struct pollfd watched[3] = {
			{ .fd = slot->wake, .events = POLLIN },
			{ .fd = slot->close, .events = POLLIN },
			{ .fd = events, .events = POLLIN },
		};
		bool there = events >= 0 && settled == RESULT_OK;
		poll(watched, there ? 3 : 2, there ? milliseconds : IDLE_MILLISECONDS);
	}
	eventfd_read(slot->wake, &count);
	slot_release(slot);
	return IFD_SUCCESS;
}

/* pcscd asks for this when the status thread shall end, and at the last disconnection from a card. Whether that thread
 * waits now or will in a moment, it does not wait on. pthread_cancel in its place might leave a lock held for ever. */
static RESPONSECODE stop_waiting(DWORD lun)
{
	struct slot *slot = slot_acquire(lun);
	if (slot == NULL)
		return IFD_NO_SUCH_DEVICE;
	eventfd_write(slot->wake, 1);
	slot_release(slot);
	return IFD_SUCCESS;
}

/* A reader that is gone is not IFD_NO_SUCH_DEVICE here: upon that pcscd signals whatever process its pid file names,
 * which several daemons share, and sleeps for a second before anybody hears of the loss (pcsc-lite, utils.c). */
RESPONSECODE IFDHICCPresence(DWORD lun)
{
	struct slot *slot = slot_acquire(lun);
	if (slot == NULL)
		return IFD_NO_SUCH_DEVICE;
	long result = slot_call(slot, 'I', slot_is_polled_by_me(slot), NULL, 0, NULL, NULL);
	slot_release(slot);
	if (result < 0)
		return IFD_COMMUNICATION_ERROR;
	return result == RESULT_OK ? IFD_ICC_PRESENT : IFD_ICC_NOT_PRESENT;
}

/* ── capabilities ──────────────────────────────────────────────────────────────────────────────────────────────── */

static RESPONSECODE give(PDWORD length, PUCHAR value, const void *what, size_t size)
{
	if (*length < size)
		return IFD_ERROR_INSUFFICIENT_BUFFER;
	*length = size;
	memcpy(value, what, size);
	return IFD_SUCCESS;
}

static RESPONSECODE give_byte(PDWORD length, PUCHAR value, UCHAR byte)
{
	return give(length, value, &byte, sizeof byte);
}

static RESPONSECODE give_atr(struct slot *slot, PDWORD length, PUCHAR value)
{
	pthread_mutex_lock(&slot->lock);
	RESPONSECODE result = give(length, value, slot->atr, slot->atr_length);
	pthread_mutex_unlock(&slot->lock);
	return result;
}

static RESPONSECODE ask_capability(struct slot *slot, DWORD tag, PDWORD length, PUCHAR value)
{
	long result = slot_call(slot, 'G', tag, NULL, 0, value, length);
	if (result == WIRE_TOO_LONG)
		return IFD_ERROR_INSUFFICIENT_BUFFER;
	return result == RESULT_OK ? IFD_SUCCESS : IFD_ERROR_TAG;
}

static RESPONSECODE capability(struct slot *slot, DWORD tag, PDWORD length, PUCHAR value)
{
	RESPONSECODE (*wait)(DWORD, int) = wait_for_movement;
	RESPONSECODE (*stop)(DWORD) = stop_waiting;
	switch (tag) {
	case TAG_IFD_ATR:
	case SCARD_ATTR_ATR_STRING:
		return give_atr(slot, length, value);
	case TAG_IFD_SIMULTANEOUS_ACCESS:
		return give_byte(length, value, SLOTS);
	case TAG_IFD_THREAD_SAFE:
	case TAG_IFD_SLOT_THREAD_SAFE:
		return give_byte(length, value, 1);
	case TAG_IFD_POLLING_THREAD_KILLABLE:
		return give_byte(length, value, 0);
	case TAG_IFD_POLLING_THREAD_WITH_TIMEOUT:
		return give(length, value, &wait, sizeof wait);
	case TAG_IFD_STOP_POLLING_THREAD:
		return give(length, value, &stop, sizeof stop);
	default:
		return ask_capability(slot, tag, length, value); /* TAG_IFD_SLOTS_NUMBER and all attributes */
	}
}

RESPONSECODE IFDHGetCapabilities(DWORD lun, DWORD tag, PDWORD length, PUCHAR value)
{
	struct slot *slot = slot_acquire(lun);
	if (slot == NULL)
		return IFD_NO_SUCH_DEVICE;
	RESPONSECODE result = capability(slot, tag, length, value);
	slot_release(slot);
	return result;
}

RESPONSECODE IFDHSetCapabilities(DWORD lun, DWORD tag, DWORD length, PUCHAR value)
{
	(void)lun;
	(void)tag;
	(void)length;
	(void)value;
	return IFD_NOT_SUPPORTED;
}

/* ── cards ─────────────────────────────────────────────────────────────────────────────────────────────────────── */

RESPONSECODE IFDHPowerICC(DWORD lun, DWORD action, PUCHAR atr, PDWORD length)
{
	UCHAR given[MAX_ATR_SIZE] = { 0 };
	DWORD room = sizeof given;
	struct slot *slot = slot_acquire(lun);
	if (length != NULL)
		*length = 0;
	if (slot == NULL)
		return IFD_NO_SUCH_DEVICE;
	long result = slot_call(slot, 'P', action, NULL, 0, given, &room);
	if (result != RESULT_OK)
		room = 0;
	pthread_mutex_lock(&slot->lock);
	memcpy(slot->atr, given, sizeof given);
	slot->atr_length = room;
	pthread_mutex_unlock(&slot->lock);
	slot_release(slot);
	if (length != NULL && room > 0) {
		*length = room;
		memcpy(atr, given, room);
	}
	return result == RESULT_OK ? IFD_SUCCESS : IFD_ERROR_POWER_ACTION;
}

RESPONSECODE IFDHSetProtocolParameters(DWORD lun, DWORD protocol, UCHAR flags, UCHAR pts1, UCHAR pts2, UCHAR pts3)
{
	(void)flags; /* speeds mean nothing to a model */
	(void)pts1;
	(void)pts2;
	(void)pts3;
	struct slot *slot = slot_acquire(lun);
	if (slot == NULL)
		return IFD_NO_SUCH_DEVICE;
	long result = slot_call(slot, 'S', protocol, NULL, 0, NULL, NULL);
	slot_release(slot);
	return result == RESULT_OK ? IFD_SUCCESS : IFD_ERROR_PTS_FAILURE;
}

RESPONSECODE IFDHTransmitToICC(DWORD lun, SCARD_IO_HEADER protocol, PUCHAR command, DWORD length, PUCHAR response,
	PDWORD response_length, PSCARD_IO_HEADER response_protocol)
{
	struct slot *slot = slot_acquire(lun);
	DWORD room = *response_length;
	*response_length = 0;
	if (slot == NULL)
		return IFD_NO_SUCH_DEVICE;
	if (response_protocol != NULL)
		*response_protocol = protocol;
	long result = slot_call(slot, 'X', protocol.Protocol, command, length, response, &room);
	slot_release(slot);
	switch (result) {
	case RESULT_OK:
		*response_length = room;
		return IFD_SUCCESS;
	case RESULT_SILENT:
	case WIRE_HUNG:
		return IFD_RESPONSE_TIMEOUT;
	case WIRE_TOO_LONG:
		return IFD_ERROR_INSUFFICIENT_BUFFER;
	default:
		return IFD_COMMUNICATION_ERROR;
	}
}

RESPONSECODE IFDHControl(DWORD lun, DWORD code, PUCHAR data, DWORD length, PUCHAR out, DWORD room, LPDWORD returned)
{
	struct slot *slot = slot_acquire(lun);
	*returned = 0;
	if (slot == NULL)
		return IFD_NO_SUCH_DEVICE;
	long result = slot_call(slot, 'C', code, data, length, out, &room);
	slot_release(slot);
	switch (result) {
	case RESULT_OK:
		*returned = room;
		return IFD_SUCCESS;
	case WIRE_HUNG:
		return IFD_RESPONSE_TIMEOUT;
	case WIRE_TOO_LONG:
		return IFD_ERROR_INSUFFICIENT_BUFFER;
	case RESULT_REFUSED:
		return IFD_ERROR_NOT_SUPPORTED;
	default:
		return IFD_COMMUNICATION_ERROR;
	}
}
