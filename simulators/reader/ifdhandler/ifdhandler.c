/* PC/SC IFD handler (API version 3) whose reader is a model process behind an AF_UNIX socket.
 *
 * DEVICENAME in reader.conf is the path of the model's listening socket. One connection carries requests, a second one
 * is the event channel on which the model writes a byte at every card movement, so that pcscd sees it within a
 * millisecond. Every receive has a deadline; a model that is gone is IFD_NO_SUCH_DEVICE.
 *
 *   request  u8 operation, u32be code, u32be length, data
 *   answer   u32be result (0 is success), u32be length, data
 *
 * Operations: P power, I presence, X transmit, C control, G capability, E "this is the event channel".
 */
#include <arpa/inet.h>
#include <errno.h>
#include <ifdhandler.h>
#include <poll.h>
#include <pthread.h>
#include <reader.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/socket.h>
#include <sys/time.h>
#include <sys/un.h>
#include <unistd.h>

enum { SLOTS = 16, LONGEST = 65600, RECEIVE_SECONDS = 30, IDLE_MILLISECONDS = 50 };
enum { RESULT_OK = 0, RESULT_SILENT = 2 };

struct slot {
	int used, request_fd, event_fd;
	DWORD lun;
	char path[sizeof(((struct sockaddr_un *)0)->sun_path)];
	pthread_mutex_t lock;
	UCHAR atr[MAX_ATR_SIZE];
	DWORD atr_length;
};

static struct slot slots[SLOTS];
static pthread_mutex_t slots_lock = PTHREAD_MUTEX_INITIALIZER;

static struct slot *find(DWORD lun)
{
	struct slot *found = NULL;
	pthread_mutex_lock(&slots_lock);
	for (int i = 0; i < SLOTS && found == NULL; i++)
		if (slots[i].used && slots[i].lun == lun)
			found = &slots[i];
	pthread_mutex_unlock(&slots_lock);
	return found;
}

static int dial(const char *path)
{
	struct sockaddr_un address = { .sun_family = AF_UNIX };
	struct timeval deadline = { .tv_sec = RECEIVE_SECONDS };
	snprintf(address.sun_path, sizeof address.sun_path, "%s", path);
	int fd = socket(AF_UNIX, SOCK_STREAM | SOCK_CLOEXEC, 0);
	if (fd < 0)
		return -1;
	setsockopt(fd, SOL_SOCKET, SO_RCVTIMEO, &deadline, sizeof deadline);
	setsockopt(fd, SOL_SOCKET, SO_SNDTIMEO, &deadline, sizeof deadline);
	if (connect(fd, (struct sockaddr *)&address, sizeof address) != 0) {
		close(fd);
		return -1;
	}
	return fd;
}

static void hang_up(int *fd)
{
	if (*fd >= 0)
		close(*fd);
	*fd = -1;
}

static int dial_events(struct slot *slot)
{
	char hello[9] = { 'E' };
	slot->event_fd = dial(slot->path);
	if (slot->event_fd >= 0 && send(slot->event_fd, hello, sizeof hello, MSG_NOSIGNAL) != (ssize_t)sizeof hello)
		hang_up(&slot->event_fd);
	return slot->event_fd;
}

static int receive(int fd, void *buffer, size_t length)
{
	uint8_t *at = buffer;
	while (length > 0) {
		ssize_t got = recv(fd, at, length, 0);
		if (got < 0 && errno == EINTR)
			continue;
		if (got <= 0)
			return -1;
		at += got;
		length -= (size_t)got;
	}
	return 0;
}

static int ask(int fd, char operation, uint32_t code, const void *data, uint32_t length)
{
	uint8_t head[9] = { (uint8_t)operation };
	uint32_t net_code = htonl(code), net_length = htonl(length);
	memcpy(head + 1, &net_code, 4);
	memcpy(head + 5, &net_length, 4);
	struct iovec parts[2] = { { head, sizeof head }, { (void *)(uintptr_t)data, length } };
	struct msghdr message = { .msg_iov = parts, .msg_iovlen = length ? 2 : 1 };
	return sendmsg(fd, &message, MSG_NOSIGNAL) == (ssize_t)(sizeof head + length) ? 0 : -1;
}

/* One request to the model. Returns its result, or -1 when it is gone. `*room` is the space in `out` and becomes the
 * length of the answer. A power or presence request is sent again once over a fresh connection; a command never is. */
static long call(struct slot *slot, char operation, uint32_t code, const void *data, uint32_t length, void *out, DWORD *room)
{
	long result = -1;
	uint8_t *answer = malloc(LONGEST);
	if (answer == NULL)
		return -1;
	pthread_mutex_lock(&slot->lock);
	for (int attempt = 0; attempt < 2 && result < 0; attempt++) {
		uint32_t head[2];
		if (slot->request_fd < 0)
			slot->request_fd = dial(slot->path);
		if (slot->request_fd < 0)
			break;
		if (ask(slot->request_fd, operation, code, data, length) != 0 || receive(slot->request_fd, head, sizeof head) != 0 ||
		    ntohl(head[1]) > LONGEST || receive(slot->request_fd, answer, ntohl(head[1])) != 0) {
			hang_up(&slot->request_fd);
			if (operation == 'X' || operation == 'C')
				break;
			continue;
		}
		DWORD got = ntohl(head[1]);
		if (room != NULL) {
			if (got > *room)
				break;
			if (out != NULL)
				memcpy(out, answer, got);
			*room = got;
		}
		result = (long)ntohl(head[0]);
	}
	pthread_mutex_unlock(&slot->lock);
	free(answer);
	return result;
}

RESPONSECODE IFDHCreateChannelByName(DWORD lun, LPSTR name)
{
	struct slot *slot = NULL;
	pthread_mutex_lock(&slots_lock);
	for (int i = 0; i < SLOTS && slot == NULL; i++)
		if (!slots[i].used)
			slot = &slots[i];
	if (slot != NULL) {
		memset(slot, 0, sizeof *slot);
		pthread_mutex_init(&slot->lock, NULL);
		slot->lun = lun;
		slot->request_fd = slot->event_fd = -1;
		snprintf(slot->path, sizeof slot->path, "%s", name);
		slot->used = 1;
	}
	pthread_mutex_unlock(&slots_lock);
	if (slot == NULL)
		return IFD_COMMUNICATION_ERROR;
	slot->request_fd = dial(slot->path);
	dial_events(slot);
	return slot->request_fd >= 0 ? IFD_SUCCESS : IFD_NO_SUCH_DEVICE;
}

RESPONSECODE IFDHCreateChannel(DWORD lun, DWORD channel)
{
	(void)lun;
	(void)channel;
	return IFD_NOT_SUPPORTED;
}

RESPONSECODE IFDHCloseChannel(DWORD lun)
{
	struct slot *slot = find(lun);
	if (slot == NULL)
		return IFD_NO_SUCH_DEVICE;
	pthread_mutex_lock(&slot->lock);
	hang_up(&slot->request_fd);
	hang_up(&slot->event_fd);
	slot->used = 0;
	pthread_mutex_unlock(&slot->lock);
	return IFD_SUCCESS;
}

/* pcscd calls this in place of sleeping between two looks at the card: it returns when the model tells a movement. */
static RESPONSECODE wait_for_movement(DWORD lun, int milliseconds)
{
	struct slot *slot = find(lun);
	if (slot == NULL)
		return IFD_NO_SUCH_DEVICE;
	if (slot->event_fd < 0 && dial_events(slot) < 0) {
		poll(NULL, 0, IDLE_MILLISECONDS);
		return IFD_SUCCESS;
	}
	struct pollfd event = { .fd = slot->event_fd, .events = POLLIN };
	if (poll(&event, 1, milliseconds) > 0) {
		char bytes[64];
		ssize_t got = recv(slot->event_fd, bytes, sizeof bytes, MSG_DONTWAIT);
		if (got == 0 || (got < 0 && errno != EAGAIN && errno != EINTR))
			hang_up(&slot->event_fd);
	}
	return IFD_SUCCESS;
}

static RESPONSECODE one_byte(PDWORD length, PUCHAR value, UCHAR byte)
{
	if (*length < 1)
		return IFD_ERROR_INSUFFICIENT_BUFFER;
	*length = 1;
	*value = byte;
	return IFD_SUCCESS;
}

RESPONSECODE IFDHGetCapabilities(DWORD lun, DWORD tag, PDWORD length, PUCHAR value)
{
	struct slot *slot = find(lun);
	if (slot == NULL)
		return IFD_NO_SUCH_DEVICE;
	switch (tag) {
	case TAG_IFD_ATR:
	case SCARD_ATTR_ATR_STRING:
		if (*length < slot->atr_length)
			return IFD_ERROR_INSUFFICIENT_BUFFER;
		*length = slot->atr_length;
		memcpy(value, slot->atr, slot->atr_length);
		return IFD_SUCCESS;
	case TAG_IFD_SIMULTANEOUS_ACCESS:
		return one_byte(length, value, SLOTS);
	case TAG_IFD_THREAD_SAFE:
	case TAG_IFD_SLOT_THREAD_SAFE:
	case TAG_IFD_SLOTS_NUMBER:
	case TAG_IFD_POLLING_THREAD_KILLABLE:
		return one_byte(length, value, 1);
	case TAG_IFD_POLLING_THREAD_WITH_TIMEOUT: {
		RESPONSECODE (*function)(DWORD, int) = wait_for_movement;
		if (*length < sizeof function)
			return IFD_ERROR_INSUFFICIENT_BUFFER;
		*length = sizeof function;
		memcpy(value, &function, sizeof function);
		return IFD_SUCCESS;
	}
	default:
		return call(slot, 'G', (uint32_t)tag, NULL, 0, value, length) == RESULT_OK ? IFD_SUCCESS : IFD_ERROR_TAG;
	}
}

RESPONSECODE IFDHSetCapabilities(DWORD lun, DWORD tag, DWORD length, PUCHAR value)
{
	(void)lun;
	(void)tag;
	(void)length;
	(void)value;
	return IFD_NOT_SUPPORTED;
}

RESPONSECODE IFDHSetProtocolParameters(DWORD lun, DWORD protocol, UCHAR flags, UCHAR pts1, UCHAR pts2, UCHAR pts3)
{
	(void)lun;
	(void)protocol;
	(void)flags;
	(void)pts1;
	(void)pts2;
	(void)pts3;
	return IFD_SUCCESS;
}

RESPONSECODE IFDHPowerICC(DWORD lun, DWORD action, PUCHAR atr, PDWORD length)
{
	struct slot *slot = find(lun);
	if (slot == NULL)
		return IFD_NO_SUCH_DEVICE;
	DWORD room = sizeof slot->atr;
	slot->atr_length = 0;
	*length = 0;
	if (call(slot, 'P', (uint32_t)action, NULL, 0, slot->atr, &room) != RESULT_OK)
		return IFD_ERROR_POWER_ACTION;
	slot->atr_length = room;
	if (action != IFD_POWER_DOWN) {
		memcpy(atr, slot->atr, room);
		*length = room;
	}
	return IFD_SUCCESS;
}

RESPONSECODE IFDHTransmitToICC(DWORD lun, SCARD_IO_HEADER protocol, PUCHAR command, DWORD length, PUCHAR response,
	PDWORD response_length, PSCARD_IO_HEADER response_protocol)
{
	struct slot *slot = find(lun);
	if (slot == NULL)
		return IFD_NO_SUCH_DEVICE;
	long result = call(slot, 'X', (uint32_t)protocol.Protocol, command, (uint32_t)length, response, response_length);
	if (response_protocol != NULL)
		*response_protocol = protocol;
	if (result == RESULT_OK)
		return IFD_SUCCESS;
	*response_length = 0;
	return result == RESULT_SILENT ? IFD_RESPONSE_TIMEOUT : IFD_COMMUNICATION_ERROR;
}

RESPONSECODE IFDHControl(DWORD lun, DWORD code, PUCHAR data, DWORD length, PUCHAR out, DWORD room, LPDWORD returned)
{
	struct slot *slot = find(lun);
	if (slot == NULL)
		return IFD_NO_SUCH_DEVICE;
	DWORD got = room;
	long result = call(slot, 'C', (uint32_t)code, data, (uint32_t)length, out, &got);
	*returned = result == RESULT_OK ? got : 0;
	return result == RESULT_OK ? IFD_SUCCESS : IFD_ERROR_NOT_SUPPORTED;
}

RESPONSECODE IFDHICCPresence(DWORD lun)
{
	struct slot *slot = find(lun);
	if (slot == NULL)
		return IFD_NO_SUCH_DEVICE;
	DWORD room = 0;
	long result = call(slot, 'I', 0, NULL, 0, NULL, &room);
	if (result < 0)
		return IFD_NO_SUCH_DEVICE;
	return result == RESULT_OK ? IFD_ICC_PRESENT : IFD_ICC_NOT_PRESENT;
}
